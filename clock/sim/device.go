package sim

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// grid is how finely the wander of a clock is drawn.
const grid = 0.25 // s

// Event is a jump of the device's clock by Step at Start + At; a negative one
// is a clock that stood still, as in sleep.
type Event struct{ At, Step time.Duration }

// deviceClock is a device's clock: offset, skew, random-walk wander of the
// frequency, a slow wave of temperature, and jumps.
type deviceClock struct {
	rng    *rand.Rand
	offset time.Duration
	skew   float64
	sd     float64   // of the frequency's change per grid step
	temp   float64   // amplitude of the wave
	phase  float64   // of the wave
	period float64   // s
	drawn  []float64 // integral of the wander at grid points, ns
	freq   float64   // at the last grid point
	events []Event
}

// at returns the offset s seconds after the start, jumps included, but not rounded.
func (c *deviceClock) at(s float64) time.Duration {
	i := max(int(s/grid), 0)
	for len(c.drawn) < i+2 {
		last := 0.0
		if n := len(c.drawn); n > 0 {
			last = c.drawn[n-1] + c.freq*grid*1e9
		}
		c.drawn = append(c.drawn, last)
		c.freq += c.sd * c.rng.NormFloat64()
	}
	part := s/grid - float64(i)
	w := c.drawn[i] + part*(c.drawn[i+1]-c.drawn[i])
	w += c.skew * s * 1e9
	w -= c.temp * c.period / (2 * math.Pi) * (math.Cos(2*math.Pi*s/c.period+c.phase) - math.Cos(c.phase)) * 1e9
	out := c.offset + time.Duration(math.Round(w))
	for _, e := range c.events {
		if s >= e.At.Seconds() {
			out += e.Step
		}
	}
	return out
}

// Rounding says what a clock of coarse resolution does.
type Rounding uint8

const (
	Down       Rounding = iota // to the tick below
	Stochastic                 // to the tick below or above, by a threshold per tick
)

// stamp reads the clock coarsely: the thresholds are a function of the tick.
func stamp(t int64, resolution time.Duration, r Rounding, seed uint64) clock.DeviceTime {
	n := int64(resolution)
	if n <= 1 {
		return clock.DeviceTime(t)
	}
	down := t - ((t%n)+n)%n
	if r == Stochastic {
		threshold := rand.New(rand.NewPCG(seed, uint64(down))).Int64N(n)
		if t-down > threshold {
			return clock.DeviceTime(down + n)
		}
	}
	return clock.DeviceTime(down)
}
