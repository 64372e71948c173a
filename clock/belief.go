package clock

import "math"

// belief is what an estimator takes to be true at time t; all in ns.
type belief struct {
	t        float64
	theta    float64 // offset less base
	skew     float64
	skewErr  float64 // 99 %
	bound    float64 // 99 %, at t
	growth   float64 // of bound
	fwd, bwd floor
	queueFwd float64 // mean queueing
	queueBwd float64
	spacing  float64
	res      float64
	count    int
}

// at returns the offset at time t.
func (b *belief) at(t float64) float64 { return b.theta + b.skew*(t-b.t) }

// boundAt returns the 99 % bound at time t.
func (b *belief) boundAt(t float64) float64 { return b.bound + b.growth*math.Abs(t-b.t) }

// forward returns the floor of U at time t, backward that of V.
func (b *belief) forward(t float64) float64  { return b.fwd.y + b.skew*(t-b.t) }
func (b *belief) backward(t float64) float64 { return b.bwd.y - b.skew*(t-b.t) }

// enough samples make a floor that a sample can be suspiciously below.
const enough = 8

// below reports whether s is lower than a floor by more than chance, drift and
// rounding explain: that can't be queueing.
func (b *belief) below(s sample) bool {
	if b.count < enough {
		return false
	}
	guard := func(err, t float64) float64 {
		g := 3*err + (b.skewErr+1e-6)*math.Abs(t-b.t) + 2000
		if s.res > 1 {
			g += 2 * s.res
		}
		return g
	}
	return s.u < b.forward(s.tu)-guard(b.fwd.err, s.tu) || s.v < b.backward(s.tv)-guard(b.bwd.err, s.tv)
}
