package sim_test

import (
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/sim"
)

// laterPings counts the pings after from.
type laterPings struct {
	*clock.Estimator
	from clock.SessionTime
	n    int
}

func (l *laterPings) Sent(t clock.SessionTime) {
	if l.Estimator.Sent(t); t > l.from {
		l.n++
	}
}

// TestSteadyTraffic: once the skew is learnt a device on a quiet path is pinged at most
// once per 4 s, and what is believed of it is as good and as honest as before.
func TestSteadyTraffic(t *testing.T) {
	const learnt, steady = 2 * time.Minute, 10 * time.Minute
	limits := map[string]time.Duration{
		"wired": 5 * time.Microsecond, "loopback": 20 * time.Microsecond, "browser-5us": 15 * time.Microsecond,
		"wifi": 40 * time.Microsecond, "wifi-powersave": 40 * time.Microsecond,
		"intercontinental": 40 * time.Microsecond,
	}
	for name, limit := range limits {
		p := profile(t, name)
		var runs []sim.Stats
		pings := 0
		for seed := range uint64(seeds) {
			e := clock.NewEstimator(clock.Config{Seed: seed})
			l := &laterPings{Estimator: e, from: sim.Start.Add(learnt)}
			s := sim.Run(sim.Trial{World: sim.New(p, seed), Pinger: l, Filters: []sim.Filter{sim.Real{Estimator: e}}, For: learnt + steady, From: learnt})
			runs, pings = append(runs, s[0]), pings+l.n
		}
		perMinute := float64(pings) / seeds / steady.Minutes()
		all := sim.Merge(runs)
		t.Logf("%s: %.1f pings a minute, p50 %v, p95 %v, bound %v", name, perMinute, all.P50, all.P95, all.BoundP50)
		if perMinute > 15 || all.P95 > limit || all.Cover < 0.99 || all.HardMiss > 0 {
			t.Errorf("%s: %.1f pings a minute, p95 %v, cover %.2f %%, %d beyond the hard bound", name, perMinute, all.P95, 100*all.Cover, all.HardMiss)
		}
	}
}
