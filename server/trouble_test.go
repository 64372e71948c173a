package server_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/clock/sim"
	"github.com/downbeat-sync/downbeat/internal/testnet"
)

// TestTrouble: half a minute after a clock has jumped, a route has changed or a
// path has been dead, the device is right again, and acts when it should; over
// the WebSocket it does so while the path is dead.
func TestTrouble(t *testing.T) {
	const at = 40 * time.Second
	wired := sim.Profiles()[0]
	jump := func(step time.Duration) sim.Profile {
		p := wired
		p.Events = []sim.Event{{At: at, Step: step}}
		return p
	}
	detour := wired
	detour.Route = []sim.Reroute{{At: at, Change: [2]float64{5, 5}}}
	for name, c := range map[string]struct {
		profile sim.Profile
		dead    time.Duration // how long nothing comes through
	}{
		"a step of 2 ms":  {profile: jump(2 * time.Millisecond)},
		"a step of hours": {profile: jump(5 * time.Hour)},
		"a clock stopped": {profile: jump(-47 * time.Second)},
		"another route":   {profile: detour},
		"a dead path":     {profile: wired, dead: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				cuts := func(p testnet.Path) testnet.Path {
					return func(now time.Time) (time.Duration, bool) {
						d, lost := p(now)
						since := now.Sub(start) - at
						return d, lost || since >= 0 && since < c.dead
					}
				}
				near := between(testnet.Constant(time.Millisecond), testnet.Constant(time.Millisecond))
				simulated := &profileClock{start: start, sim: sim.NewClock(c.profile, 5)}
				w := newWorld(t, near, path{
					toServer: cuts(onProfile(c.profile, 1, 5)), toDevice: cuts(onProfile(c.profile, 0, 6)), clock: simulated,
				})
				defer w.stop()
				time.Sleep(at)
				if c.dead > 0 {
					time.Sleep(c.dead / 2)
					w.actInTime()
				}
				time.Sleep(c.dead + 30*time.Second)
				w.actInTime()
			})
		})
	}
}

// actInTime has one command acted on, and checks each device's bound and miss.
func (w *world) actInTime() {
	w.t.Helper()
	s := w.schedule(map[string]any{"name": "flash", "delay": 2000})
	time.Sleep(3 * time.Second)
	for i, miss := range w.misses(s) {
		if miss.Abs() > 100*time.Microsecond {
			w.t.Errorf("device %d missed by %v", i, miss)
		}
	}
}
