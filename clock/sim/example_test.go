package sim_test

import (
	"fmt"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/sim"
)

// An estimator sees what a device behind a path would let it see. The world knows the truth, and it is the same for the
// same seed.
func Example() {
	world := sim.New(sim.Profiles()[0], 1)
	e := clock.NewEstimator(clock.Config{Seed: 1})
	now := sim.Start
	for range 100 {
		now = max(now, e.Due())
		e.Sent(now)
		if x := world.Exchange(now); !x.Lost {
			_ = e.Add(x.Exchange) // refused if it contradicts what is known
			now = x.T4
		}
	}
	est := e.Estimate(now)
	off := est.Offset - world.Offset(now)
	fmt.Println(est.State, off.Abs() <= est.Bound, est.Bound < time.Millisecond)
	// Output: tracking true true
}
