package lab

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// Clock is a device's clock that is wrong in a known way.
type Clock struct {
	Start  time.Time
	Offset time.Duration // device time at Start
	Skew   float64       // by how much it is fast, ns per ns
}

// NewClock draws a clock that is off by up to twelve hours and ±80 ppm.
func NewClock(start time.Time, r *rand.Rand) Clock {
	const most = 12 * time.Hour
	return Clock{start, time.Duration(r.Int64N(2*int64(most))) - most, (2*r.Float64() - 1) * 80e-6}
}

// Now is the device's reading of the present.
func (c Clock) Now() clock.DeviceTime { return c.At(time.Now()) }

// At is the device's reading at t.
func (c Clock) At(t time.Time) clock.DeviceTime {
	real := t.Sub(c.Start)
	return clock.DeviceTime(c.Offset + real + time.Duration(math.Round(float64(real)*c.Skew)))
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
func us(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
