package e2e

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/api"
	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/internal/lab"
	"github.com/downbeat-sync/downbeat/session"
)

// observed is a device in this process, by whose clock the devices of several instances are compared.
type observed struct {
	*device.Device
	acts chan lab.Act
}

var clocksBegan = time.Now()

func clocksNow() clock.DeviceTime { return clock.DeviceTime(time.Since(clocksBegan)) }

// observe joins a session of an instance by a device whose acts are stamped.
func (i *instance) observe(user string) *observed {
	i.t.Helper()
	d := &observed{acts: make(chan lab.Act, 100)}
	d.Device = device.New(device.Config{
		URL: i.url, SessionID: "studio", UserID: user, Create: true, Now: clocksNow,
		Act: func(a device.Act) { d.acts <- lab.Act{CommandID: a.CommandID, At: time.Now()} },
	})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	failed := make(chan error, 1)
	running.Go(func() { failed <- d.Run(ctx) })
	i.t.Cleanup(func() { cancel(); running.Wait() })
	select {
	case <-d.Connected():
	case err := <-failed:
		i.t.Fatalf("%s: %v", user, err)
	case <-time.After(30 * time.Second):
		i.t.Fatalf("%s has no data channel after 30 s", user)
	}
	return d
}

// twoClocks is two instances whose machines' clocks are 100 ms and 40 ppm apart, and a device of each.
type twoClocks struct {
	tb       testing.TB
	one, two *instance
	ann, bob *observed
}

func newTwoClocks(tb testing.TB) *twoClocks {
	nats := newNATS(tb).url()
	one := newInstance(tb, "--nats", nats, "--fake-clock=+50ms,+20ppm")
	two := newInstance(tb, "--nats", nats, "--fake-clock=-50ms,-20ppm")
	c := &twoClocks{tb, one, two, one.observe("ann"), two.observe("bob")}
	time.Sleep(3 * time.Second)
	return c
}

// spreads returns how far apart the two devices truly act on so many commands, sorted.
func (c *twoClocks) spreads(commands int) (spreads []time.Duration) {
	c.tb.Helper()
	for range commands {
		m, err := c.ann.Call(context.Background(), "schedule", map[string]any{"name": "flash"})
		check(c.tb, err)
		var cmd session.Scheduled
		check(c.tb, json.Unmarshal(m.Data, &cmd))
		a, b := <-c.ann.acts, <-c.bob.acts
		if a.CommandID != cmd.CommandID || b.CommandID != cmd.CommandID {
			c.tb.Fatalf("acted on %s and %s, want %s", a.CommandID, b.CommandID, cmd.CommandID)
		}
		spreads = append(spreads, a.At.Sub(b.At).Abs())
	}
	slices.Sort(spreads)
	return spreads
}

// outside returns how often of so many times what the devices take session time to be differs by
// more than their bounds say.
func (c *twoClocks) outside(readings int) (outside int) {
	for range readings {
		time.Sleep(10 * time.Millisecond)
		at := clocksNow()
		apart := c.ann.Clock().Session(at).Sub(c.bob.Clock().Session(at)).Abs()
		outside += oneIf(apart > c.ann.Clock().Bound()+c.bob.Clock().Bound())
	}
	return outside
}

// TestTwoClocks: devices of two instances whose machines' clocks are apart act at one instant, and what
// they take session time to be differs by no more than their bounds say. Each instance knows
// the clocks of the other's devices.
func TestTwoClocks(t *testing.T) {
	c := newTwoClocks(t)
	spreads := c.spreads(5)
	t.Logf("true spreads %v", spreads)
	if median := spreads[len(spreads)/2]; median > 20*time.Millisecond {
		t.Errorf("the devices of the two instances act %v apart", median)
	}
	for _, i := range []*instance{c.one, c.two} {
		i.knowsBoth()
	}
	const readings = 200
	if outside := c.outside(readings); outside*100 > readings {
		t.Errorf("%d of %d times further apart than their bounds say", outside, readings)
	}
}

// knowsBoth looks whether an instance knows the clocks of both devices.
func (i *instance) knowsBoth() {
	i.t.Helper()
	var known struct{ Devices []session.DeviceSync }
	i.get("/api/sessions/studio/sync", &known)
	for _, d := range known.Devices {
		if d.State != "tracking" || d.BoundMs <= 0 || d.Path != "udp" || d.LeadMs <= 0 {
			i.t.Errorf("an instance knows of a device: %+v", d)
		}
	}
	if len(known.Devices) != 2 {
		i.t.Errorf("an instance knows of %d devices", len(known.Devices))
	}
}

// TestReferenceStopped: the reference's process is stopped for so long that another takes its place. Once it goes on
// it follows that one, and the devices of both still have one time. Then the new reference dies.
func TestReferenceStopped(t *testing.T) {
	c := newTwoClocks(t)
	check(t, c.one.cmd.Process.Signal(syscall.SIGSTOP))
	defer func() { _ = c.one.cmd.Process.Signal(syscall.SIGCONT) }()
	holds := func(i *instance) func() bool {
		return func() bool { r := i.reference(); return r != nil && r.Self }
	}
	eventually(t, "the other to be the reference", holds(c.two))
	check(t, c.one.cmd.Process.Signal(syscall.SIGCONT))
	eventually(t, "the one that was stopped to follow", func() bool {
		r := c.one.reference()
		return r != nil && !r.Self && r.Path != "" && r.Why == ""
	})
	time.Sleep(3 * time.Second)
	const readings = 200
	if outside := c.outside(readings); outside*100 > readings {
		t.Errorf("%d of %d times further apart than their bounds say", outside, readings)
	}
	before := clocksNow()
	was := c.ann.Clock().Session(before)
	c.two.kill()
	eventually(t, "the first to be the reference again", holds(c.one))
	after := clocksNow()
	jump := c.ann.Clock().Session(after).Sub(was) - after.Sub(before)
	if most := time.Duration(float64(after.Sub(before))*100e-6) + 200*time.Microsecond; jump.Abs() > most {
		t.Errorf("session time jumped by %v when the reference died", jump)
	}
}

// reference returns what an instance says of the reference.
func (i *instance) reference() *api.ReferenceStatus {
	var info struct{ Time api.TimeStatus }
	i.get("/api/info", &info)
	return info.Time.Reference
}

// BenchmarkTwoClocks tells how far apart devices of two instances truly act, and how often what they take
// session time to be differs by more than their bounds say.
func BenchmarkTwoClocks(b *testing.B) {
	c := newTwoClocks(b)
	spreads, outside := c.spreads(30), c.outside(1000)
	for b.Loop() { // it is measured once
	}
	b.ReportMetric(ms(spreads[len(spreads)/2]), "ms-spread-p50")
	b.ReportMetric(ms(spreads[len(spreads)-1]), "ms-spread-max")
	b.ReportMetric(float64(outside)/10, "%-outside")
	b.ReportMetric(0, "ns/op")
}

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}
