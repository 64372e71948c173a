package sim_test

import (
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/sim"
)

// device follows the maps that come with the pings, and is judged by what it
// takes session time to be.
type device struct {
	*clock.Estimator
	t      *testing.T
	world  *sim.World
	follow clock.Follower
	maps   map[clock.SessionTime]clock.Map
	last   clock.SessionTime
	epoch  uint16
}

func (d *device) Sent(t1 clock.SessionTime) {
	d.maps[t1] = d.Estimate(t1).Map
	d.Estimator.Sent(t1)
}

func (d *device) Add(x clock.Exchange) error {
	d.follow.Set(d.maps[x.T1], x.T2)
	return d.Estimator.Add(x)
}

func (d *device) Offset(at clock.SessionTime) (offset, bound, hard time.Duration) {
	local := clock.DeviceTime(at.Add(d.world.Offset(at)))
	if !d.follow.Valid() {
		return d.world.Offset(at), 0, 0
	}
	now := d.follow.Session(local)
	if now < d.last && d.follow.Epoch() == d.epoch {
		d.t.Errorf("session time went back by %v within an epoch", d.last.Sub(now))
	}
	d.last, d.epoch = now, d.follow.Epoch()
	return d.world.Offset(at) - now.Sub(at), d.follow.Bound(local), d.follow.Hard(local)
}

// What a device makes of the maps is as honest as the estimate.
func TestDevicesAreHonest(t *testing.T) {
	for _, p := range sim.Profiles() {
		var runs []sim.Stats
		for seed := range uint64(seeds) {
			w := sim.New(p, seed)
			d := &device{Estimator: clock.NewEstimator(clock.Config{Seed: seed}), t: t, world: w, maps: map[clock.SessionTime]clock.Map{}}
			s := sim.Run(sim.Trial{World: w, Pinger: d, Filters: []sim.Filter{d}, For: 3 * time.Minute, From: 500 * time.Millisecond})
			runs = append(runs, s[0])
		}
		all := sim.Merge(runs)
		if all.HardMiss > 0 || all.Cover < 0.99 {
			t.Errorf("%s: %d of %d beyond the hard bound, cover %.2f %%", p.Name, all.HardMiss, all.Readings, 100*all.Cover)
		}
		t.Logf("%s: p50 %v, p95 %v, bound %v", p.Name, all.P50, all.P95, all.BoundP50)
	}
}

// Hours of it: nothing drifts away, the hard bound holds at every reading.
func TestLongRun(t *testing.T) {
	p := profile(t, "wired")
	p.Wander, p.Temp = 1e-16, 1e-6
	e := clock.NewEstimator(clock.Config{})
	s := sim.Run(sim.Trial{
		World: sim.New(p, 1), Pinger: &sim.EachSecond{N: 12}, Filters: []sim.Filter{sim.Real{Estimator: e}},
		For: 6 * time.Hour, From: time.Second, Every: 10 * time.Second,
	})[0]
	if s.HardMiss > 0 || s.Cover < 0.99 || s.P95 > 20*time.Microsecond {
		t.Errorf("p95 %v, %d of %d beyond the hard bound, cover %.2f %%", s.P95, s.HardMiss, s.Readings, 100*s.Cover)
	}
}
