package sim_test

import (
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/sim"
)

// Seeds from here on are held back: nothing was tuned by them, and nothing must be. Should a
// bound not hold on them, its cause has to be found with other seeds.
const heldBack = 1 << 41

// playHeldBack plays runs of p with held-back seeds, from the first-th on, the schedule its own.
func playHeldBack(p sim.Profile, first, runs int) (all []sim.Stats, oracle []sim.Stats) {
	for i := range runs {
		seed := uint64(heldBack + first + i)
		e := clock.NewEstimator(clock.Config{Seed: seed})
		s := sim.Run(sim.Trial{World: sim.New(p, seed), Pinger: e, Filters: []sim.Filter{sim.Real{Estimator: e}}, For: 5 * time.Minute, From: 100 * time.Millisecond})
		all, oracle = append(all, s[0]), append(oracle, s[1])
	}
	return all, oracle
}

// judgeHeldBack says whether the readings are what the bounds promise, all runs together.
func judgeHeldBack(t testing.TB, name string, own sim.Stats) {
	t.Helper()
	if own.HardMiss > 0 {
		t.Errorf("%s: %d of %d readings beyond the hard bound", name, own.HardMiss, own.Readings)
	}
	if own.Cover < 0.99 {
		t.Errorf("%s: the 99 %% bound holds in %.2f %% of the readings", name, 100*own.Cover)
	}
	if width := float64(own.BoundP50) / float64(own.P95); width > 4 {
		t.Errorf("%s: the bound is %v, %.2f times the error's p95", name, own.BoundP50, width)
	}
}

// TestHeldBackSeeds judges every profile, and what it is with directions that differ, by seeds
// that nothing was tuned by. The readings of one run hang together, so that a few runs tell little:
// where they have more outside than the bound says, many more are played and judged all together.
func TestHeldBackSeeds(t *testing.T) {
	const few, many = 10, 200
	for _, profile := range sim.Profiles() {
		for _, p := range profile.Variants() {
			runs, _ := playHeldBack(p, 0, few)
			own := sim.Merge(runs)
			if width := float64(own.BoundP50) / float64(own.P95); own.Cover < 0.99 || width > 4 {
				more, _ := playHeldBack(p, few, many-few)
				own = sim.Merge(append(runs, more...))
			}
			judgeHeldBack(t, p.Name, own)
		}
	}
}

// BenchmarkHeldBackSeeds plays 300 runs of each and prints what came of them.
func BenchmarkHeldBackSeeds(b *testing.B) {
	const runs = 300
	for _, profile := range sim.Profiles() {
		for _, p := range profile.Variants() {
			b.Run(p.Name, func(b *testing.B) {
				for b.Loop() {
					own, oracle := playHeldBack(p, 0, runs)
					all, its := sim.Merge(own), sim.Merge(oracle)
					judgeHeldBack(b, p.Name, all)
					b.ReportMetric(100-100*all.Cover, "%-outside")
					b.ReportMetric(float64(all.P95)/1e3, "µs-p95")
					b.ReportMetric(float64(all.BoundP50)/1e3, "µs-bound")
					b.ReportMetric(float64(all.BoundP50)/float64(all.P95), "width")
					b.ReportMetric(float64(all.P95)/float64(its.P95), "of-oracle")
				}
			})
		}
	}
}
