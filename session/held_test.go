package session

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

// who returns of whom a part has heard that they came, since it was last asked.
func (p *part) who() (ids []string) {
	for _, e := range p.heard() {
		if e.Name == wire.UserJoined {
			ids = append(ids, e.Data.(UserJoined).UserID)
		}
	}
	return ids
}

// TestCrowdHears: a large session tells who comes and goes a little later and together, each member what it
// doesn't know from its own joining, all in order and before anything else that happens.
func TestCrowdHears(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		first := w.join(JoinRequest{UserID: "ann"})
		for i := 1; i < crowd; i++ {
			w.join(JoinRequest{UserID: fmt.Sprint("early", i)})
		}
		synctest.Wait()
		if n := len(first.who()); n != crowd-1 {
			t.Fatalf("a small session is told of %d at once, want %d", n, crowd-1)
		}

		one := w.join(JoinRequest{UserID: "one"})
		time.Sleep(heldFor / 2)
		w.join(JoinRequest{UserID: "two"})
		time.Sleep(heldFor/2 - time.Microsecond)
		if got := first.who(); got != nil {
			t.Errorf("told %v early", got)
		}
		time.Sleep(time.Microsecond)
		synctest.Wait()
		if got := first.who(); !slices.Equal(got, []string{"one", "two"}) {
			t.Errorf("the first member heard of %v", got)
		}
		if got := one.who(); !slices.Equal(got, []string{"two"}) {
			t.Errorf("one, who knows the others from the answer, heard of %v", got)
		}

		three := w.join(JoinRequest{UserID: "three"})
		if _, err := first.Schedule(w.ctx, ScheduleRequest{Name: "flash"}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := one.names(); !slices.Equal(got, []string{wire.UserJoined, wire.DeviceJoined, "command"}) {
			t.Errorf("one heard %v", got)
		}
		if err := three.Leave(w.ctx); err != nil {
			t.Fatal(err)
		}
		time.Sleep(heldFor)
		synctest.Wait()
		if got := one.names(); !slices.Equal(got, []string{wire.DeviceDisconnected, wire.UserLeft, wire.DeviceRemoved}) {
			t.Errorf("of three's going one heard %v", got)
		}

		first.heard()
		for i := range heldMost / 2 {
			w.join(JoinRequest{UserID: fmt.Sprint("late", i)})
		}
		synctest.Wait()
		if n := len(first.who()); n < heldMost/2-1 {
			t.Errorf("of %d who came within a moment the first member heard of %d", heldMost/2, n)
		}
	})
}
