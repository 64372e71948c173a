package clock

import "math"

// maxPoints bounds an envelope; two of them, of 24 bytes a point, are most of
// an Estimator's memory.
const maxPoints = 48

// keepRecent of the newest points are never thinned out: the spacings of the
// lowest of them tell how far the floor is.
const keepRecent = 24

// A point is one stamp of one direction: y (U or V, less the base offset) at
// time t, both in ns.
type point struct{ t, y float64 }

// envelope holds the low points of one direction in order of time: the newest
// ones all, the older the fewer. slope is +1 for U, which rises with the skew,
// −1 for V.
type envelope struct {
	p     [maxPoints]point
	n     int
	slope float64

	// For the hull of these points, which is not built anew each time:
	fresh   int   // of the last points, those that it doesn't know
	gone    point // dropped since
	changed bool  // more than that has changed
}

// clear forgets all points.
func (e *envelope) clear() { e.n, e.fresh, e.gone, e.changed = 0, 0, point{}, true }

// add inserts p; skew is what the thinning takes to be level.
func (e *envelope) add(p point, skew float64) {
	if e.n == maxPoints {
		e.thin(skew)
	}
	i := e.n
	for ; i > 0 && e.p[i-1].t > p.t; i-- {
		e.p[i] = e.p[i-1]
	}
	e.p[i] = p
	e.changed = e.changed || i < e.n
	e.n++
	e.fresh++
}

// thin drops the higher one of two neighbours: of those whose distance is the
// least against their age, so that the density falls with age.
func (e *envelope) thin(skew float64) {
	last := e.p[e.n-1].t + 1e9
	at, gap, age := 0, math.Inf(1), 1.0
	for i := range e.n - 1 - keepRecent {
		g, a := e.p[i+1].t-e.p[i].t, last-e.p[i].t
		if g*age < gap*a {
			at, gap, age = i, g, a
		}
	}
	if e.p[at].y-e.p[at+1].y < e.slope*skew*(e.p[at].t-e.p[at+1].t) {
		at++
	}
	e.changed = e.changed || e.gone != point{}
	e.gone = e.p[at]
	copy(e.p[at:e.n-1], e.p[at+1:e.n])
	e.n--
}

// expire drops points older than t.
func (e *envelope) expire(t float64) {
	i := 0
	for i < e.n && e.p[i].t < t {
		i++
	}
	if i > 0 {
		copy(e.p[:e.n-i], e.p[i:e.n])
		e.n -= i
		e.changed = true
	}
}

// Points of one volley stand for one observation: their lowest. Where queues last
// they tell the same thing again; where they don't, the lowest of a few is as far
// above the floor as a few single ones would be apart.
const together = 60e6 // ns: points closer than this are of one volley

// low carries all points to time t by the skew, adds the slack of their age, and describes
// the lowest of them. Most of the others are above guess.
func (e *envelope) low(t, skew, wander, guess float64) floor {
	l := lows{top: guess}
	y, age, n, before := math.Inf(1), 0.0, 0, math.Inf(1)
	for k := e.n - 1; k >= 0; k-- {
		p := &e.p[k]
		if n == volleyMost || p.t < before-together {
			l.offer(y, age)
			y, n = math.Inf(1), 0
		}
		a := t - p.t
		if high := p.y + e.slope*skew*a + slack(a, wander); high < y {
			y, age = high, a
		}
		before, n = p.t, n+1
	}
	l.offer(y, age)
	if l.n < min(lowest, e.n) && !math.IsInf(guess, 1) {
		return e.low(t, skew, wander, math.Inf(1))
	}
	return l.floor()
}

// compared is how many of the newest points are compared with the floors.
const compared = 12

// lately does so with these points, each by itself, without slack.
func (e *envelope) lately(t, skew, guess float64) floor {
	l := lows{top: guess}
	for k := e.n - 1; k >= max(e.n-compared, 0); k-- {
		p := &e.p[k]
		l.offer(p.y+e.slope*skew*(t-p.t), t-p.t)
	}
	if l.n < spaced && !math.IsInf(guess, 1) {
		return e.lately(t, skew, math.Inf(1))
	}
	return l.floor()
}
