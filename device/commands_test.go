package device

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
	"github.com/downbeat-sync/downbeat/wire"
)

// TestCommands: the typed requests reach the session as what they say.
func TestCommands(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		ann := w.run(Config{UserID: "ann"})
		<-ann.Joined()
		time.Sleep(3 * time.Second)
		flash, err := ann.Schedule(ctx, Command{Name: "flash", Payload: map[string]int{"n": 1}, When: When{Delay: time.Second}, MaxLate: 50 * time.Millisecond})
		must(t, err)
		at := w.source.Now().Add(2 * time.Second)
		blink, err := ann.Schedule(ctx, Command{Name: "blink", When: When{At: at}})
		must(t, err)
		if off := blink.Timestamp.Sub(at).Abs(); off > time.Microsecond {
			t.Errorf("scheduled %v off", off)
		}
		gone, err := ann.Schedule(ctx, Command{Name: "gone"})
		must(t, err)
		must(t, ann.Cancel(ctx, gone.CommandID))
		time.Sleep(3 * time.Second)
		acts, _ := ann.acted()
		if len(acts) != 2 || acts[0].CommandID != flash.CommandID || string(acts[0].Payload) != `{"n":1}` || acts[0].MaxLate != 50*time.Millisecond ||
			acts[0].Timestamp != flash.Timestamp || acts[1].Name != "blink" || acts[1].MaxLate != session.DefaultMaxLate {
			t.Errorf("acted on %+v", acts)
		}
		ann.end(t)
	})
}

// TestCommandsAreRefused: each mistake has its error.
func TestCommandsAreRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		ann := w.run(Config{UserID: "ann"})
		if _, err := ann.Schedule(ctx, Command{Name: "flash"}); !errors.Is(err, signaling.ErrEnded) {
			t.Errorf("without a connection: %v", err)
		}
		<-ann.Joined()
		ben := w.run(Config{UserID: "ben"})
		<-ben.Joined()
		time.Sleep(time.Second)
		if _, err := ann.Schedule(ctx, Command{Name: "flash", Payload: func() {}}); err == nil || !strings.HasPrefix(err.Error(), "device: the payload") {
			t.Errorf("a function for a payload: %v", err)
		}
		codes := map[string]error{}
		_, codes[wire.CodeBadName] = ann.Schedule(ctx, Command{Name: "a b"})
		_, codes[wire.CodeAmbiguousTime] = ann.Schedule(ctx, Command{Name: "flash", When: When{At: w.source.Now().Add(time.Second), Delay: time.Second}})
		_, codes[wire.CodeBadMaxLate] = ann.Schedule(ctx, Command{Name: "flash", MaxLate: time.Microsecond})
		_, codes[wire.CodeNotRecording] = ann.StopRecording(ctx)
		_, codes[wire.CodeBadDuration] = ann.StartRecording(ctx, Recording{Duration: -1})
		_, codes[wire.CodeBadPlayback] = ann.PlayFrom(ctx, -time.Second)
		codes[wire.CodeBadMedia] = ann.LoadMedia(ctx, Media{})
		codes[wire.CodeUnknownCommand] = ann.Cancel(ctx, "x")
		_, codes[wire.CodeNotLeader] = ben.Play(ctx)
		codes[wire.CodeLeaderConnected] = ben.RequestLeadership(ctx, "")
		for want, err := range codes {
			if got := codeOf(err); got != want {
				t.Errorf("%v, want %s", err, want)
			}
		}
		ann.end(t)
		ben.end(t)
	})
}

