package peer

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/pion/datachannel"
	"github.com/pion/webrtc/v4"
)

const (
	clockLabel   = "clock"
	controlLabel = "control"

	maxCandidates   = 64 // of the other side, per connection
	maxClockMessage = 2 * FrameSize
	maxClockBacklog = maxOutstanding * FrameSize // what is in flight counts too
)

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

	reads    sync.WaitGroup
	downOnce sync.Once // the owner's, to tell once that the link is dead

	mu         sync.Mutex
	closed     bool
	clock      *channel
	ctl        *channel
	candidates int
	path       Path
}

// channel is an open, detached data channel.
type channel struct {
	dc *webrtc.DataChannel
	rw datachannel.ReadWriteCloser
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
}

// transport returns which of PathUDP and PathTCP the link takes.
func (l *link) transport() Path {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.path
}

// attach serves dc once it opens. Channels that nobody asked for are refused.
func (l *link) attach(dc *webrtc.DataChannel) {
	if s := dc.Label(); s != clockLabel && s != controlLabel {
		l.log.Debug("refusing a data channel", "label", s)
		l.refuse(dc)
		return
	}
	dc.OnOpen(func() { l.open(dc) })
}

func (l *link) open(dc *webrtc.DataChannel) {
	raw, err := dc.Detach()
	if err != nil {
		l.log.Debug("detaching a data channel", "err", err)
		return
	}
	ch := &channel{dc: dc, rw: raw}
	if !l.keep(ch) {
		l.refuse(dc)
		return
	}
	defer l.reads.Done()
	if dc.Label() == clockLabel {
		l.owner.clockOpen(l)
		l.readClock(ch)
		l.owner.linkState(l, linkDead)
		return
	}
	l.readControl(ch)
}

// keep stores ch in its place and enters a reader, unless the place is taken.
func (l *link) keep(ch *channel) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	place := &l.ctl
	if ch.dc.Label() == clockLabel {
		place = &l.clock
	}
	if l.closed || *place != nil {
		return false
	}
	*place = ch
	l.reads.Add(1)
	return true
}

func (l *link) refuse(dc *webrtc.DataChannel) {
	if err := dc.Close(); err != nil {
		l.log.Debug("closing a data channel", "label", dc.Label(), "err", err)
	}
}

func (l *link) readClock(ch *channel) {
	b := make([]byte, maxClockMessage)
	for {
		n, err := ch.rw.Read(b)
		if err != nil {
			return
		}
		l.owner.clockFrame(l, b[:n])
	}
}

// readControl begins with a small buffer: most messages are small, and each
// device has a buffer of its own. A message that is too long for it stays
// queued; one that is longer than any may be ends the channel.
func (l *link) readControl(ch *channel) {
	b := make([]byte, 2<<10)
	for {
		n, err := ch.rw.Read(b)
		switch {
		case err == nil:
			l.owner.control(append([]byte(nil), b[:n]...))
		case errors.Is(err, io.ErrShortBuffer) && len(b) < maxControl:
			b = make([]byte, 2*len(b))
		default:
			l.dropControl(ch)
			return
		}
	}
}

func (l *link) dropControl(ch *channel) {
	l.mu.Lock()
	l.ctl = nil
	l.mu.Unlock()
	l.refuse(ch.dc)
}

// writeClock sends one clock frame. What the path can't take at once is not
// queued: a ping that waits measures the queue.
func (l *link) writeClock(b []byte) error {
	l.mu.Lock()
	ch := l.clock
	l.mu.Unlock()
	if ch == nil || ch.dc.BufferedAmount() > maxClockBacklog {
		return ErrBusy
	}
	_, err := ch.rw.Write(b)
	return err
}

// writeControl queues one text message.
func (l *link) writeControl(msg []byte) error {
	l.mu.Lock()
	ch := l.ctl
	l.mu.Unlock()
	if ch == nil {
		return ErrNoControl
	}
	if ch.dc.BufferedAmount()+uint64(len(msg)) > maxBufferedSend {
		return ErrBusy
	}
	if _, err := ch.rw.WriteDataChannel(msg, true); err != nil {
		return fmt.Errorf("peer: sending a control message: %w", errors.Join(ErrNoControl, err))
	}
	return nil
}

// addCandidate bounds how many addresses the other side may have us probe.
func (l *link) addCandidate(candidate string) error {
	l.mu.Lock()
	l.candidates++
	over := l.candidates > maxCandidates
	l.mu.Unlock()
	if over {
		return fmt.Errorf("%w: more than %d", ErrNoPeer, maxCandidates)
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
	l.mu.Unlock()
	if err := l.pc.GracefulClose(); err != nil {
		l.log.Debug("closing a connection", "err", err)
	}
	l.reads.Wait()
}
