package clock

import (
	"math"
	"time"
)

// Unheard is how fast the session times of two instances may part while they don't hear
// each other, ns per ns: the PHI of RFC 5905. HardGrowth is the hard bound's.
const Unheard = 15e-6

// Uncertainty is by how much one instance's session time may be off the one that all instances
// share, as known when the steady clock read At. The zero Uncertainty is none: session time
// is this instance's own, or all others follow it.
type Uncertainty struct {
	At    SessionTime
	Bound time.Duration // 99 %
	Hard  time.Duration // what causality alone guarantees
}

// Grown returns what has become of it when the steady clock reads at.
func (u Uncertainty) Grown(at SessionTime) Uncertainty {
	if u == (Uncertainty{}) {
		return u
	}
	age := math.Abs(float64(at.Sub(u.At)))
	return Uncertainty{at, u.Bound + nanoseconds(age*Unheard), u.Hard + nanoseconds(age*HardGrowth)}
}

// Doubt sets by how much this instance's session time may be off from now on.
func (s *Source) Doubt(u Uncertainty) { s.doubt.Store(&u) }

// Uncertainty returns by how much this instance's session time may be off the one that
// all instances share when the steady clock reads at.
func (s *Source) Uncertainty(at SessionTime) Uncertainty {
	if u := s.doubt.Load(); u != nil {
		return u.Grown(at)
	}
	return Uncertainty{}
}

// Widen returns an estimate whose bounds have it: what a device knows of the session time that all
// instances share.
func (u Uncertainty) Widen(e Estimate) Estimate {
	if !e.Map.Valid || u.Bound == 0 {
		return e
	}
	e.Bound += u.Bound
	e.Hard += u.Hard
	e.Map.Bound += u.Bound
	e.Map.Hard += u.Hard
	e.Map.Growth += Unheard
	return e
}
