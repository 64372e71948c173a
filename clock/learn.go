package clock

import (
	"math"
	"time"
)

const (
	memory     = float64(time.Hour)               // of the envelopes
	settleTime = float64(1500 * time.Millisecond) // the joining burst is over by then
	doubtPrior = 2.5                              // standard deviations: a skew so far from what was expected tells that it was expected wrongly
	bluntness  = 2.0                              // how much less the lowest points tell of the skew, where few are near the floor
	bluntest   = 1.0                              // gaps that it grows with at most
	surprise   = 0.25                             // part of the bound that an offset may be off by after a silence
	stepMost   = 5e6                              // ns: a greater change isn't slewed (ten seconds of it) but a new epoch
	stepLeast  = 5e3                              // ns: a smaller change is slewed, even while settling
)

// learn draws the belief from the envelopes.
func (e *Estimator) learn() {
	b, t := &e.belief, e.last
	e.fwd.expire(t - memory)
	e.bwd.expire(t - memory)
	before, since, bound := b.at(t), t-b.t, b.boundAt(t)
	if b.wander == 0 {
		b.wander = e.wander
	}
	e.learnSkew(t)
	b.slowly(max(since, 0), t-e.first)
	e.learnFloors(t)
	b.t = t
	b.res = float64(e.res.value())
	bias, fitted := e.unround()
	b.theta = b.mean + bias
	if fitted {
		b.theta = (b.fwd.y - b.bwd.y) / 2
	}
	e.keepCausal()
	if e.settled && since > 0 {
		e.compare()
	}
	if e.settled && since > 1e9 && math.Abs(b.theta-before) > surprise*bound {
		b.wander = min(2*b.wander, mostWander)
	}
	e.learnBound(fitted)
	if jump := math.Abs(b.theta - before); b.count > 1 && jump > stepLeast && (!e.settled || jump > stepMost) {
		e.epoch++
	}
	span := t - e.first
	good := b.count >= burstLeast && b.bound <= float64(goodBound)
	e.settled = e.settled || good || b.count >= burstMost || span > settleTime
	e.causal = e.causal.at(t)
	e.causal.drift = e.drift()
}

func (e *Estimator) learnSkew(t float64) {
	b := &e.belief
	e.fit.fwd.build(&e.fwd, t, b.wander)
	e.fit.bwd.build(&e.bwd, t, b.wander)
	spacing := max(b.fwd.spacing+b.bwd.spacing, 100)
	e.fit.mean, e.fit.near = e.prior.mean, spacing/256
	e.fit.weight = spacing / (2 * e.prior.sd * e.prior.sd)
	skew, top := e.fit.best(b.skew, max(e.fit.wide, 1e-6))
	b.skew = skew
	e.fit.wide = e.fit.width(skew, top, 6*spacing, e.fit.wide)
	blunt := 1 + bluntness*min(b.fwdShape.gap()+b.bwdShape.gap(), bluntest)
	b.skew, b.mean, b.skewSd, b.meanSd = e.fit.average(skew, top, spacing/2*blunt)
	b.skew = min(max(b.skew, -maxSkew), maxSkew)
	if math.Abs(b.skew-e.prior.mean) > doubtPrior*e.prior.sd {
		e.prior.sd = min(1.5*e.prior.sd, maxSkew)
	}
	b.skewErr = minSkewErr + min(e.fit.wide, 2.6*e.prior.sd)
}

// learnFloors looks at the lowest points: once there are many, of each direction at
// every fourth exchange only. Meanwhile only the very lowest one is known anew.
func (e *Estimator) learnFloors(t float64) {
	b := &e.belief
	few, turn := b.count < 2*keepRecent, b.count%4
	up, down := b.forward(t), b.backward(t)
	if few || turn == 1 {
		b.fwd = e.fwd.low(t, b.skew, b.wander, up+b.fwd.guess())
		b.fwdShape.see(&b.fwd)
	} else {
		b.fwd.y, b.fwd.age = e.fit.fwd.lowest(b.skew)
	}
	if few || turn == 3 {
		b.bwd = e.bwd.low(t, b.skew, b.wander, down+b.bwd.guess())
		b.bwdShape.see(&b.bwd)
	} else {
		b.bwd.y, b.bwd.age = e.fit.bwd.lowest(-b.skew)
	}
}

// keepCausal keeps the offset within what causality allows.
func (e *Estimator) keepCausal() {
	b := &e.belief
	if c := e.causal.at(b.t); c.lo <= c.hi {
		b.theta = min(max(b.theta, c.lo), c.hi)
	}
}

// queued keeps the mean queueing of the two directions.
func (b *belief) queued(s sample) {
	if b.count < 3 {
		return
	}
	w := max(1/float64(b.count), 1.0/32)
	b.queue += w * (s.u + s.v - b.least - b.queue)
	b.queueFwd += w * (max(s.u-b.forward(s.tu), 0) - b.queueFwd)
	b.queueBwd += w * (max(s.v-b.backward(s.tv), 0) - b.queueBwd)
}
