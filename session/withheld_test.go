package session

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/wire"
)

// stalling is a store that can be stopped, as a process can: what is asked of it
// meanwhile it does when it goes on.
type stalling struct {
	store.Store
	slow       atomic.Int64  // of every write, and until it is seen, ns
	impatience time.Duration // after which a writer gives up; 0: never

	mu      sync.Mutex
	stopped chan struct{} // closed when it goes on; nil while it goes
}

// stop stops the store for a while.
func (s *stalling) stop(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	goesOn := make(chan struct{})
	s.stopped = goesOn
	time.AfterFunc(d, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.stopped = nil
		close(goesOn)
	})
}

func (s *stalling) wait() {
	s.mu.Lock()
	stopped := s.stopped
	s.mu.Unlock()
	if stopped != nil {
		<-stopped
	}
	time.Sleep(time.Duration(s.slow.Load()))
}

// Put gives up when it has waited for too long; the value is stored nevertheless.
func (s *stalling) Put(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	type result struct {
		revision uint64
		err      error
	}
	done := make(chan result, 1)
	go func() {
		s.wait()
		at, err := s.Store.Put(context.WithoutCancel(ctx), key, value, revision)
		done <- result{at, err}
	}()
	if s.impatience == 0 {
		r := <-done
		return r.revision, r.err
	}
	select {
	case r := <-done:
		return r.revision, r.err
	case <-time.After(s.impatience):
		return 0, errors.New("no answer")
	}
}

// Watch tells what changed while the store stood still when it goes on.
func (s *stalling) Watch(ctx context.Context, filter string, changed func(store.Entry), loaded func()) error {
	return s.Store.Watch(ctx, filter, func(e store.Entry) {
		s.wait()
		changed(e)
	}, loaded)
}

// order is what a member was told to act on, and when, in time since the beginning.
type order struct {
	event, id string
	at, due   time.Duration
}

// listen notes what a member is told, with the times.
func (w *world) listen(q JoinRequest) (*part, func() []order) {
	var mu sync.Mutex
	var heard []order
	q.SessionID = "studio"
	p := &part{w: w}
	var err error
	p.Member, p.joined, err = w.svc.Join(w.ctx, q, func(e Event) {
		p.hear(e)
		n := order{event: e.Name, at: w.svc.now().Time().Sub(epoch)}
		switch d := e.Data.(type) {
		case Command:
			n.id, n.due = d.CommandID, d.Timestamp.Sub(epoch)
		case StartRecording:
			n.id, n.due = d.CommandID, d.Timestamp.Sub(epoch)
		case StopRecording:
			n.id, n.due = d.CommandID, d.Timestamp.Sub(epoch)
		case PlaybackSync:
			n.id, n.due = d.CommandID, d.Timestamp.Sub(epoch)
		case Cancelled:
			n.id = d.CommandID
		default:
			return
		}
		mu.Lock()
		defer mu.Unlock()
		heard = append(heard, n)
	})
	wantCode(w.t, err, "")
	return p, func() []order {
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		got := heard
		heard = nil
		return got
	}
}

const stall = 6500 * time.Millisecond

// TestStoreStalls: while the store stands still for longer than the lead, nothing is told
// of an instant that has passed: the command is planned anew, for all instances.
func TestStoreStalls(t *testing.T) {
	store := &stalling{Store: store.NewMemory()}
	bubble(t, Config{Store: store}, func(w *world) {
		there := w.second()
		a, heard := w.listen(JoinRequest{UserID: "ann", DeviceType: "desktop"})
		_, heardThere := there.listen(JoinRequest{UserID: "bob", DeviceType: "mobile"})
		time.Sleep(time.Second)
		for name, issue := range map[string]func() (Scheduled, error){
			"command": func() (Scheduled, error) { return a.Schedule(w.ctx, ScheduleRequest{Name: "flash"}) },
			"one by a delay": func() (Scheduled, error) {
				return a.Schedule(w.ctx, ScheduleRequest{Name: "x", Delay: new(time.Second)})
			},
			"a patient one": func() (Scheduled, error) {
				return a.Schedule(w.ctx, ScheduleRequest{Name: "x", MaxLate: new(time.Hour)})
			},
			"start_recording": func() (Scheduled, error) { return a.StartRecording(w.ctx, StartRequest{Duration: time.Second}) },
		} {
			heard()
			heardThere()
			store.stop(stall)
			cmd, err := issue()
			wantCode(t, err, "")
			due := cmd.Timestamp.Sub(epoch)
			if now := w.svc.now().Time().Sub(epoch); due < now+90*time.Millisecond {
				t.Errorf("%s: answered at %v with the instant %v", name, now, due)
			}
			time.Sleep(500 * time.Millisecond)
			for where, got := range map[string][]order{"here": heard(), "there": heardThere()} {
				if len(got) != 1 || got[0].id != cmd.CommandID || got[0].due != due || got[0].at > due {
					t.Errorf("%s %s: told %+v, want %s for %v", name, where, got, cmd.CommandID, due)
				}
			}
			time.Sleep(5 * time.Second)
			list, _, err := w.svc.Commands(w.ctx, "studio", 3, "")
			wantCode(t, err, "")
			if i := slices.IndexFunc(list, func(c Issued) bool { return c.Cancelled }); i < 0 || list[i].Reason != rules.TooSlow {
				t.Errorf("%s: the list is %+v", name, list)
			}
		}
	})
}

