package clock

import (
	"math"
	"time"
)

// coarseFrom is the resolution, in ns, below which rounding is lost in the queueing.
const coarseFrom = 15e3

// unround takes the rounding of a coarse clock out of the floors (and the skew),
// and returns what is to be added to the offset. Where the clock rounds down
// that is half the resolution, for then the lowest U is one that lost nearly all
// of it, the lowest V one that lost nothing. Where it rounds up and down at
// random, rounding is unbiased in the mean of the points near the envelopes, and
// the mean of n is √n times as sharp.
func (e *Estimator) unround() (bias float64, fitted bool) {
	b := &e.belief
	switch {
	case b.res < coarseFrom || !e.res.sure():
		return 0, false
	case e.rounding.rounds(time.Duration(b.res)):
		return b.res / 2, false
	}
	u := e.fwd.near(&b.fwd, b.t, b.skew, b.res, b.queueFwd)
	v := e.bwd.near(&b.bwd, b.t, b.skew, b.res, b.queueBwd)
	variance := b.res * b.res / 6
	change := -(u.cov() - v.cov()) / (u.spread() + v.spread() + variance/(e.prior.sd*e.prior.sd))
	b.skew = min(max(b.skew+change, -maxSkew), maxSkew)
	u.floor(&b.fwd, change, b.res)
	v.floor(&b.bwd, -change, b.res)
	if l := &e.trend; l.w > trendFrom {
		skew, theta := l.now(b.t, e.prior.mean, variance/(e.prior.sd*e.prior.sd))
		b.skew = min(max(skew, -maxSkew), maxSkew)
		shift := theta - (b.fwd.y-b.bwd.y)/2
		b.fwd.y, b.bwd.y = b.fwd.y+shift, b.bwd.y-shift
		err := b.res/math.Sqrt(6*l.w)*3 + b.res/16
		b.fwd.err, b.bwd.err = min(b.fwd.err, err), min(b.bwd.err, err)
	}
	return 0, true
}

// line sums up the points of one direction that are near its envelope: a is
// their age, y their height, level at the present skew; w the weight.
type line struct{ w, a, y, aa, ay float64 }

func (l *line) add(w, a, y float64) {
	l.w, l.a, l.y, l.aa, l.ay = l.w+w, l.a+w*a, l.y+w*y, l.aa+w*a*a, l.ay+w*a*y
}

// cov and spread are the weighted sums of (a − ā)(y − ȳ) and (a − ā)².
func (l *line) cov() float64    { return l.ay - l.a*l.y/l.w }
func (l *line) spread() float64 { return l.aa - l.a*l.a/l.w }

// floor makes f the height of the line at age 0, after the slope has changed.
func (l *line) floor(f *floor, change, res float64) {
	f.y += l.y/l.w + change*l.a/l.w
	f.err = res/math.Sqrt(6*l.w)*3 + res/8
}

// near sums up the points that are no farther above the floor f than rounding
// and a little queueing explain, heights above f.
func (e *envelope) near(f *floor, t, skew, res, queue float64) line {
	var l line
	top := 2*res + 2*min(queue, res)
	for _, p := range e.p[:e.n] {
		a := t - p.t
		if y := p.y + e.slope*skew*a - f.y; y < top {
			stray := 4 * slack(a, leastWander) / res
			l.add(1/(1+stray*stray), a, y)
		}
	}
	if l.w == 0 {
		l.add(1, 0, 0)
	}
	return l
}
