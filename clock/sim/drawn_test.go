package sim_test

import (
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/sim"
)

// Profiles that nothing was tuned by, with one exchange a second: the bounds
// are honest, and the error is near the oracle's, who knows the clock. On a
// wired path the oracle errs by half a microsecond, less than a clock wanders
// in the half minute that its skew takes to show.
func TestDrawnProfiles(t *testing.T) {
	const devices = 30
	for _, p := range sim.Profiles() {
		switch p.Name {
		case "wander", "80ppm", "hops-one-way", "hops-unequal", "lognormal-unequal", "ordered-hops":
			continue // drawn for the others, too
		}
		var mine, its []sim.Stats
		for seed := range uint64(devices) {
			e := clock.NewEstimator(clock.Config{Seed: seed})
			s := sim.Run(sim.Trial{
				World: sim.New(sim.Drawn(p.Name, seed), seed), Pinger: &sim.EachSecond{N: 12}, Filters: []sim.Filter{sim.Real{Estimator: e}},
				For: 10 * time.Minute, From: 10 * time.Second, Every: time.Second,
			})
			mine, its = append(mine, s[0]), append(its, s[1])
		}
		own, oracle := sim.Merge(mine), sim.Merge(its)
		ratio, limit := float64(own.P95)/float64(oracle.P95), 2.5
		if p.Name == "wired" {
			limit = 3
		}
		t.Logf("%-16s p50 %v, p95 %v, oracle's %v, ratio %.2f, bound %v, cover %.2f %%", p.Name, own.P50, own.P95, oracle.P95, ratio, own.BoundP50, 100*own.Cover)
		if own.Cover < 0.99 || own.HardMiss > 0 || ratio > limit {
			t.Errorf("%s: %d beyond the hard bound, cover %.2f %%, p95 %.2f times the oracle's", p.Name, own.HardMiss, 100*own.Cover, ratio)
		}
	}
}
