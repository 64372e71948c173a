package e2e

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

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

// TestTwoClocks: devices of two instances whose machines' clocks are 100 ms and 40 ppm apart act at
// one instant, and what they take session time to be differs by no more than their bounds say.
func TestTwoClocks(t *testing.T) {
	nats := newNATS(t).url()
	one := newInstance(t, "--nats", nats, "--fake-clock=+50ms,+20ppm")
	two := newInstance(t, "--nats", nats, "--fake-clock=-50ms,-20ppm")
	ann, bob := one.observe("ann"), two.observe("bob")
	time.Sleep(3 * time.Second)
	var spreads []time.Duration
	for range 5 {
		m, err := ann.Call(t.Context(), "schedule", map[string]any{"name": "flash"})
		check(t, err)
		var cmd session.Scheduled
		check(t, json.Unmarshal(m.Data, &cmd))
		a, b := <-ann.acts, <-bob.acts
		if a.CommandID != cmd.CommandID || b.CommandID != cmd.CommandID {
			t.Fatalf("acted on %s and %s, want %s", a.CommandID, b.CommandID, cmd.CommandID)
		}
		spreads = append(spreads, a.At.Sub(b.At).Abs())
	}
	slices.Sort(spreads)
	t.Logf("true spreads %v", spreads)
	if median := spreads[len(spreads)/2]; median > 20*time.Millisecond {
		t.Errorf("the devices of the two instances act %v apart", median)
	}
	outside := 0
	const readings = 200
	for range readings {
		time.Sleep(10 * time.Millisecond)
		at := clocksNow()
		apart := ann.Clock().Session(at).Sub(bob.Clock().Session(at)).Abs()
		outside += oneIf(apart > ann.Clock().Bound()+bob.Clock().Bound())
	}
	if outside*100 > readings {
		t.Errorf("%d of %d times further apart than their bounds say", outside, readings)
	}
}

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}
