package clock

import "math"

const (
	compareEvery = 4     // exchanges
	faster       = 1.75  // the wander grows by this factor while the line lags behind
	calmer       = 0.92  // and falls by this one while it doesn't
	lagging      = 3.0   // spacings of the points that a line may lag behind the recent ones by
	newRoute     = 300e3 // ns: floors that rose by less stay
	routeSpread  = 10.0  // spacings of the recent points that a new floor is above the old one at least
	routeTime    = 10e9  // ns that the recent points span then
)

// compare draws on the difference between the recent points and the floors, to
// which the old ones belong too.
func (e *Estimator) compare() {
	b := &e.belief
	if b.count%compareEvery != 0 || min(e.fwd.n, e.bwd.n) < keepRecent+spaced {
		return
	}
	u := e.fwd.lately(b.t, b.skew, b.fwd.y+b.fwd.guess())
	v := e.bwd.lately(b.t, b.skew, b.bwd.y+b.bwd.guess())
	up, down, noise := u.y-b.fwd.y, v.y-b.bwd.y, u.spacing+v.spacing+b.res
	e.learnWander(math.Abs(up-down), min(noise, b.fwd.spacing+b.bwd.spacing+b.res))
	if min(up, down) > max(newRoute, routeSpread*noise, max(up, down)/2) && b.t-e.fwd.p[e.fwd.n-keepRecent].t > routeTime {
		e.fwd.raise(up)
		e.bwd.raise(down)
		b.least += up + down
	}
}

// learnWander adapts to the clock. When its skew changes faster than the slack
// of old points allows for, the line that these hold lags behind: the recent
// points of one direction stay above their floor, though the round trips are as
// short as ever, so that it isn't queueing.
func (e *Estimator) learnWander(lag, noise float64) {
	b := &e.belief
	behind := lag - max(e.trips.least()-b.least, 0)
	b.lag = max(behind, 0) / 2
	if behind > lagging*noise {
		b.wander = min(faster*b.wander, mostWander)
	} else {
		b.wander = max(calmer*b.wander, leastWander)
	}
}

// raise lifts all but the recent points: the way has become longer, and both
// ways alike, so that they go on telling of the clock.
func (e *envelope) raise(by float64) {
	for i := range e.p[:e.n-keepRecent] {
		e.p[i].y += by
	}
	e.changed = true
}
