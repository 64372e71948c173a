package main

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// simClock is a device's clock that is wrong in a known way.
type simClock struct {
	start  time.Time
	offset time.Duration // device time at start
	skew   float64
}

// newSimClock draws a clock that is off by up to twelve hours and ±80 ppm.
func newSimClock(start time.Time, r *rand.Rand) simClock {
	const most = 12 * time.Hour
	return simClock{start, time.Duration(r.Int64N(2*int64(most))) - most, (2*r.Float64() - 1) * 80e-6}
}

// Now is the device's reading of the present.
func (c simClock) Now() clock.DeviceTime { return c.at(time.Now()) }

// at is the device's reading at t.
func (c simClock) at(t time.Time) clock.DeviceTime {
	real := t.Sub(c.start)
	return clock.DeviceTime(c.offset + real + time.Duration(math.Round(float64(real)*c.skew)))
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
func us(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
