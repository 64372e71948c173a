package device

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/wire"
)

// forget takes a session out of the server's memory, as a restart does.
func (w *world) forget() {
	w.t.Helper()
	must(w.t, w.pipes.Cut())
	synctest.Wait()
	entries, err := w.store.List(w.t.Context(), "s.studio.>")
	must(w.t, err)
	for _, e := range entries {
		_, err := w.store.Delete(w.t.Context(), e.Key, e.Revision)
		must(w.t, err)
	}
}

// TestJoinsOnly: a device creates no session unless it is told to, and says that there is none.
func TestJoinsOnly(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		d := w.start(Config{Net: w.net.Host("10.0.0.2")})
		if err := <-d.err; codeOf(err) != wire.CodeSessionNotFound {
			t.Errorf("ended with %v", err)
		}
		if n, err := w.svc.Count(t.Context()); n != 0 || err != nil {
			t.Errorf("there are %d sessions, %v", n, err)
		}
	})
}

// TestWaitsForItsSession: a device whose session is gone waits until somebody has created it
// again, and is in it as the same user; but not for ever.
func TestWaitsForItsSession(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		first := w.run(Config{Net: w.net.Host("10.0.0.2"), UserID: "ann"})
		<-first.Joined()
		d := w.start(Config{Net: w.net.Host("10.0.0.3"), UserID: "bob"})
		<-d.Joined()
		first.end(t)
		w.forget()
		time.Sleep(time.Minute)
		if _, err := w.svc.Snapshot(t.Context(), "studio"); codeOf(err) != wire.CodeSessionNotFound {
			t.Fatalf("somebody created the session: %v", err)
		}
		before := d.Seat()
		first = w.run(Config{Net: w.net.Host("10.0.0.2"), UserID: "ann"})
		<-first.Joined()
		time.Sleep(2 * maxWait)
		if seat := d.Seat(); seat.UserID != "bob" || seat.DeviceID == before.DeviceID || seat.UserToken != before.UserToken || seat.IsLeader {
			t.Errorf("back as %+v, was %+v", seat, before)
		}
		first.end(t)
		w.forget()
		gone := time.Now()
		if err := <-d.err; codeOf(err) != wire.CodeSessionNotFound || time.Since(gone) < sessionWait || time.Since(gone) > sessionWait+time.Minute {
			t.Errorf("after %v: %v", time.Since(gone), err)
		}
	})
}

// TestStaysAwayForGood: a device that was removed, or whose session was ended, doesn't come back.
func TestStaysAwayForGood(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		leader := w.run(Config{Net: w.net.Host("10.0.0.2"), UserID: "ann"})
		<-leader.Joined()
		d := w.start(Config{Net: w.net.Host("10.0.0.3"), UserID: "bob"})
		<-d.Joined()
		_, err := leader.Call(t.Context(), "remove_device", map[string]any{"deviceId": d.Seat().DeviceID})
		must(t, err)
		closed := func(d *running, code int) {
			t.Helper()
			var end *websocket.CloseError
			if err := <-d.err; !errors.As(err, &end) || end.Code != code {
				t.Errorf("ended with %v", err)
			}
		}
		closed(d, wire.CloseRemoved)
		_, err = leader.Call(t.Context(), "end_session", nil)
		must(t, err)
		closed(leader, wire.CloseEnded)
	})
}
