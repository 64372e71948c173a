package clock

// corridor is what causality alone says of the offset (less the base): at time
// t it lies within [lo, hi]. It widens by maxSkew and narrows with exchanges.
type corridor struct {
	t, lo, hi float64
	known     bool
}

// at returns the corridor at time t.
func (c corridor) at(t float64) corridor {
	d := maxSkew * max(t-c.t, c.t-t)
	return corridor{t: t, lo: c.lo - d, hi: c.hi + d, known: c.known}
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
	return corridor{t: t, lo: max(c.lo, o.lo), hi: min(c.hi, o.hi), known: true}
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
	return corridor{t: t, lo: min(c.lo, o.lo), hi: max(c.hi, o.hi), known: true}
}

// from returns the distance of the farthest offset in c from theta.
func (c corridor) from(theta float64) float64 { return max(c.hi-theta, theta-c.lo) }
