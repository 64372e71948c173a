package sim_test

import (
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/sim"
)

const seeds = 12

// play runs the real estimator through p, the schedule its own.
func play(p sim.Profile, length, from time.Duration) (own, oracle sim.Stats) {
	var mine, its []sim.Stats
	for seed := range uint64(seeds) {
		e := clock.NewEstimator(clock.Config{Seed: seed})
		s := sim.Run(sim.Trial{World: sim.New(p, seed), Pinger: e, Filters: []sim.Filter{sim.Real{Estimator: e}}, For: length, From: from})
		mine, its = append(mine, s[0]), append(its, s[1])
	}
	return sim.Merge(mine), sim.Merge(its)
}

func TestBoundsAreHonest(t *testing.T) {
	for _, p := range sim.Profiles() {
		t.Run(p.Name, func(t *testing.T) {
			own, oracle := play(p, 5*time.Minute, 100*time.Millisecond)
			if own.Cover < 0.99 {
				t.Errorf("the 99 %% bound holds in %.2f %% of the readings", own.Cover*100)
			}
			if own.HardMiss > 0 {
				t.Errorf("%d of %d readings beyond the hard bound", own.HardMiss, own.Readings)
			}
			t.Logf("p50 %v, p95 %v, bound %v, oracle's p95 %v", own.P50, own.P95, own.BoundP50, oracle.P95)
		})
	}
}

// No more is stated than is needed: half of the bounds are within four times what the error
// stays below in 95 % of the readings.
func TestBoundsAreTight(t *testing.T) {
	for _, p := range sim.Profiles() {
		own, _ := play(p, 5*time.Minute, 10*time.Second)
		width := float64(own.BoundP50) / float64(own.P95)
		t.Logf("%s: p95 %v, bound %v, %.2f times", p.Name, own.P95, own.BoundP50, width)
		if width > 4 {
			t.Errorf("%s: the bound is %v, %.2f times the error's p95", p.Name, own.BoundP50, width)
		}
	}
}

// counted counts the pings from an instant on, and where the estimator started over.
type counted struct {
	*clock.Estimator
	from  clock.SessionTime
	pings int
}

func (c *counted) Sent(at clock.SessionTime) {
	if at >= c.from {
		c.pings++
	}
	c.Estimator.Sent(at)
}

// More pings are sent only while they tighten the bound: over queues that are seldom near their floor, few more
// than over a quiet path. There the quickest exchange is far above the floors, which is no step of the clock.
func TestPingsThatPay(t *testing.T) {
	rate := func(name string) (perMinute float64) {
		const minutes, from = 10, 5
		for seed := range uint64(seeds) {
			e := clock.NewEstimator(clock.Config{Seed: seed})
			c := &counted{Estimator: e, from: sim.Start.Add(from * time.Minute)}
			sim.Run(sim.Trial{World: sim.New(profile(t, name), seed), Pinger: c, Filters: []sim.Filter{sim.Real{Estimator: e}}, For: minutes * time.Minute})
			perMinute += float64(c.pings) / (minutes - from) / seeds
		}
		t.Logf("%s: %.1f pings a minute", name, perMinute)
		return perMinute
	}
	if quiet := rate("wired"); quiet > 15 {
		t.Errorf("%.1f pings a minute over a quiet path", quiet)
	}
	if seldom := rate("normal"); seldom > 50 {
		t.Errorf("%.1f pings a minute where more of them tell little", seldom)
	}
}

// Usable half a second after the first ping.
func TestUsableAtOnce(t *testing.T) {
	limits := map[string]time.Duration{
		"loopback": 50 * time.Microsecond, "wired": 50 * time.Microsecond, "browser-5us": 100 * time.Microsecond,
		"browser-20us": 100 * time.Microsecond, "browser-100us": 100 * time.Microsecond, "browser-1ms": time.Millisecond,
		"wifi": time.Millisecond, "wifi-powersave": time.Millisecond,
	}
	for _, p := range sim.Profiles() {
		limit, ok := limits[p.Name]
		if !ok {
			continue
		}
		own, _ := play(p, time.Second, 500*time.Millisecond)
		if own.P95 > limit {
			t.Errorf("%s: p95 %v after half a second, want %v", p.Name, own.P95, limit)
		}
		if p.Name == "loopback" {
			if own, _ := play(p, 300*time.Millisecond, 200*time.Millisecond); own.BoundP50 > time.Millisecond {
				t.Errorf("%s: bound %v after 200 ms", p.Name, own.BoundP50)
			}
		}
	}
}

