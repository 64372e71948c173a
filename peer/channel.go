package peer

import (
	"errors"
	"fmt"
	"io"

	"github.com/pion/datachannel"
	"github.com/pion/webrtc/v4"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/frame"
)

const (
	clockLabel   = "clock"
	controlLabel = "control"

	maxChannels = 16 // that one connection may open; two are needed

	maxClockMessage = 2 * frame.Size
	maxClockBacklog = clock.MaxPings * frame.Size // what is in flight counts too
)

// channel is an open, detached data channel.
type channel struct {
	dc *webrtc.DataChannel
	rw datachannel.ReadWriteCloser
}

// attach serves dc once it opens. Channels that nobody asked for are refused; a
// connection that goes on opening such ones is given up.
func (l *link) attach(dc *webrtc.DataChannel) {
	l.mu.Lock()
	l.channels++
	over := l.channels > maxChannels
	l.mu.Unlock()
	if over {
		l.owner.linkState(l, linkDead)
		return
	}
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
	switch {
	case ch == nil:
		return ErrNoControl
	case len(msg) > maxControl:
		return ErrTooLong
	}
	if ch.dc.BufferedAmount()+uint64(len(msg)) > maxBufferedSend {
		return ErrBusy
	}
	if _, err := ch.rw.WriteDataChannel(msg, true); err != nil {
		return fmt.Errorf("peer: sending a control message: %w", errors.Join(ErrNoControl, err))
	}
	return nil
}