// TestStallWithAnInstant: a command for an instant that passes while the store stands still
// is refused, and nobody is told of it.
func TestStallWithAnInstant(t *testing.T) {
	store := &stalling{Store: store.NewMemory()}
	bubble(t, Config{Store: store}, func(w *world) {
		there := w.second()
		a, heard := w.listen(JoinRequest{UserID: "ann", DeviceType: "desktop"})
		_, heardThere := there.listen(JoinRequest{UserID: "bob", DeviceType: "mobile"})
		time.Sleep(time.Second)
		store.stop(stall)
		_, err := a.Schedule(w.ctx, ScheduleRequest{Name: "flash", At: new(w.svc.now().Add(2 * time.Second).Time())})
		wantCode(t, err, wire.CodeAtInPast)
		time.Sleep(10 * time.Second)
		if got := slices.Concat(heard(), heardThere()); len(got) != 0 {
			t.Errorf("told %+v", got)
		}
	})
}

// TestRefusedAndStored: a command that was refused, since the store didn't answer, isn't
// carried out when the store has taken it all the same, be its instant past or ahead.
func TestRefusedAndStored(t *testing.T) {
	for _, delay := range []time.Duration{0, time.Minute} {
		store := &stalling{Store: store.NewMemory(), impatience: time.Second}
		bubble(t, Config{Store: store}, func(w *world) {
			there := w.second()
			a, heard := w.listen(JoinRequest{UserID: "ann", DeviceType: "desktop"})
			b, heardThere := there.listen(JoinRequest{UserID: "bob", DeviceType: "mobile"})
			time.Sleep(time.Second)
			store.stop(stall)
			_, err := a.Schedule(w.ctx, ScheduleRequest{Name: "flash", Delay: &delay})
			wantCode(t, err, wire.CodeUnavailable)
			time.Sleep(10 * time.Second)
			if got := heard(); len(got) != 0 {
				t.Errorf("told %+v", got)
			}
			wantCode(t, b.Disconnect(w.ctx), "")
			_ = there.join(JoinRequest{ResumeToken: b.joined.SessionJoined.ResumeToken})
			acts := slices.DeleteFunc(heardThere(), func(n order) bool { return n.event == "cancelled" })
			if delay == 0 && len(acts) > 0 {
				t.Errorf("the other instance told %+v", acts)
			}
			list, _, err := w.svc.Commands(w.ctx, "studio", 10, "")
			if len(list) != 1 || !list[0].Cancelled || err != nil {
				t.Errorf("the list is %+v, %v", list, err)
			}
		})
	}
}

// TestSlowStore: where every write takes longer than the lead, a command is planned with
// more; a store that is too slow for that is said to be.
func TestSlowStore(t *testing.T) {
	store := &stalling{Store: store.NewMemory()}
	bubble(t, Config{Store: store}, func(w *world) {
		a, heard := w.listen(JoinRequest{UserID: "ann"})
		store.slow.Store(int64(300 * time.Millisecond))
		cmd, err := a.Schedule(w.ctx, ScheduleRequest{Name: "flash"})
		wantCode(t, err, "")
		time.Sleep(10 * time.Second)
		if got := heard(); len(got) != 1 || got[0].id != cmd.CommandID || got[0].at > got[0].due {
			t.Errorf("told %+v", got)
		}
		store.slow.Store(int64(4 * time.Second))
		w.svc.cfg.MaxLead = time.Second
		_, err = a.Schedule(w.ctx, ScheduleRequest{Name: "flash"})
		wantCode(t, err, wire.CodeUnavailable)
		store.slow.Store(0)
		time.Sleep(time.Minute)
		if got := heard(); len(got) != 0 {
			t.Errorf("told %+v", got)
		}
	})
}