func profile(t *testing.T, name string) sim.Profile {
	t.Helper()
	for _, p := range sim.Profiles() {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no profile %q", name)
	return sim.Profile{}
}

// After ten minutes of tracking, ten without an exchange.
func TestHoldover(t *testing.T) {
	const devices = 40
	for _, name := range []string{"wired", "wifi"} {
		p := profile(t, name)
		far, beyond := 0, 0
		for seed := range uint64(devices) {
			w, e := sim.New(p, seed), clock.NewEstimator(clock.Config{Seed: seed})
			sim.Run(sim.Trial{World: w, Pinger: e, Filters: []sim.Filter{sim.Real{Estimator: e}}, For: 10 * time.Minute})
			at := sim.Start.Add(20 * time.Minute)
			est := e.Estimate(at)
			miss := (est.Offset - w.Offset(at)).Abs()
			if miss > 200*time.Microsecond {
				far++
			}
			if miss > est.Bound {
				beyond++
			}
			if est.State != clock.Holdover {
				t.Errorf("state %v", est.State)
			}
		}
		if far > devices/20 || beyond > 0 {
			t.Errorf("%s: %d of %d off by more than 200 µs, %d beyond the bound", name, far, devices, beyond)
		}
	}
}

// Steps of the clock, sleep and new routes: right again soon, and honest but
// for what can't have been noticed yet.
func TestSteps(t *testing.T) {
	at := time.Minute
	for name, events := range map[string][]sim.Event{
		"50us":  {{At: at, Step: 50 * time.Microsecond}},
		"-2ms":  {{At: at, Step: -2 * time.Millisecond}},
		"sleep": {{At: at, Step: -47 * time.Second}},
		"hours": {{At: at, Step: 5 * time.Hour}},
		"twice": {{At: at, Step: time.Millisecond}, {At: at + 10*time.Second, Step: -time.Millisecond}},
	} {
		for _, path := range []string{"wired", "browser-5us", "wifi"} {
			p := profile(t, path)
			p.Events = events
			own, _ := play(p, 2*time.Minute, at+40*time.Second)
			limit := 60 * time.Microsecond
			if path == "wifi" {
				limit = 200 * time.Microsecond
			}
			if own.P95 > limit || own.HardMiss > 0 || own.Cover < 0.99 {
				t.Errorf("%s, %s: p95 %v, %d beyond the hard bound, cover %.2f %%", path, name, own.P95, own.HardMiss, own.Cover*100)
			}
		}
	}
}

func TestRoutes(t *testing.T) {
	for name, change := range map[string][2]float64{"shorter": {-5, -5}, "longer": {5, 5}} {
		p := profile(t, "intercontinental")
		p.Route = []sim.Reroute{{At: time.Minute, Change: change}}
		own, _ := play(p, 4*time.Minute, 10*time.Second)
		if own.P95 > time.Millisecond || own.HardMiss > 0 || own.Cover < 0.99 {
			t.Errorf("%s: p95 %v, max %v, %d beyond the hard bound, cover %.2f %%", name, own.P95, own.Max, own.HardMiss, own.Cover*100)
		}
	}
}

func TestRepeatable(t *testing.T) {
	for _, p := range sim.Profiles() {
		one, two := sim.New(p, 4), sim.New(p, 4)
		for i := range 100 {
			at := sim.Start.Add(time.Duration(i) * 37 * time.Millisecond)
			x := one.Exchange(at)
			if y := two.Exchange(at); x != y {
				t.Fatalf("%s: %+v, then %+v", p.Name, x, y)
			}
			if x.T4 < x.T1 || x.T3 < x.T2 {
				t.Fatalf("%s: %+v", p.Name, x)
			}
		}
	}
}