// TestTake: a take from its start to what its device says of it.
func TestTake(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		ann := w.run(Config{UserID: "ann"})
		<-ann.Joined()
		time.Sleep(3 * time.Second)
		take, err := ann.StartRecording(ctx, Recording{Label: "plank", Duration: time.Hour, Devices: []string{ann.Seat().DeviceID}, When: When{Delay: time.Second}})
		must(t, err)
		time.Sleep(2 * time.Second)
		acts, _ := ann.acted()
		if len(acts) != 1 || acts[0].Event != wire.StartRecording || acts[0].RecordingID == "" {
			t.Fatalf("acted on %+v", acts)
		}
		id := acts[0].RecordingID
		must(t, ann.RecordingStarted(ctx, id, take.Timestamp.Add(time.Millisecond), 250*time.Microsecond))
		stop, err := ann.StopRecording(ctx)
		must(t, err)
		time.Sleep(time.Second)
		must(t, ann.RecordingStopped(ctx, id, stop.Timestamp, time.Millisecond))
		must(t, ann.RecordingFailed(ctx, id))
		list, err := w.svc.Recordings(ctx, "studio")
		must(t, err)
		r := list[0]
		if len(list) != 1 || r.PostureLabel != "plank" || *r.StartTimestamp != take.Timestamp.Add(time.Millisecond) || *r.StartBoundMs != 0.25 ||
			*r.StopTimestamp != stop.Timestamp || *r.StopBoundMs != 1 || r.UploadStatus != "failed" {
			t.Errorf("recorded %+v", r)
		}
		ann.end(t)
	})
}

// TestMedia: what the leader does with the media is where they are.
func TestMedia(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		ann := w.run(Config{UserID: "ann"})
		<-ann.Joined()
		time.Sleep(3 * time.Second)
		must(t, ann.LoadMedia(ctx, Media{URL: "/film.mp4", Title: "Film", Duration: time.Hour}))
		for _, step := range []struct {
			name    string
			do      func() (session.Scheduled, error)
			at      float64 // s, at the instant
			playing bool
			rate    float64
		}{
			{"play from", func() (session.Scheduled, error) { return ann.PlayFrom(ctx, 30*time.Second) }, 30, true, 1},
			{"seek while it plays", func() (session.Scheduled, error) { return ann.Seek(ctx, 90*time.Second) }, 90, true, 1},
			{"pause at", func() (session.Scheduled, error) { return ann.PauseAt(ctx, 7*time.Second) }, 7, false, 1},
			{"seek while it stands", func() (session.Scheduled, error) { return ann.Seek(ctx, 1500*time.Millisecond) }, 1.5, false, 1},
			{"play", func() (session.Scheduled, error) { return ann.Play(ctx) }, 1.5, true, 1},
			{"pause", func() (session.Scheduled, error) { return ann.Pause(ctx) }, -1, false, 1},
			{"another speed", func() (session.Scheduled, error) { return ann.SetRate(ctx, 1.5) }, -1, true, 1.5},
		} {
			is, err := step.do()
			must(t, err)
			time.Sleep(is.Timestamp.Sub(w.source.Now()) + 100*time.Millisecond)
			s, err := ann.State(ctx)
			must(t, err)
			p := s.PlaybackState
			if p.IsPlaying != step.playing || p.PlaybackRate != step.rate || step.at >= 0 && (p.Position < step.at || p.Position > step.at+0.5) {
				t.Errorf("%s: the media are at %+v", step.name, p)
			}
		}
		ann.end(t)
	})
}

