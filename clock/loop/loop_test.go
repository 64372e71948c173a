package loop

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/frame"
	"github.com/downbeat-sync/downbeat/clock/sim"
	"github.com/downbeat-sync/downbeat/internal/testutil"
)

func TestMain(m *testing.M) { testutil.Main(m) }

// rig is a server and a device with one of the simulator's worlds between them, in fake time.
type rig struct {
	start  time.Time
	mu     sync.Mutex // of world
	world  *sim.World
	source *clock.Source
	server *Server
	device *Device
	answer sync.Mutex    // one ping is answered at a time
	back   time.Duration // of the exchange whose pong leaves then
}

func newRig(p sim.Profile, seed uint64) *rig {
	r := &rig{start: time.Now(), world: sim.New(p, seed), source: clock.NewSource(time.Now)}
	r.device = NewDevice(DeviceConfig{Now: r.now, Resolution: p.Resolution, Send: r.toServer})
	r.server = NewServer(Config{Source: r.source, Send: r.toDevice, Seed: seed})
	return r
}

// at is the present as the world counts it.
func (r *rig) at() clock.SessionTime { return sim.Start.Add(time.Since(r.start)) }

// now is the device's clock.
func (r *rig) now() clock.DeviceTime {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.world.Device(r.at())
}

// toDevice has a ping arrive when the world says so, or never.
func (r *rig) toDevice(b []byte) error {
	now := r.at()
	r.mu.Lock()
	x, sent := r.world.Exchange(now), r.world.Device(now)
	r.mu.Unlock()
	if x.Lost {
		return nil
	}
	ping := append([]byte(nil), b...)
	time.AfterFunc(x.T2.Sub(sent), func() { // as long as its way took by the device's clock
		r.answer.Lock()
		defer r.answer.Unlock()
		r.back = x.T4.Sub(r.at())
		_ = r.device.Receive(ping)
	})
	return nil
}

func (r *rig) toServer(b []byte) error {
	pong := append([]byte(nil), b...)
	time.AfterFunc(r.back, func() { _ = r.server.Receive(pong) })
	return nil
}

// run has the server ping until what it returns is called, in a bubble.
func (r *rig) run(t *testing.T) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { r.server.Run(ctx) })
	return func() {
		cancel()
		running.Wait()
		time.Sleep(time.Minute) // of the bubble's: all frames have arrived
	}
}

// error is by how much the device's session time is off.
func (r *rig) error() time.Duration {
	now, _ := r.device.Clock().Now()
	return now.Sub(r.source.Now())
}

// TestTraces: on the simulator's networks and clocks, with loss and packets that overtake each other, the device's hard
// bound always holds for what it tells, and its 99 % bound as often as it says, over all of them.
func TestTraces(t *testing.T) {
	outside, readings := 0, 0
	for _, p := range sim.Profiles() {
		for seed := range uint64(4) {
			t.Run(p.Name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { outside += followTrace(t, p, seed+5) })
			})
			readings += tracedReadings
		}
	}
	t.Logf("%d of %d readings are outside of the 99 %% bound", outside, readings)
	if outside > readings/100 {
		t.Errorf("%d of %d readings are outside of the 99 %% bound", outside, readings)
	}
}

const tracedReadings = 1000

// followTrace returns how many readings of a run are outside of the 99 % bound.
func followTrace(t *testing.T, p sim.Profile, seed uint64) (outside int) {
	r := newRig(p, seed)
	defer r.run(t)()
	time.Sleep(10 * time.Second)
	for range tracedReadings {
		time.Sleep(53 * time.Millisecond)
		off := r.error().Abs()
		if hard := r.device.Clock().Hard(); off > hard+p.Resolution { // a reading is as coarse as the clock
			t.Fatalf("seed %d: %v off, hard bound %v", seed, off, hard)
		}
		if off > r.device.Clock().Bound()+p.Resolution {
			outside++
		}
	}
	return outside
}

// TestSteered: the device follows a session time that is steered, and its bounds hold meanwhile.
func TestSteered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(sim.Profiles()[0], 3)
		defer r.run(t)()
		time.Sleep(10 * time.Second)
		r.source.Steer(time.Now().Add(time.Millisecond), clock.Steering{Rate: 20e-6, By: 3 * time.Millisecond, Pace: 50e-6})
		r.server.Kick()
		for range 500 {
			time.Sleep(101 * time.Millisecond)
			if off, hard := r.error().Abs(), r.device.Clock().Hard(); off > hard {
				t.Fatalf("%v off, hard bound %v", off, hard)
			}
		}
	})
}

// TestBadFrames: neither end takes what isn't for it.
func TestBadFrames(t *testing.T) {
	source := clock.NewSource(time.Now)
	sent := 0
	s := NewServer(Config{Source: source, Send: func([]byte) error { sent++; return nil }})
	d := NewDevice(DeviceConfig{Now: func() clock.DeviceTime { return 0 }, Send: func([]byte) error { sent++; return errors.New("no way") }})
	ping, pong := frame.Ping{Nonce: 1}.Append(nil), frame.Pong{Nonce: 1}.Append(nil)
	for _, b := range [][]byte{nil, ping, ping[:59], append(pong, 0)} {
		if err := s.Receive(b); !errors.Is(err, frame.ErrBad) {
			t.Errorf("the server takes %x: %v", b, err)
		}
	}
	if err := s.Receive(pong); err != nil || s.Estimate().Map.Valid {
		t.Errorf("a pong to no ping: %v", err)
	}
	if err := d.Receive(pong); !errors.Is(err, frame.ErrBad) || sent != 0 {
		t.Errorf("the device takes a pong: %v", err)
	}
	if err := d.Receive(ping); err == nil || sent != 1 {
		t.Errorf("a pong that can't be sent: %v", err)
	}
}

// TestStopped: a device that says that its clock stood still is measured anew.
func TestStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(sim.Profiles()[0], 3)
		defer r.run(t)()
		time.Sleep(5 * time.Second)
		before := r.server.Estimate()
		r.device.Stopped()
		r.server.Burst(r.source.Now().Add(time.Second))
		time.Sleep(5 * time.Second)
		if after := r.server.Estimate(); after.Map.Epoch == before.Map.Epoch || !after.Map.Valid {
			t.Errorf("epoch %d before and %d after", before.Map.Epoch, after.Map.Epoch)
		}
	})
}
