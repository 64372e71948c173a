package clock

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// coarseRun follows a page for five minutes whose clock rounds both stamps as round does,
// given the ticks and a draw of chance; it returns the largest error of the last half a minute.
func coarseRun(seed uint64, tick float64, round func(ticks, chance float64) float64) time.Duration {
	e, p := NewEstimator(Config{Seed: seed}), wiredPath(seed)
	p.floor, p.queue = 150*time.Microsecond, 35*time.Microsecond
	coarse := func(d DeviceTime) DeviceTime {
		whole := float64(int64(d) / int64(tick) * int64(tick))
		return DeviceTime(whole) + DeviceTime(tick*round((float64(d)-whole)/tick, p.rng.Float64()))
	}
	p.offset = -time.Duration(day0) + time.Duration(rand.New(rand.NewPCG(seed, 2)).Int64N(1e10)) + time.Hour
	worst := time.Duration(0)
	for i := range 300 {
		x := p.exchange(day0.Add(time.Duration(i) * time.Second))
		x.T2 = coarse(x.T2)
		x.T3 = max(coarse(x.T3), x.T2)
		_ = e.Add(x)
		if i > 270 {
			worst = max(worst, (e.Estimate(x.T4).Offset - p.theta(x.T4)).Abs())
		}
	}
	return worst
}

// A clock that draws anew for each reading whether to round up is told from one that
// rounds down, as one that draws for each tick is.
func TestRoundingByChanceIsNotRoundingDown(t *testing.T) {
	chance := func(ticks, chance float64) float64 {
		if chance < ticks {
			return 1
		}
		return 0
	}
	down := func(ticks, _ float64) float64 { return math.Floor(ticks) }
	for name, round := range map[string]func(ticks, chance float64) float64{"by chance": chance, "down": down} {
		for _, tick := range []float64{100e3, 1e6} {
			bad := 0
			for seed := range uint64(20) {
				if coarseRun(seed, tick, round) > time.Duration(tick)*2/5 {
					bad++
				}
			}
			if bad > 2 {
				t.Errorf("%s, %g µs: %d of 20 devices are off by half a tick", name, tick/1e3, bad)
			}
		}
	}
}