// TestPrepare: what takes time is done ahead of the instant.
func TestPrepare(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		var prepared, acted, released, missed atomic.Int64 // commands
		var at atomic.Int64                                // session time of the last act
		ann := w.run(Config{UserID: "ann", OnMissed: func(Act, time.Duration, string) { missed.Add(1) },
			Prepare: func(ctx context.Context, a Act) func(Act) {
				prepared.Add(1)
				context.AfterFunc(ctx, func() { released.Add(1) })
				switch a.Name {
				case "plain":
					return nil
				case "slow", "too-slow":
					time.Sleep(3 * time.Second)
				}
				return func(b Act) {
					acted.Add(1)
					at.Store(int64(b.At))
				}
			}})
		<-ann.Joined()
		time.Sleep(3 * time.Second)
		schedule := func(c Command) session.Scheduled {
			t.Helper()
			c.When = When{Delay: 2 * time.Second}
			s, err := ann.Schedule(ctx, c)
			must(t, err)
			return s
		}
		want := func(what string, counts ...int64) {
			t.Helper()
			if got := []int64{prepared.Load(), acted.Load(), released.Load(), missed.Load()}; got[0] != counts[0] || got[1] != counts[1] || got[2] != counts[2] || got[3] != counts[3] {
				t.Errorf("%s: prepared, acted, released, missed %v, want %v", what, got, counts)
			}
		}
		s := schedule(Command{Name: "flash"})
		time.Sleep(time.Second)
		want("ahead of the instant", 1, 0, 0, 0)
		if r, err := w.svc.Report(ctx, "studio", s.CommandID); err != nil || !r.Devices[0].Armed {
			t.Errorf("not armed: %+v, %v", r, err)
		}
		time.Sleep(2 * time.Second)
		want("at the instant", 1, 1, 1, 0)
		if off := time.Duration(at.Load() - int64(s.Timestamp)).Abs(); off > time.Millisecond {
			t.Errorf("acted %v off", off)
		}
		s = schedule(Command{Name: "gone"})
		time.Sleep(time.Second)
		must(t, ann.Cancel(ctx, s.CommandID))
		time.Sleep(2 * time.Second)
		want("cancelled", 2, 1, 2, 0)
		schedule(Command{Name: "plain"})
		time.Sleep(3 * time.Second)
		if acts, _ := ann.acted(); len(acts) != 1 || acts[0].Name != "plain" {
			t.Errorf("Act was called with %+v", acts)
		}
		s = schedule(Command{Name: "slow", MaxLate: 5 * time.Second})
		time.Sleep(2500 * time.Millisecond)
		if r, err := w.svc.Report(ctx, "studio", s.CommandID); err != nil || r.Devices[0].Armed {
			t.Errorf("armed before it was: %+v, %v", r, err)
		}
		time.Sleep(time.Second)
		want("prepared after the instant", 4, 2, 4, 0)
		schedule(Command{Name: "too-slow", MaxLate: 100 * time.Millisecond})
		time.Sleep(4 * time.Second)
		want("prepared too late", 5, 2, 5, 1)
		ann.end(t)
	})
}

// FuzzMessage: whatever a server says, a device arms what is a command, and nothing twice.
func FuzzMessage(f *testing.F) {
	for _, s := range []string{
		`{"event":"command","data":{"commandId":"c","name":"flash","payload":{"n":1},"timestamp":946684801000.125,"maxLateMs":50}}`,
		`{"event":"start_recording","data":{"commandId":"c","recordingId":"r","timestamp":946684801000,"duration":1e300}}`,
		`{"event":"stop_recording","data":{"commandId":"c","timestamp":-1e15}}`, `{"event":"command","data":{"commandId":"c","timestamp":1e12,"maxLateMs":1e308}}`,
		`{"event":"playback_sync","data":{"commandId":"c","timestamp":0,"position":3,"isPlaying":true}}`, `{"event":"cancelled","data":{"commandId":"c"}}`,
		`{"event":"exchange","data":{"path":"udp","t1":1,"t2":2,"t3":3,"t4":4}}`, `{"event":"command","data":{"commandId":""}}`, `{"event":"command","data":[]}`, `{`,
	} {
		f.Add([]byte(s), []byte(s))
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		d := New(Config{Spin: -1})
		for _, b := range [][]byte{first, second, first} {
			d.control(b)
		}
		d.mu.Lock()
		known := map[string]bool{}
		for _, a := range d.done {
			if known[a.CommandID] {
				t.Errorf("%q is known twice", a.CommandID)
			}
			known[a.CommandID] = true
		}
		if known[""] && len(d.pending) > 0 && d.pending[""] != nil {
			t.Error("a command without an id is armed")
		}
		d.mu.Unlock()
		for _, b := range [][]byte{first, second} {
			if m, err := signaling.ParseMessage(b); err == nil {
				if late := maxLate(m); late < 0 || late > 24*time.Hour {
					t.Errorf("%s may be %v late", b, late)
				}
			}
		}
		d.end()
	})
}
