package sim_test

import (
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/sim"
)

// published is the estimator with all of its bound, which vouches for more than the profiles have.
type published struct{ *clock.Estimator }

func (p published) Offset(at clock.SessionTime) (offset, bound, hard time.Duration) {
	e := p.Estimate(at)
	return e.Offset, e.Bound, e.Hard
}

// Whether a coarse clock rounds down or at random, its stamps tell: taken for
// the other, the offset would be off by half a tick.
func TestRoundingIsTold(t *testing.T) {
	for name, how := range map[string]sim.Rounding{"down": sim.Down, "at random": sim.Stochastic} {
		for _, tick := range []time.Duration{100 * time.Microsecond, time.Millisecond} {
			var runs []sim.Stats
			for seed := range uint64(seeds) {
				p := sim.Drawn("browser-5us", seed)
				p.Resolution, p.Rounding = tick, how
				s := sim.Run(sim.Trial{
					World: sim.New(p, seed), Pinger: &sim.EachSecond{N: 12}, Filters: []sim.Filter{published{clock.NewEstimator(clock.Config{})}},
					For: 10 * time.Minute, From: 5 * time.Minute, Every: time.Second,
				})
				runs = append(runs, s[0])
			}
			all := sim.Merge(runs)
			t.Logf("%v, %s: p50 %v, p95 %v, bound %v", tick, name, all.P50, all.P95, all.BoundP50)
			if all.P50 > tick/5 || all.Cover < 0.99 || all.HardMiss > 0 {
				t.Errorf("%v, %s: p50 %v, cover %.2f %%", tick, name, all.P50, 100*all.Cover)
			}
		}
	}
}
