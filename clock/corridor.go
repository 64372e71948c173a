package clock

import "math"

// drift is what the skew may be: no farther than off from mid.
type drift struct{ mid, off float64 }

// anyDrift is that of a clock of which nothing is known.
var anyDrift = drift{off: maxSkew}

const (
	strayMost  = 150e-6 // by how much no clock's skew moves away from what it was
	driftAfter = 30e9   // ns that a skew must have been watched for
	driftFrom  = 32     // exchanges
	driftSure  = 10e-6  // how well it must be known, by them and not by what is expected of clocks
)

// drift returns what the skew may be: that of a quartz stays near where it has been seen.
func (e *Estimator) drift() drift {
	b := &e.belief
	if b.skewErr > driftSure || b.t-e.first < driftAfter || b.count < driftFrom {
		return anyDrift
	}
	return drift{b.skew, strayMost + 4*b.skewErr}
}

// corridor is what causality alone says of the offset (less the base): at time
// t it lies within [lo, hi]. It widens by what the clock may drift and narrows with exchanges.
type corridor struct {
	t, lo, hi float64
	drift     drift
	known     bool
}

// at returns the corridor at time t.
func (c corridor) at(t float64) corridor {
	d := t - c.t
	mid, off := c.drift.mid*d, c.drift.off*math.Abs(d)
	c.t, c.lo, c.hi = t, c.lo+mid-off, c.hi+mid+off
	return c
}

// apart reports whether c and o have no offset in common.
func (c corridor) apart(o corridor) bool {
	o = o.at(c.t)
	return c.known && o.known && (c.lo > o.hi || o.lo > c.hi)
}

// and returns the offsets that both allow, at the later instant; what either
// allows if they contradict each other.
func (c corridor) and(o corridor) corridor {
	switch {
	case !c.known:
		return o
	case !o.known:
		return c
	}
	t := max(c.t, o.t)
	if c.apart(o) {
		return c.or(o, t)
	}
	c, o = c.at(t), o.at(t)
	return corridor{t: t, lo: max(c.lo, o.lo), hi: min(c.hi, o.hi), drift: c.drift, known: true}
}

// or returns the least corridor at time t that holds both.
func (c corridor) or(o corridor, t float64) corridor {
	switch {
	case !c.known:
		return o.at(t)
	case !o.known:
		return c.at(t)
	}
	c, o = c.at(t), o.at(t)
	return corridor{t: t, lo: min(c.lo, o.lo), hi: max(c.hi, o.hi), drift: c.drift, known: true}
}

// from returns the distance of the farthest offset in c from theta.
func (c corridor) from(theta float64) float64 { return max(c.hi-theta, theta-c.lo) }
