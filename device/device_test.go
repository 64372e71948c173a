package device

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	clockframe "github.com/downbeat-sync/downbeat/clock/frame"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// TestActsAtTheInstant: a device that sleeps up to the instant acts at it, once,
// although the command came both ways.
func TestActsAtTheInstant(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		d := w.run(Config{Net: w.net.Host("10.0.0.2")})
		<-d.Joined()
		time.Sleep(5 * time.Second)
		cmd := w.schedule(time.Second)
		again, err := json.Marshal(map[string]any{"event": "command", "data": cmd})
		must(t, err)
		d.control(again)
		time.Sleep(2 * time.Second)
		d.control(again)
		time.Sleep(time.Second)
		acts, times := d.acted()
		if len(acts) != 1 || acts[0].CommandID != cmd.CommandID || acts[0].Late {
			t.Fatalf("acted %+v", acts)
		}
		if off := times[0].Sub(cmd.Timestamp).Abs(); off > time.Microsecond {
			t.Errorf("acted %v beside the instant", off)
		}
		rep, err := w.svc.Report(t.Context(), "studio", cmd.CommandID)
		must(t, err)
		if len(rep.Devices) != 1 || !rep.Devices[0].Armed || rep.Devices[0].At == nil {
			t.Errorf("the report is %+v", rep)
		}
		d.end(t)
	})
}

func (w *world) schedule(delay time.Duration) session.Scheduled {
	w.t.Helper()
	cmd, err := w.svc.Schedule(w.t.Context(), "studio", session.ScheduleRequest{Name: "flash", Delay: &delay})
	must(w.t, err)
	return cmd
}

// TestCancelled: what is taken back isn't done, not even when the command
// itself comes after that.
func TestCancelled(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		d := w.run(Config{Net: w.net.Host("10.0.0.2")})
		<-d.Joined()
		time.Sleep(time.Second)
		cmd := w.schedule(time.Second)
		time.Sleep(100 * time.Millisecond)
		must(t, w.svc.Cancel(t.Context(), "studio", cmd.CommandID))
		d.control([]byte(`{"event":"cancelled","data":{"commandId":"x"}}`))
		d.control([]byte(`{"event":"command","data":{"commandId":"x","timestamp":1}}`))
		time.Sleep(2 * time.Second)
		if acts, _ := d.acted(); len(acts) != 0 {
			t.Errorf("acted %+v", acts)
		}
		d.end(t)
	})
}

// TestLate: a command whose instant has passed a moment ago is done at once, and said to be late.
func TestLate(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		d := w.run(Config{Net: w.net.Host("10.0.0.2")})
		<-d.Joined()
		time.Sleep(time.Second)
		start := w.source.Now()
		d.control(fmt.Appendf(nil, `{"event":"command","data":{"commandId":"x","timestamp":%f}}`, start.Millis()-500))
		d.control([]byte(`{"event":"command","data":{"timestamp":1}}`))
		d.control([]byte(`{`))
		time.Sleep(time.Second)
		if acts, times := d.acted(); len(acts) != 1 || !acts[0].Late || times[0] != start {
			t.Errorf("acted %+v at %v", acts, times)
		}
		d.end(t)
	})
}

// TestComesBack: a device whose WebSocket breaks comes back as itself, and does
// what was scheduled meanwhile.
func TestComesBack(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		d := w.run(Config{Net: w.net.Host("10.0.0.2"), UserID: "ann"})
		<-d.Joined()
		time.Sleep(time.Second)
		seat := d.Seat()
		before := w.schedule(time.Second)
		time.Sleep(10 * time.Millisecond)
		must(t, w.pipes.Cut())
		time.Sleep(firstWait / 2)
		meanwhile := w.schedule(time.Second)
		time.Sleep(3 * time.Second)
		if again := d.Seat(); again.DeviceID != seat.DeviceID || again.UserID != "ann" || !again.IsLeader {
			t.Errorf("came back as %+v, was %+v", again, seat)
		}
		acts, _ := d.acted()
		if len(acts) != 2 || acts[0].CommandID != before.CommandID || acts[1].CommandID != meanwhile.CommandID || acts[0].Late || acts[1].Late {
			t.Errorf("acted %+v", acts)
		}
		d.end(t)
	})
}

