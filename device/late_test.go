package device

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/session"
)

// lateCase is a case of testdata/lateness.json, which explains itself.
type lateCase struct {
	Name, Event string
	Data        map[string]any
	Arrives     float64
	Clock       *float64
	Frozen      *[2]float64
	Others      []struct {
		Event       string
		At, Arrives float64
		Called      *float64
	}
	Want struct {
		Acts, Missed *float64
		Late         bool
		Reason       string
	}
}

// near is how exact the cases are: a device without a clock looks again every maxNap.
const near = 120 * time.Millisecond

// TestLateness: what is pointless when it is late isn't done late, and everything else is.
func TestLateness(t *testing.T) {
	b, err := os.ReadFile("testdata/lateness.json")
	must(t, err)
	var table struct{ Cases []lateCase }
	must(t, json.Unmarshal(b, &table))
	for _, c := range table.Cases {
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { c.run(t) })
		})
	}
}

// stopped is a device whose process can be stopped: its clock goes on meanwhile.
type stopped struct {
	*Device
	begin   time.Time
	mu      sync.Mutex
	skipped time.Duration
	told    []string // of the command in question
	late    time.Duration
}

// now is session time in ms from the command's instant, which is 10 s after the beginning.
func (s *stopped) now() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Since(s.begin) + s.skipped - 10*time.Second
}

// freeze lets d go by of which the device notices nothing.
func (s *stopped) freeze(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.skipped += d
}

func (s *stopped) tell(a Act, late time.Duration, what string) {
	if a.CommandID != "c" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told, s.late = append(s.told, what), late
}

// instant is the session time of the command.
const instant = clock.SessionTime(1_763_894_400_000_000_000)

func (c *lateCase) run(t *testing.T) {
	s := &stopped{begin: time.Now()}
	s.Device = New(Config{
		Now:      func() clock.DeviceTime { return clock.DeviceTime(s.now()) },
		Spin:     -1,
		Act:      func(a Act) { s.tell(a, a.At.Sub(a.Timestamp), fmt.Sprint("acts, late ", a.Late)) },
		OnMissed: func(a Act, late time.Duration, reason string) { s.tell(a, late, reason) },
	})
	for _, at := range c.steps(s) {
		if wait := at.at - s.now(); wait > 0 {
			time.Sleep(wait)
		}
		at.do()
		synctest.Wait()
	}
	time.Sleep(30 * time.Second)
	want, late := c.Want.Reason, c.Want.Missed
	if c.Want.Acts != nil {
		want, late = fmt.Sprint("acts, late ", c.Want.Late), c.Want.Acts
	}
	s.mu.Lock()
	if !slices.Equal(s.told, []string{want}) || (s.late-millis(*late)).Abs() > near {
		t.Errorf("%v, %v after the instant; want %s, %v ms after it", s.told, s.late, want, *late)
	}
	s.mu.Unlock()
	s.end()
}

// step is what happens to the device at a time.
type step struct {
	at time.Duration
	do func()
}

// steps are what happens in a case, in order.
func (c *lateCase) steps(s *stopped) []step {
	message := func(event, id string, at float64, more map[string]any) func() {
		data := map[string]any{"commandId": id, "timestamp": instant.Add(millis(at))}
		maps.Copy(data, more)
		b, _ := json.Marshal(map[string]any{"event": event, "data": data})
		return func() { s.control(b) }
	}
	learn := func() {
		s.frame(pingWith(clock.Map{Device: 0, Session: instant, Valid: true}))
	}
	steps := []step{{millis(c.Arrives), message(c.Event, "c", 0, c.Data)}}
	if c.Clock == nil {
		learn()
	} else {
		steps = append(steps, step{millis(*c.Clock), learn})
	}
	for i, o := range c.Others {
		id := fmt.Sprint("other", i)
		steps = append(steps, step{millis(o.Arrives), message(o.Event, id, o.At, nil)})
		if o.Called != nil {
			steps = append(steps, step{millis(*o.Called), message("cancelled", id, 0, nil)})
		}
	}
	if f := c.Frozen; f != nil {
		steps = append(steps, step{millis(f[0]), func() { s.freeze(millis(f[1] - f[0])) }})
	}
	slices.SortStableFunc(steps, func(a, b step) int { return cmp.Compare(a.at, b.at) })
	return steps
}

// TestMissedIsReported: what came too late is in the report as missed, not as acted; the
// spread leaves it out, and nobody waits for more to be said.
func TestMissedIsReported(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		d := w.run(Config{Net: w.net.Host("10.0.0.2")})
		<-d.Joined()
		time.Sleep(time.Second)
		cmd := w.schedule(time.Second)
		time.Sleep(980 * time.Millisecond)       // so late that no ping comes between: it would tell of the step
		d.skipped.Store(int64(19 * time.Second)) // it doesn't run for so long
		time.Sleep(time.Second)
		rep, err := w.svc.Report(t.Context(), "studio", cmd.CommandID)
		must(t, err)
		got := rep.Devices[0]
		if acts, _ := d.acted(); len(acts) != 0 || !got.Armed || got.At != nil || got.ErrorMs != nil || rep.SpreadMs != nil {
			t.Errorf("acted %+v, the report is %+v", acts, got)
		}
		if m := got.Missed; m == nil || m.Reason != session.MissedWoke || m.LateMs < 18900 || m.LateMs > 19000 {
			t.Errorf("missed %+v", m)
		}
		d.end(t)
	})
}
