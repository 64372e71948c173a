package signaling

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// TestControlChannel: a message over the control channel is as good as one
// over the WebSocket; commands go both ways, the rest doesn't.
func TestControlChannel(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		c := w.Join(t, `{"sessionId":"studio"}`)
		p := w.peer(c.Seat.DeviceID)
		control := []byte(message("schedule", `{"name":"flash"}`, 7))
		p.line.OnControl(control)
		clear(control) // it is only lent
		command := c.Next("command")
		if m := c.Next("scheduled"); m.ReplyTo != 7 {
			t.Errorf("replyTo is %d", m.ReplyTo)
		}
		p.line.OnControl([]byte(`{`))
		c.WantError("bad_message", "")
		c.Send(message("resync", `{}`, 8))
		c.Next("ok")
		_, sent, resyncs := p.Heard()
		want := fmt.Sprintf(`{"event":"command","data":%s}`, command.Data)
		if len(sent) != 1 || sent[0] != want || resyncs != 1 {
			t.Errorf("the peer sent %q and was resynced %d times", sent, resyncs)
		}
		synctest.Wait()
		must(t, p.line.SendFrame([]byte("frame")))
	})
}

// TestOfferWhileTheChannelSpeaks: accepting an offer ends the channel before it,
// which waits for its last message to be taken.
func TestOfferWhileTheChannelSpeaks(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		c := w.Join(t, `{"sessionId":"studio"}`)
		p := w.peer(c.Seat.DeviceID)
		p.OnAccept = func() { p.line.OnControl([]byte(message("heartbeat", `{}`, 1))) }
		c.Send(message("offer", `{"sdp":"again"}`, 2))
		if m := c.Next("answer"); m.ReplyTo != 2 || string(m.Data) != `{"sdp":"answer to again"}` {
			t.Errorf("answered with %+v", m)
		}
		c.Next("heartbeat_ack")
	})
}

// TestControlFlood: what comes faster than it can be handled is refused.
func TestControlFlood(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		c := w.Join(t, `{"sessionId":"studio"}`)
		p := w.peer(c.Seat.DeviceID)
		for range messageBurst + maxFaults + queueLen {
			p.line.OnControl([]byte(`{"event":"resync"}`)) // which isn't answered: only what is refused is
		}
		synctest.Wait()
		c.WantClose(wire.CloseAbuse)
	})
}

// TestOfferFlood: 20 at once, and one more every 3 s; each costs the server a connection.
func TestOfferFlood(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		c := w.Join(t, `{"sessionId":"studio"}`)
		offer := message("offer", `{"sdp":"again"}`, 1)
		for range offerBurst {
			c.Send(offer)
			c.Next("answer")
		}
		c.Send(offer)
		c.WantError("too_many_offers", "offer")
		time.Sleep(offerEvery)
		c.Send(offer)
		c.Next("answer")
		c.Send(offer)
		c.WantError("too_many_offers", "offer")
	})
}

// TestControlQueueBytes: of the control channel few large messages wait, as few ones wait of many small ones.
func TestControlQueueBytes(t *testing.T) {
	l := &link{
		server: New(Config{}), conn: &conn{queue: newQueue[session.JSON](2 * queueLen), done: make(chan struct{})},
		control: newQueue[[]byte](queueLen), faults: rate.NewLimiter(0, queueLen),
	}
	for range queueLen {
		l.queueControl(make([]byte, maxMessage))
	}
	if l.control.len() != queueBytes/maxMessage || l.conn.queue.len() != queueLen-queueBytes/maxMessage {
		t.Errorf("%d wait, %d are refused", l.control.len(), l.conn.queue.len())
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	l.limit = rate.NewLimiter(0, 0) // they are all refused, which is quick
	go func() { defer close(ended); l.handleControl(ctx) }()
	for l.control.len() > 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	<-ended
	l.queueControl(make([]byte, maxMessage))
	if l.control.len() != 1 {
		t.Error("there is no room again")
	}
}
