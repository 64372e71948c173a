package peer

import (
	"errors"
	"fmt"

	"github.com/downbeat-sync/downbeat/clock/frame"
)

var (
	// ErrBadOffer says that an SDP offer can't be answered: it is no SDP, too
	// long, or asks for no data channel.
	ErrBadOffer = errors.New("peer: bad offer")
	// ErrBadCandidate says that an ICE candidate is none, or too long.
	ErrBadCandidate = errors.New("peer: bad candidate")
	// ErrBadFrame says that bytes are no clock frame of the kind expected.
	ErrBadFrame = frame.ErrBad
	// ErrNoControl says that no control channel is open.
	ErrNoControl = errors.New("peer: no control channel")
	// ErrBusy says that the control channel holds as much as it may of what
	// the other side has not yet taken.
	ErrBusy = errors.New("peer: control channel is full")
	// ErrTooLong says that a control message has more than 64 KiB.
	ErrTooLong = errors.New("peer: control message is too long")
	// ErrClosed says that the Device's Run has ended, or the Client or Server
	// is closed.
	ErrClosed = errors.New("peer: closed")
	// ErrNoPeer says that a candidate came before any offer or answer, or more
	// of them than one connection may have.
	ErrNoPeer = errors.New("peer: no connection to take the candidate")
)

// refusal is an error of what a device sent, which it may be told.
type refusal struct {
	kind error // one of the package's
	text string
}

func refuse(kind error, format string, args ...any) error {
	return &refusal{kind, fmt.Sprintf(format, args...)}
}

func (r *refusal) Error() string { return r.kind.Error() + ": " + r.text }

// Unwrap returns the error of the package that it is.
func (r *refusal) Unwrap() error { return r.kind }

// ForDevice returns what the device may be told: about "it", what it sent.
func (r *refusal) ForDevice() string { return r.text }
