package clock

import (
	"math"
	"time"
)

const (
	memory       = float64(time.Hour)               // of the envelopes
	settleTime   = float64(1500 * time.Millisecond) // the joining burst is over by then
	growthWander = 0.5e-6                           // part of the bound's growth: the skew's change after the last exchange
	young        = 90e9                             // ns: after that, a full buffer will have been empty once
	tooYoung     = 5e9                              // ns: until then a buffer may fill up unnoticed
	longTrip     = 60e6                             // ns: a shorter delay isn't one of full buffers
	doubtPrior   = 2.5                              // standard deviations: a skew so far from what was expected tells that it was expected wrongly
	guessLow     = 10                               // spacings above the floor: the lowest points are likely below that
	surprise     = 0.25                             // part of the bound that an offset may be off by after a silence
	stepMost     = 5e6                              // ns: a greater change isn't slewed (ten seconds of it) but a new epoch
	stepLeast    = 5e3                              // ns: a smaller change is slewed, even while settling
)

// learn draws the belief from the envelopes.
func (e *Estimator) learn() {
	b, t := &e.belief, e.last
	e.fwd.expire(t - memory)
	e.bwd.expire(t - memory)
	before, since, bound := b.at(t), t-b.t, b.boundAt(t)
	b.wander = max(b.wander, leastWander)
	e.learnSkew(t)
	b.slowly(max(since, 0), t-e.first)
	b.fwd = e.fwd.low(t, b.skew, b.wander, b.forward(t)+guessLow*b.fwd.spacing)
	b.bwd = e.bwd.low(t, b.skew, b.wander, b.backward(t)+guessLow*b.bwd.spacing)
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
	e.learnBound()
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
	b.skew, b.mean = e.fit.average(skew, top, spacing/2)
	b.skew = min(max(b.skew, -maxSkew), maxSkew)
	if math.Abs(b.skew-e.prior.mean) > doubtPrior*e.prior.sd {
		e.prior.sd = min(1.5*e.prior.sd, maxSkew)
	}
	b.skewErr = minSkewErr + min(e.fit.wide, 2.6*e.prior.sd)
}

// keepCausal keeps the offset within what causality allows.
func (e *Estimator) keepCausal() {
	b := &e.belief
	if c := e.causal.at(b.t); c.lo <= c.hi {
		b.theta = min(max(b.theta, c.lo), c.hi)
	}
}

// learnBound sets the 99 % bound: the floors' errors, of which the greater one
// is more than that of their half difference; the rounding of the stamps; and
// what the clock may have strayed since the lowest points.
func (e *Estimator) learnBound() {
	b := &e.belief
	age := max(b.fwd.age, b.bwd.age)
	b.bound = max(b.fwd.err, b.bwd.err)/2 + 2*slack(age, b.wander) + b.skewErr*age + 1000
	if b.res > 1 {
		b.bound += b.res / 2
	}
	if b.count < 3 || e.filling() {
		b.bound = math.Inf(1)
	}
	b.bound = min(b.bound, e.causal.at(b.t).from(b.theta))
	b.growth = min(b.skewErr+growthWander+10e9*b.wander, HardGrowth)
}

// filling reports whether what looks like a floor may be a full buffer, seen
// since joining only: the delay grows, or is long and there was no time to tell.
func (e *Estimator) filling() bool {
	b := &e.belief
	since := b.t - e.first
	return since < young && e.trips.rising() || since < tooYoung && b.fwd.y+b.bwd.y > longTrip
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
