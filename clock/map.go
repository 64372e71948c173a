package clock

import (
	"math"
	"time"
)

// Map turns device time into session time and back:
//
//	session(t) = Session + (t − Device)·(1 + Rate)
//
// Bound is the error that is not exceeded with 99 % confidence, Hard the one
// that causality alone guarantees up to an unseen constant asymmetry; both
// hold at Device and grow with distance from it. The zero Map is not valid.
type Map struct {
	Device  DeviceTime
	Session SessionTime
	Rate    float64       // session rate over device rate − 1, dimensionless
	Bound   time.Duration // 99 % bound of the error at Device
	Growth  float64       // growth of Bound, ns per ns
	Hard    time.Duration // hard bound of the error at Device
	Epoch   uint16        // changes when the map steps instead of being slewed
	Valid   bool
}

// HardGrowth is the growth of the hard bound in ns per ns: no clock that a
// device may have drifts faster against the map than this.
const HardGrowth = 200e-6

// MaxRate and MaxGrowth are the most that the Rate, either way, and the Growth of a map can be that
// is true of any clock. All clients have the same limits: docs/vectors.json.
const (
	MaxRate   = 0.01
	MaxGrowth = 1
)

// Possible reports whether the map can be of a clock: its Rate is within ±MaxRate, its Growth is
// from 0 to MaxGrowth, and its bounds aren't negative. Without Valid nothing else counts.
func (m Map) Possible() bool {
	// The comparisons are false for NaN.
	return !m.Valid || math.Abs(m.Rate) <= MaxRate && m.Growth >= 0 && m.Growth <= MaxGrowth && m.Bound >= 0 && m.Hard >= 0
}

// At returns the session time at device time d.
func (m Map) At(d DeviceTime) SessionTime {
	dt := d.Sub(m.Device)
	return m.Session.Add(dt + time.Duration(math.Round(float64(dt)*m.Rate)))
}

// Inverse returns the device time at session time s.
func (m Map) Inverse(s SessionTime) DeviceTime {
	ds := s.Sub(m.Session)
	return m.Device.Add(ds - time.Duration(math.Round(float64(ds)*m.Rate/(1+m.Rate))))
}

// BoundAt returns the 99 % bound at device time d.
func (m Map) BoundAt(d DeviceTime) time.Duration { return grown(m.Bound, m.Growth, d.Sub(m.Device)) }

// HardAt returns the hard bound at device time d.
func (m Map) HardAt(d DeviceTime) time.Duration { return grown(m.Hard, HardGrowth, d.Sub(m.Device)) }

func grown(b time.Duration, growth float64, age time.Duration) time.Duration {
	return b + time.Duration(math.Ceil(math.Abs(float64(age))*growth))
}
