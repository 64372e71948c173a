package session

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/store"
)

// counting is a store that counts writes, and takes none of an instance that is dead.
type counting struct {
	store.Store
	mu     sync.Mutex
	writes []string
	dead   bool
}

func (c *counting) Put(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	c.mu.Lock()
	c.writes = append(c.writes, key)
	dead := c.dead
	c.mu.Unlock()
	if dead {
		return 0, errors.New("dead")
	}
	return c.Store.Put(ctx, key, value, revision)
}

func (c *counting) taken() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer func() { c.writes = nil }()
	return strings.Join(c.writes, " ")
}

// two runs a test with two instances on one store, each with two devices of a session; the leader is on the first one.
func two(t *testing.T, messages bool, test func(w, there *world, devices []*part, stores [2]*counting)) {
	t.Helper()
	kept := store.NewMemory()
	stores := [2]*counting{{Store: kept}, {Store: kept}}
	cfg := Config{Store: stores[0]}
	if messages {
		cfg.Messages = kept
	}
	bubble(t, cfg, func(w *world) {
		svc, err := New(Config{Store: stores[1], Messages: cfg.Messages, Clocks: w})
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = svc.Run(w.ctx) }()
		there := &world{t: w.t, svc: svc, ctx: w.ctx, clocks: map[string]Quality{}}
		var devices []*part
		for i := range 4 {
			devices = append(devices, []*world{w, there}[i/2].join(JoinRequest{UserID: fmt.Sprint("user", i), DeviceType: "mobile"}))
			synctest.Wait()
		}
		test(w, there, devices, stores)
	})
}

// act has devices say that they are armed and have fired.
func act(t *testing.T, w *world, cmd Scheduled, devices ...*part) {
	t.Helper()
	synctest.Wait() // they have heard of it
	for _, d := range devices {
		wantCode(t, d.Armed(w.ctx, cmd.CommandID), "")
	}
	time.Sleep(cmd.Timestamp.Sub(w.svc.now().Time()))
	for i, d := range devices {
		wantCode(t, d.Fired(w.ctx, cmd.CommandID, cmd.Timestamp.Add(time.Duration(i)*time.Millisecond), false), "")
	}
}

// stored returns how many devices a command's report has in the store that have fired.
func stored(t *testing.T, s store.Store, commandID string) (fired int) {
	t.Helper()
	st := rules.NewState("studio")
	all, err := s.List(t.Context(), rules.FilterOf("studio"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if _, _, err := st.Apply(rules.Entry(e)); err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range st.Acks[commandID] {
		if a.Fired && a.Armed {
			fired++
		}
	}
	return fired
}

// TestTwoWrites: a command costs two writes, however many devices of however many instances carry it out; the
// leader's report is complete as soon as the last one has said so.
func TestTwoWrites(t *testing.T) {
	two(t, true, func(w, there *world, devices []*part, stores [2]*counting) {
		_, _ = stores[0].taken(), stores[1].taken()
		cmd, err := devices[0].Schedule(w.ctx, ScheduleRequest{Name: "flash"})
		wantCode(t, err, "")
		act(t, w, cmd, devices...)
		time.Sleep(sayWithin)
		synctest.Wait()
		if n := stored(t, stores[0], cmd.CommandID); n != 4 {
			t.Errorf("%d devices are stored to have fired", n)
		}
		reports := 0
		for _, e := range devices[0].heard() {
			if rep, is := e.Data.(Report); is {
				reports++
				if len(rep.Devices) != 4 || rep.SpreadMs == nil || *rep.SpreadMs != 3 {
					t.Errorf("the report is %+v", rep)
				}
			}
		}
		time.Sleep(10 * time.Second)
		want := "s.studio.command." + cmd.CommandID + " s.studio.report." + cmd.CommandID
		if here, there := stores[0].taken(), stores[1].taken(); here != want || there != "" || reports != 1 {
			t.Errorf("%d reports, written %q and %q", reports, here, there)
		}
	})
}

// TestWhoIssuedIsDead: what devices of the other instances have said is stored by those; of its own ones, what it
// has told them.
func TestWhoIssuedIsDead(t *testing.T) {
	two(t, true, func(w, there *world, devices []*part, stores [2]*counting) {
		cmd, err := devices[0].Schedule(w.ctx, ScheduleRequest{Name: "flash"})
		wantCode(t, err, "")
		stores[0].dead = true
		act(t, w, cmd, devices...)
		time.Sleep(w.svc.cfg.ReportWait + othersWait)
		synctest.Wait()
		if n := stored(t, stores[1], cmd.CommandID); n != 4 {
			t.Errorf("%d devices are stored to have fired", n)
		}
	})
}

// TestUnheard: instances that don't hear each other have one report in the store nevertheless, which both tell.
func TestUnheard(t *testing.T) {
	two(t, false, func(w, there *world, devices []*part, stores [2]*counting) {
		cmd, err := devices[0].Schedule(w.ctx, ScheduleRequest{Name: "flash"})
		wantCode(t, err, "")
		act(t, w, cmd, devices...)
		time.Sleep(w.svc.cfg.ReportWait + othersWait + lateWithin)
		synctest.Wait()
		if n := stored(t, stores[1], cmd.CommandID); n != 4 {
			t.Errorf("%d devices are stored to have fired", n)
		}
		for _, svc := range []*Service{w.svc, there.svc} {
			rep, err := svc.Report(w.ctx, "studio", cmd.CommandID)
			wantCode(t, err, "")
			if rep.SpreadMs == nil || *rep.SpreadMs != 3 {
				t.Errorf("the report is %+v", rep)
			}
		}
	})
}

// TestLastWordIsStored: what was said right before everybody left is stored, also when the service ends then.
func TestLastWordIsStored(t *testing.T) {
	for _, ends := range []bool{false, true} {
		kept := store.NewMemory()
		var cmd Scheduled
		bubble(t, Config{Store: kept}, func(w *world) {
			a, b := w.join(JoinRequest{UserID: "ann"}), w.join(JoinRequest{UserID: "bob"})
			var err error
			cmd, err = a.Schedule(w.ctx, ScheduleRequest{Name: "flash"})
			wantCode(t, err, "")
			act(t, w, cmd, b)
			wantCode(t, a.Disconnect(w.ctx), "")
			wantCode(t, b.Disconnect(w.ctx), "")
			if !ends {
				time.Sleep(5 * time.Second)
				w.svc.mu.Lock()
				defer w.svc.mu.Unlock()
				if n := len(w.svc.rooms); n != 0 {
					t.Errorf("%d rooms stay", n)
				}
			}
		})
		if n := stored(t, kept, cmd.CommandID); n != 1 {
			t.Errorf("%d devices are stored to have fired (service ended: %v)", n, ends)
		}
	}
}
