package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/wire"
)

// witness remembers what it is told.
type witness struct {
	nobody
	mu   sync.Mutex
	seen []Happening
}

func (w *witness) Happened(h Happening) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, h)
}

// kinds returns what was told since the last call, in words.
func (w *witness) kinds() []string {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	words := []string{}
	for _, h := range w.seen {
		if h.SessionID != "studio" {
			words = append(words, "of session "+h.SessionID)
		}
		var s strings.Builder
		s.WriteString(string(h.Kind))
		for _, more := range []string{h.UserID, h.From, h.Name, h.Reason} {
			if more != "" {
				s.WriteString(" " + more)
			}
		}
		if h.Devices != 0 {
			fmt.Fprintf(&s, " %d", h.Devices)
		}
		if h.Report != nil {
			s.WriteString(fmt.Sprintf(" %+v", *h.Report))
		}
		words = append(words, s.String())
	}
	w.seen = nil
	return words
}

func (w *witness) expect(t *testing.T, want ...string) {
	t.Helper()
	if got := w.kinds(); !slices.Equal(got, want) {
		t.Errorf("told %q,\nwant %q", got, want)
	}
}

// TestHappenings: what happens to a session is told once, by the instance that did it.
func TestHappenings(t *testing.T) {
	here, elsewhere := &witness{}, &witness{}
	bubble(t, Config{Store: store.NewMemory(), Observe: here, KeepIdle: 24 * time.Hour}, func(w *world) {
		svc, err := New(Config{Store: w.svc.cfg.Store, Clocks: w, Observe: elsewhere, KeepIdle: 48 * time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = svc.Run(w.ctx) }()
		there := &world{t: t, svc: svc, ctx: w.ctx, clocks: map[string]Quality{}}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Error(err)
			}
		}

		a := w.join(JoinRequest{UserID: "ann", DeviceType: "desktop"})
		b := there.join(JoinRequest{UserID: "bob", DeviceType: "mobile"})
		here.expect(t, "session_created ann")

		cmd, err := a.Schedule(w.ctx, ScheduleRequest{Name: "flash"})
		must(err)
		here.expect(t, "command_scheduled ann flash")
		must(a.Armed(w.ctx, cmd.CommandID))
		must(a.Fired(w.ctx, cmd.CommandID, cmd.Timestamp, false))
		must(b.Fired(w.ctx, cmd.CommandID, cmd.Timestamp.Add(time.Millisecond), true))
		time.Sleep(3 * time.Second)
		here.expect(t, "command_reported ann flash {Devices:2 Armed:1 Acted:2 Late:1 Missed:0 Spread:1ms}")

		cmd, err = w.svc.Schedule(w.ctx, "studio", ScheduleRequest{Name: "flash"})
		must(err)
		time.Sleep(5 * time.Second)
		here.expect(t, "command_scheduled flash", "command_reported flash {Devices:2 Armed:0 Acted:0 Late:0 Missed:0 Spread:0s}")

		hour := time.Hour
		cmd, err = a.Schedule(w.ctx, ScheduleRequest{Name: "late", Delay: &hour})
		must(err)
		must(a.Cancel(w.ctx, cmd.CommandID))
		here.expect(t, "command_scheduled ann late", "command_cancelled ann late cancelled by the leader")

		// The service stops the take, on one of the instances; what it means for the reports is the same.
		both := func() []string { return append(here.kinds(), elsewhere.kinds()...) }
		ids := w.take(a, a, b)
		time.Sleep(5 * time.Second)
		got := both()
		for _, kind := range []string{"take_started", "take_stopped"} {
			if n := len(slices.DeleteFunc(slices.Clone(got), func(s string) bool { return !strings.HasPrefix(s, kind) })); n != 1 {
				t.Errorf("%s was told %d times: %q", kind, n, got)
			}
		}
		if reports := len(got) - 2; reports != 2 {
			t.Errorf("of the take: %q", got)
		}
		_, err = w.svc.UploadBegan(w.ctx, ids[0], Receiver{})
		must(err)
		must(w.svc.UploadGivenUp(w.ctx, ids[0], ""))
		_, err = w.svc.UploadBegan(w.ctx, ids[0], Receiver{})
		must(err)
		must(b.RecordingFailed(w.ctx, ids[1]))
		here.expect(t, "upload_started", "upload_given_up", "upload_started")
		elsewhere.expect(t, "recording_failed")
		must(w.svc.UploadDone(w.ctx, file(ids[0])))
		got = both()
		slices.Sort(got)
		if !slices.Equal(got, []string{"session_completed", "upload_finished"}) {
			t.Errorf("of the upload: %q", got)
		}

		must(a.LoadMedia(w.ctx, LoadRequest{MediaURL: "https://films.example/a.mp4"}))
		_, err = a.SyncPlayback(w.ctx, PlaybackRequest{IsPlaying: true})
		must(err)
		time.Sleep(5 * time.Second)
		if got := here.kinds(); len(got) != 2 || got[0] != "playback_changed ann playing" || !strings.HasPrefix(got[1], "command_reported ann ") {
			t.Errorf("of the film: %q", got)
		}

		must(a.HandOver(w.ctx, "bob"))
		here.expect(t, "lead_changed bob ann")
		must(b.End(w.ctx))
		elsewhere.expect(t, "session_removed ended")
		here.expect(t)
	})
}

// TestIdleSessionIsTold when it is removed.
func TestIdleSessionIsTold(t *testing.T) {
	here := &witness{}
	bubble(t, Config{Observe: here}, func(w *world) {
		must := w.join(JoinRequest{UserID: "ann"}).Disconnect(w.ctx)
		if must != nil {
			t.Error(must)
		}
		here.kinds()
		time.Sleep(26 * time.Hour)
		here.expect(t, "session_removed idle")
	})
}

// TestRevivedSessionIsTold as such.
func TestRevivedSessionIsTold(t *testing.T) {
	here := &witness{}
	bubble(t, Config{Observe: here}, func(w *world) {
		w.join(JoinRequest{UserID: "ann", ResumeToken: "of-a-server-that-was-started-again"})
		here.expect(t, "session_created ann revived")
	})
}

// TestNothingIsToldOfWhatIsNotStored: nor is its outcome expected.
func TestNothingIsToldOfWhatIsNotStored(t *testing.T) {
	here, store := &witness{}, &refusing{Memory: store.NewMemory()}
	bubble(t, Config{Store: store, Observe: here}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann"})
		here.kinds()
		store.refuse.Store(true)
		if _, err := a.Schedule(w.ctx, ScheduleRequest{Name: "flash"}); codeOf(err) != wire.CodeUnavailable {
			t.Error(err)
		}
		store.refuse.Store(false)
		time.Sleep(5 * time.Second)
		here.expect(t)
		if len(a.room.issued) != 0 {
			t.Errorf("an outcome of %v is to be told", a.room.issued)
		}
	})
}

// refusing is a store that takes nothing while it is told to.
type refusing struct {
	*store.Memory
	refuse atomic.Bool
}

func (r *refusing) Put(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	if r.refuse.Load() {
		return 0, errors.New("no")
	}
	return r.Memory.Put(ctx, key, value, revision)
}