// TestStallAndTimeline: what is to play begins at its place when the store goes on, and is
// not joined in the middle.
func TestStallAndTimeline(t *testing.T) {
	store := &stalling{Store: store.NewMemory()}
	bubble(t, Config{Store: store}, func(w *world) {
		a, heard := w.listen(JoinRequest{UserID: "ann", DeviceType: "desktop"})
		wantCode(t, a.LoadMedia(w.ctx, LoadRequest{MediaURL: "/film.mp4", MediaDuration: 100}), "")
		time.Sleep(time.Second)
		store.stop(stall)
		cmd, err := a.SyncPlayback(w.ctx, PlaybackRequest{IsPlaying: true})
		wantCode(t, err, "")
		if left := cmd.Timestamp.Sub(w.svc.now().Time()); left < 90*time.Millisecond {
			t.Errorf("answered with %v left", left)
		}
		time.Sleep(time.Second)
		state := a.State().PlaybackState
		if !state.IsPlaying || state.Position != 0 || state.LastUpdateTime != cmd.Timestamp {
			t.Errorf("plays %+v, scheduled %+v", state, cmd)
		}
		if got := heard(); len(got) != 1 || got[0].id != cmd.CommandID || got[0].at > got[0].due {
			t.Errorf("told %+v", got)
		}
	})
}

// TestStallAndStop: a stop is told as soon as the store goes on, and its issuer how late it is.
func TestStallAndStop(t *testing.T) {
	store := &stalling{Store: store.NewMemory()}
	bubble(t, Config{Store: store}, func(w *world) {
		a, heard := w.listen(JoinRequest{UserID: "ann", DeviceType: "desktop"})
		start, err := a.StartRecording(w.ctx, StartRequest{})
		wantCode(t, err, "")
		time.Sleep(time.Second)
		store.stop(stall)
		stop, err := a.StopRecording(w.ctx)
		wantCode(t, err, "")
		if want := rules.Millis(stall - 100*time.Millisecond); stop.LateMs != want {
			t.Errorf("stop %+v, want %v ms late", stop, want)
		}
		got := heard()
		if len(got) != 2 || got[0].id != start.CommandID || got[1].event != "stop_recording" || got[1].at != time.Second+stall {
			t.Errorf("told %+v", got)
		}
	})
}

// TestCutOff: an instance that was cut off tells its devices of what they have missed as of
// something to miss, and only when nobody has called it off.
func TestCutOff(t *testing.T) {
	memory := store.NewMemory()
	bubble(t, Config{Store: memory}, func(w *world) {
		cut := &stalling{Store: memory}
		svc, err := New(Config{Store: cut})
		wantCode(t, err, "")
		go func() { _ = svc.Run(w.ctx) }()
		there := &world{t: t, svc: svc, ctx: w.ctx}
		a := w.join(JoinRequest{UserID: "ann", DeviceType: "desktop"})
		_, heard := there.listen(JoinRequest{UserID: "bob", DeviceType: "mobile"})
		time.Sleep(time.Second)
		cut.stop(25 * time.Second)
		for range 12 {
			_, err := a.Schedule(w.ctx, ScheduleRequest{Name: "flash"})
			wantCode(t, err, "")
			time.Sleep(2 * time.Second)
		}
		called, err := a.Schedule(w.ctx, ScheduleRequest{Name: "flash", Delay: new(200 * time.Millisecond)})
		wantCode(t, err, "")
		wantCode(t, a.Cancel(w.ctx, called.CommandID), "")
		take, err := a.StartRecording(w.ctx, StartRequest{})
		wantCode(t, err, "")
		time.Sleep(400 * time.Millisecond)
		_, err = a.StopRecording(w.ctx)
		wantCode(t, err, "")
		time.Sleep(5 * time.Second)
		got := heard()
		if len(got) != 14 {
			t.Fatalf("told %d: %+v", len(got), got)
		}
		start := slices.IndexFunc(got, func(n order) bool { return n.id == take.CommandID })
		if stop := slices.IndexFunc(got, func(n order) bool { return n.event == "stop_recording" }); start < 0 || stop != start+1 {
			t.Errorf("the start is told as %d, its stop as %d", start, stop)
		}
		for _, n := range got {
			if n.event == "command" && n.at < n.due+DefaultMaxLate {
				t.Errorf("told at %v of %v: it would be carried out", n.at, n.due)
			}
		}
	})
}
