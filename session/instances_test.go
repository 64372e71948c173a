package session

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/wire"
)

// second starts another instance on the same store.
func (w *world) second() *world {
	w.t.Helper()
	svc, err := New(Config{Store: w.svc.cfg.Store, Clocks: w})
	if err != nil {
		w.t.Fatal(err)
	}
	go func() { _ = svc.Run(w.ctx) }()
	return &world{t: w.t, svc: svc, ctx: w.ctx, clocks: map[string]Quality{}}
}

// TestAcrossInstances: what a leader does on one instance, those on another learn, with the
// reason.
func TestAcrossInstances(t *testing.T) {
	bubble(t, Config{Store: store.NewMemory()}, func(w *world) {
		there := w.second()
		a := w.join(JoinRequest{UserID: "ann"})
		b, c := there.join(JoinRequest{UserID: "bob"}), there.join(JoinRequest{UserID: "cy"})
		synctest.Wait() // this instance has seen them
		wantCode(t, a.RemoveDevice(w.ctx, b.DeviceID()), "")
		<-b.Done()
		wantCode(t, a.HandOver(w.ctx, "cy"), "")
		synctest.Wait()
		if b.Ending() != Removed || !c.IsLeader() || a.IsLeader() {
			t.Errorf("ended by %v, cy leads: %v", b.Ending(), c.IsLeader())
		}
		wantCode(t, c.End(w.ctx), "")
		<-a.Done()
		<-c.Done()
		if a.Ending() != Ended || c.Ending() != Ended {
			t.Errorf("ended by %v and %v", a.Ending(), c.Ending())
		}
		for _, world := range []*world{w, there} {
			_, err := world.tryJoin(JoinRequest{NoCreate: true})
			wantCode(t, err, wire.CodeSessionNotFound)
		}
	})
}

// TestEndAndJoinRace: who joins at the moment at which a session ends is told that it has
// ended, or is in a new one; nobody sits in one that isn't there.
func TestEndAndJoinRace(t *testing.T) {
	for range 50 {
		bubble(t, Config{Store: store.NewMemory()}, func(w *world) {
			there := w.second()
			a := w.join(JoinRequest{UserID: "ann"})
			var racing sync.WaitGroup
			var mu sync.Mutex
			var in []*part
			for range 4 {
				racing.Go(func() {
					p, err := there.tryJoin(JoinRequest{})
					if err != nil {
						wantCode(t, err, wire.CodeSessionNotFound)
						return
					}
					mu.Lock()
					defer mu.Unlock()
					in = append(in, p)
				})
			}
			racing.Go(func() { wantCode(t, a.End(w.ctx), "") })
			racing.Wait()
			time.Sleep(time.Second)
			for _, p := range in {
				_, err := there.svc.Snapshot(w.ctx, "studio")
				if !p.ended() && err != nil {
					t.Errorf("%s sits in a session that isn't there: %v", p.UserID(), err)
				}
				if p.ended() && p.Ending() != Ended && p.Ending() != Replaced {
					t.Errorf("ended by %v", p.Ending())
				}
			}
		})
	}
}