// TestReportsAgain: what a device did while its connection broke is told over the next one.
func TestReportsAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		d := w.run(Config{Net: w.net.Host("10.0.0.2"), UserID: "ann"})
		<-d.Joined()
		time.Sleep(time.Second)
		cmd := w.schedule(time.Second)
		time.Sleep(time.Second + time.Millisecond)
		must(t, w.pipes.Cut())
		time.Sleep(3 * time.Second)
		rep, err := w.svc.Report(t.Context(), "studio", cmd.CommandID)
		must(t, err)
		if len(rep.Devices) != 1 || !rep.Devices[0].Armed || rep.Devices[0].At == nil {
			t.Errorf("the report is %+v", rep)
		}
		if err := d.Report(t.Context(), "recording_started", map[string]any{"recordingId": "x", "timestamp": 1}); codeOf(err) != wire.CodeUnknownRecording {
			t.Errorf("a report that is refused: %v", err)
		}
		d.end(t)
	})
}

// TestPongFlags: hidden as long as it holds, stopped once.
func TestPongFlags(t *testing.T) {
	d := New(Config{})
	pong := func() clockframe.Pong {
		p, err := clockframe.ParsePong(d.frame(pingWith(clock.Map{})))
		must(t, err)
		return p
	}
	if p := pong(); p.Hidden || p.Stopped {
		t.Errorf("at first %+v", p)
	}
	d.SetHidden(true)
	_ = d.Resync() // there is no connection to say it over
	if p := pong(); !p.Hidden || !p.Stopped {
		t.Errorf("hidden and stopped: %+v", p)
	}
	if p := pong(); !p.Hidden || p.Stopped {
		t.Errorf("then %+v", p)
	}
	must(t, d.peer.Close())
}

// TestStaysAway: a device that was replaced by another connection ends.
func TestStaysAway(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		d := w.run(Config{Net: w.net.Host("10.0.0.2")})
		<-d.Joined()
		second := w.run(Config{Net: w.net.Host("10.0.0.3"), ResumeToken: d.Seat().ResumeToken})
		if err := <-d.err; err == nil {
			t.Error("it ended without an error")
		}
		if err := d.Send("heartbeat", nil); err == nil {
			t.Error("sent without a connection")
		}
		<-second.Joined()
		second.end(t)
	})
}

// TestRefused: a device that may not join ends with the server's error.
func TestRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		d := w.run(Config{Net: w.net.Host("10.0.0.2"), UserID: "a b"})
		if err := <-d.err; codeOf(err) != wire.CodeBadUserID {
			t.Errorf("ended with %v", err)
		}
	})
}

// TestWaitsForAClock: an instant that passes before the clock is known is late.
func TestWaitsForAClock(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		d := New(Config{Now: func() clock.DeviceTime { return clock.DeviceTime(w.source.Now()) }, Spin: -1})
		type result struct{ late, ok bool }
		got := make(chan result, 1)
		go func() {
			late, ok := d.Wait(t.Context(), w.source.Now().Add(50*time.Millisecond))
			got <- result{late, ok}
		}()
		time.Sleep(time.Second)
		now := w.source.Now()
		ping := pingWith(clock.Map{Device: clock.DeviceTime(now), Session: now, Valid: true})
		if d.frame(ping) == nil || d.frame([]byte("nonsense")) != nil {
			t.Error("the wrong frames were answered")
		}
		if r := <-got; !r.late || !r.ok {
			t.Errorf("waited: %+v", r)
		}
		must(t, d.peer.Close())
	})
}
