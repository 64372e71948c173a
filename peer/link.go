package peer

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"
)

// What the other side may name of its own addresses, per connection.
const (
	maxCandidates  = 64
	usedCandidates = 16  // of those, the first; checks are sent to each
	maxCandidate   = 512 // bytes of one
)

// settledAfter is how long after its choice of a path a device keeps the others.
const settledAfter = 10 * time.Second

// owner is who a link works for. Its methods are called from the link's
// goroutines.
type owner interface {
	clockOpen(*link)                // the clock channel can be written to
	clockFrame(l *link, b []byte)   // at once after reading; b is only lent
	control(msg []byte)             // a message of the control channel
	linkState(l *link, s linkState) // linkDead is final
}

type linkState uint8

const (
	linkUp   linkState = iota // connected, possibly again
	linkDown                  // nothing comes through, but it may again
	linkDead                  // it never will
)

// link is one PeerConnection with its two data channels. The owner closes it.
type link struct {
	pc    *webrtc.PeerConnection
	owner owner
	log   *slog.Logger

	forget   func() // what the server keeps of it; nil: nothing
	udpAlone func() // has the server close what it has over TCP; nil: nothing

	reads    sync.WaitGroup
	downOnce sync.Once // the owner's, to tell once that the link is dead

	mu         sync.Mutex
	closed     bool
	clock      *channel
	ctl        *channel
	candidates int
	channels   int // that were opened
	path       Path
	settling   *time.Timer // until the path counts as the one that stays; nil without udpAlone
}

func newLink(pc *webrtc.PeerConnection, o owner, log *slog.Logger) *link {
	l := &link{pc: pc, owner: o, log: log, path: PathUDP}
	pc.OnConnectionStateChange(l.connectionState)
	pc.SCTP().Transport().ICETransport().OnSelectedCandidatePairChange(l.selected)
	return l
}

// connectionState asks for the state itself: pion starts a goroutine for each
// call, so that they may overtake one another.
func (l *link) connectionState(webrtc.PeerConnectionState) {
	switch l.pc.ConnectionState() {
	case webrtc.PeerConnectionStateConnected:
		l.owner.linkState(l, linkUp)
	case webrtc.PeerConnectionStateDisconnected:
		l.owner.linkState(l, linkDown)
	case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
		l.owner.linkState(l, linkDead)
	}
}

func (l *link) selected(pair *webrtc.ICECandidatePair) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.path = PathUDP
	if pair != nil && pair.Local != nil && pair.Local.Protocol == webrtc.ICEProtocolTCP {
		l.path = PathTCP
	}
	if l.udpAlone != nil && !l.closed && l.settling == nil {
		l.settling = time.AfterFunc(settledAfter, l.settled)
	}
}

// settled gives up the connections over TCP that a device has besides one over UDP: each has its
// buffers and goroutines, and a device whose UDP fails later makes a new offer anyhow. It looks
// again as long as the device is on TCP.
func (l *link) settled() {
	if l.onUDP() {
		l.udpAlone()
	}
}

// onUDP reports whether the path is UDP; while it is TCP it has settled called again.
func (l *link) onUDP() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.path == PathTCP && !l.closed {
		l.settling.Reset(settledAfter)
	}
	return l.path == PathUDP && !l.closed
}

// transport returns which of PathUDP and PathTCP the link takes.
func (l *link) transport() Path {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.path
}

// addCandidate bounds how many addresses the other side may have us probe.
func (l *link) addCandidate(candidate string) error {
	l.mu.Lock()
	l.candidates++
	n := l.candidates
	l.mu.Unlock()
	if n > maxCandidates {
		return refuse(ErrNoPeer, "there are more than %d", maxCandidates)
	}
	if useful, err := checkCandidate(candidate); err != nil || !useful || n > usedCandidates {
		return err
	}
	if err := l.pc.AddICECandidate(webrtc.ICECandidateInit{Candidate: candidate}); err != nil {
		return fmt.Errorf("peer: adding a candidate: %w", err)
	}
	return nil
}

// close ends the connection and joins all its goroutines. It must not be
// called from one of them.
func (l *link) close() {
	l.mu.Lock()
	l.closed = true
	if l.settling != nil {
		l.settling.Stop()
	}
	l.mu.Unlock()
	if err := l.pc.GracefulClose(); err != nil {
		l.log.Debug("closing a connection", "err", err)
	}
	l.reads.Wait()
	if l.forget != nil {
		l.forget()
	}
}
