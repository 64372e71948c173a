package clock

import (
	"math"
	"slices"
)

const (
	maxSkew      = 600e-6            // of a device against session time
	priorSkew    = 50e-6             // standard deviation of an unknown device's skew
	leastWander  = 0.002e-6 / 1e9    // by how much a steady clock's skew may change, per ns
	firstWander  = 3.5 * leastWander // what is taken for granted until a while without a lag has shown better
	mostWander   = 0.08e-6 / 1e9     // by how much any clock's may
	minSkewErr   = 0.3e-6            // 99 %: a skew isn't known better than it wanders
	fine         = 1e-10             // the skew is sought to this
	leastWidth   = 0.002e-6          // the skew's confidence is sought from here
	rememberSkew = 1e-6              // standard deviation of a remembered skew, at least
)

// slack is what a point of age a (ns) is lifted by: as far as a clock whose skew
// wanders may have strayed from the straight line since. So old floors yield to
// younger ones instead of being cut off. wander is the change of the skew per ns.
func slack(a, wander float64) float64 { return wander / 2 * a * a }

// hull is the lower convex hull of an envelope: the only points that can be
// lowest under any skew.
type hull struct {
	p      [maxPoints]point
	a, y   [maxPoints]float64 // age and height, slack included; ages fall
	n      int
	last   int // where the lowest point was
	wander float64
}

// build computes the hull of e as seen at time t. The slack of all points changes by a
// straight line from one t to another, so that the points on the hull stay the same:
// only what e has got since is looked at, while wander is the same.
func (h *hull) build(e *envelope, t, wander float64) {
	if e.changed || wander != h.wander || e.gone != (point{}) && slices.Contains(h.p[:h.n], e.gone) {
		h.n, h.wander, e.fresh = 0, wander, e.n
	}
	for _, p := range e.p[e.n-e.fresh : e.n] {
		for h.n > 1 && h.above(h.n-1, p) {
			h.n--
		}
		h.p[h.n] = p
		h.n++
	}
	e.fresh, e.gone, e.changed = 0, point{}, false
	for i, p := range h.p[:h.n] {
		a := t - p.t
		h.a[i], h.y[i] = a, p.y+slack(a, wander)
	}
}

// above reports whether hull point i lies on or above the line from point i−1
// to p, slack included.
func (h *hull) above(i int, p point) bool {
	o, m := h.p[i-1], h.p[i]
	ao, am := p.t-o.t, p.t-m.t
	yo := o.y + slack(ao, h.wander)
	return (m.y+slack(am, h.wander)-yo)*ao >= (p.y-yo)*(ao-am)
}

// lowest returns the minimum of y + g·a over the hull and the a it is at: along
// a convex hull that falls and then rises. It is sought from where it was last.
func (h *hull) lowest(g float64) (y, a float64) {
	i := min(h.last, h.n-1)
	v := h.y[i] + g*h.a[i]
	for i+1 < h.n {
		next := h.y[i+1] + g*h.a[i+1]
		if next > v {
			break
		}
		i, v = i+1, next
	}
	for i > 0 {
		next := h.y[i-1] + g*h.a[i-1]
		if next > v {
			break
		}
		i, v = i-1, next
	}
	h.last = i
	return v, h.a[i]
}

// fitter finds the skew.
type fitter struct {
	fwd, bwd hull
	wide     float64 // last width
	mean     float64 // prior: mean
	weight   float64 // prior: spacing / (2 variance)
	near     float64 // to the greatest separation: as good as it
}

// separation is the distance of the two parallel lines under the envelopes at
// skew g, less the prior's penalty: concave in g. slope is its derivative.
func (f *fitter) separation(g float64) (value, slope float64) {
	u, au := f.fwd.lowest(g)
	v, av := f.bwd.lowest(-g)
	d := g - f.mean
	return u + v - f.weight*d*d, au - av - 2*f.weight*d
}

// best returns the skew of the greatest separation, sought near guess first:
// each step goes to where the tangents at the two ends of the bracket meet,
// above which the maximum can't be.
func (f *fitter) best(guess, reach float64) (skew, top float64) {
	lo, hi := max(guess-reach, -maxSkew), min(guess+reach, maxSkew)
	vl, sl := f.separation(lo)
	vh, sh := f.separation(hi)
	if sl <= 0 && lo > -maxSkew || sh >= 0 && hi < maxSkew {
		return f.best(0, maxSkew)
	}
	if sl <= 0 {
		return lo, vl
	}
	if sh >= 0 {
		return hi, vh
	}
	for i := range 40 {
		g := (vh - vl + sl*lo - sh*hi) / (sl - sh)
		most := vl + sl*(g-lo)
		if w := hi - lo; i%3 == 2 || !(g > lo+w/64 && g < hi-w/64) {
			g, most = lo+w/2, math.Inf(1)
		}
		v, s := f.separation(g)
		if s == 0 || v >= most-f.near || hi-lo < fine {
			return g, v
		}
		if s > 0 {
			lo, vl, sl = g, v, s
		} else {
			hi, vh, sh = g, v, s
		}
	}
	g := lo + (hi-lo)/2
	top, _ = f.separation(g)
	return g, top
}

// width returns how far the skew can be from best before the separation has
// fallen by drop: its confidence interval by the likelihood ratio, rounded up.
// It is sought from guess on.
func (f *fitter) width(best, top, drop, guess float64) float64 {
	least := top - drop
	w := min(max(guess, leastWidth), maxSkew)
	for w > leastWidth && f.fallen(best, w/1.5, least) {
		w /= 1.5
	}
	for w < maxSkew && !f.fallen(best, w, least) {
		w *= 1.5
	}
	return w
}

// fallen reports whether the separation is below least at w to both sides of best.
func (f *fitter) fallen(best, w, least float64) bool {
	if v, _ := f.separation(best - w); v >= least {
		return false
	}
	v, _ := f.separation(best + w)
	return v < least
}

// average returns the means of the skew and of the offset over the skews near
// best, each as likely as its separation says, and their standard deviations: of
// exponential queues whose lowest points are spacing apart, a separation less by x
// is exp(−x/spacing) times as likely. The mean errs by a tenth to a third less than the best.
func (f *fitter) average(best, top, spacing float64) (skew, theta, skewSd, thetaSd float64) {
	const n = 4
	var sum float64
	zero := f.middle(best)
	for k := -n; k <= n; k++ {
		d := 0.7 * f.wide * float64(k) / n
		g := best + d
		u, _ := f.fwd.lowest(g)
		v, _ := f.bwd.lowest(-g)
		off := g - f.mean
		p := roughExp((u + v - f.weight*off*off - top) / spacing)
		x := (u-v)/2 - zero
		sum += p
		skew, skewSd = skew+p*d, skewSd+p*d*d
		theta, thetaSd = theta+p*x, thetaSd+p*x*x
	}
	skew, theta = skew/sum, theta/sum
	skewSd, thetaSd = math.Sqrt(max(skewSd/sum-skew*skew, 0)), math.Sqrt(max(thetaSd/sum-theta*theta, 0))
	return best + skew, zero + theta, skewSd, thetaSd
}

// middle returns the offset at skew g.
func (f *fitter) middle(g float64) float64 {
	u, _ := f.fwd.lowest(g)
	v, _ := f.bwd.lowest(-g)
	return (u - v) / 2
}

// roughExp is e to the power of x, of at most 3, to a few percent where it counts;
// weights need no more.
func roughExp(x float64) float64 {
	y := 1 + max(min(x, 3), -200)/256
	y *= y
	y *= y
	y *= y
	y *= y
	y *= y
	y *= y
	y *= y
	return y * y
}
