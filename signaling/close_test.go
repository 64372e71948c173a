package signaling

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// TestReplaced: a device that joins over another connection closes the one before.
func TestReplaced(t *testing.T) {
	w := onSockets(t, session.Config{})
	there := w.Join(t, `{"sessionId":"studio"}`)
	first := w.Join(t, `{"sessionId":"studio"}`)
	before := w.peer(first.Seat.DeviceID)
	second := w.Join(t, `{"sessionId":"studio","resumeToken":"`+first.Seat.ResumeToken+`"}`)
	first.WantClose(wire.CloseReplaced)
	if second.Seat.DeviceID != first.Seat.DeviceID || second.Seat.UserID != first.Seat.UserID {
		t.Errorf("came back as %+v, was %+v", second.Seat, first.Seat)
	}
	second.WantAlive()
	there.Send(message("schedule", `{"name":"flash"}`, 2))
	second.Next("command")
	if _, control, _ := before.Heard(); len(control) != 0 {
		t.Errorf("the peer that was replaced got %v", control)
	}
}

// TestLeave: who leaves is answered and closed, and its seat is gone.
func TestLeave(t *testing.T) {
	w := onSockets(t, session.Config{})
	there := w.Join(t, `{"sessionId":"studio"}`)
	c := w.Join(t, `{"sessionId":"studio"}`)
	c.Send(message("leave_session", `{}`, 7))
	if m := c.Next("ok"); m.ReplyTo != 7 {
		t.Errorf("replyTo is %d", m.ReplyTo)
	}
	c.WantClose(wire.CloseLeft)
	there.Next("user_left")
	back := w.Join(t, `{"sessionId":"studio","resumeToken":"`+c.Seat.ResumeToken+`"}`)
	if back.Seat.DeviceID == c.Seat.DeviceID {
		t.Error("the seat was kept")
	}
}

// TestDisconnected: a connection that breaks leaves the seat, and ends the peer.
func TestDisconnected(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		there := w.Join(t, `{"sessionId":"studio"}`)
		c := w.Join(t, `{"sessionId":"studio"}`)
		must(t, c.WS.Close())
		there.Next("user_left")
		synctest.Wait()
		if !w.peer(c.Seat.DeviceID).HasEnded() {
			t.Error("the peer goes on")
		}
		snap, err := w.Sessions.Snapshot(t.Context(), "studio")
		must(t, err)
		if len(snap.Devices) != 2 {
			t.Errorf("the devices are %+v", snap.Devices)
		}
		for _, d := range snap.Devices {
			if d.IsConnected != (d.DeviceID == there.Seat.DeviceID) {
				t.Errorf("device %+v, the one that went is %s", d, c.Seat.DeviceID)
			}
		}
	})
}

// TestGoodbye: a server that closes says so to everybody, joined or not, waits
// for them, and takes nobody any more.
func TestGoodbye(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		wires := []*socket{w.Join(t, `{"sessionId":"studio"}`), w.Connect(t)}
		synctest.Wait()
		start := time.Now()
		w.server.Close()
		if took := time.Since(start); took != 0 {
			t.Errorf("closing took %v", took)
		}
		for _, c := range wires {
			if m := c.Next("goodbye"); string(m.Data) != `{"reason":"shutdown","retryAfterMs":1000}` {
				t.Errorf("goodbye with %s", m.Data)
			}
			c.WantClose(websocket.CloseGoingAway)
		}
		if _, err := Dial(t.Context(), ClientConfig{URL: w.URL, NetDial: w.Dial}); err == nil || !strings.Contains(err.Error(), "503") {
			t.Errorf("the closed server was entered: %v", err)
		}
	})
}

// TestGoodbyeToMany: many are sent away one after the other, and not over more than so long.
func TestGoodbyeToMany(t *testing.T) {
	for _, many := range []int{closeAtOnce + 10, 700} {
		inBubble(t, session.Config{}, func(t *testing.T, w *world) {
			w.server.cfg.Elsewhere = "http://two"
			var all []*socket
			for range many {
				all = append(all, w.Connect(t))
			}
			synctest.Wait()
			start := time.Now()
			w.server.Close()
			if took := time.Since(start); took < 9*closeGap/2 || took > closeSpread {
				t.Errorf("closing %d took %v", many, took)
			}
			for _, c := range all {
				if m := c.Next("goodbye"); string(m.Data) != `{"reason":"shutdown","retryAfterMs":1000,"url":"http://two"}` {
					t.Fatalf("goodbye with %s", m.Data)
				}
			}
		})
	}
}

// TestGoodbyeToTheDeaf: a client that never closes holds the server up for closeWait.
func TestGoodbyeToTheDeaf(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		c := w.Join(t, `{"sessionId":"studio"}`)
		c.WS.SetCloseHandler(func(int, string) error {
			time.Sleep(time.Hour)
			return nil
		})
		start := time.Now()
		w.server.Close()
		if took := time.Since(start); took != closeWait {
			t.Errorf("closing took %v", took)
		}
	})
}

// TestAfterTheClose: what is sent after the server has closed isn't heeded.
func TestAfterTheClose(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		c := w.Connect(t)
		c.WS.SetCloseHandler(func(int, string) error { return nil })
		c.Send(message("join_session", `{"sessionId":"*"}`, 1))
		c.Send(message("join_session", `{"sessionId":"studio"}`, 2))
		c.WantClose(wire.CloseRefused)
		time.Sleep(2 * closeWait)
		if w.State(t, "studio") != "" {
			t.Error("joined after the refusal")
		}
	})
}
