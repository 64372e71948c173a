package clock

import (
	"math"
	"time"
)

// Sent notes that a ping left at t1.
func (e *Estimator) Sent(t1 SessionTime) {
	p := &e.plan
	if t1.Sub(p.last) > volleyEnd {
		p.volley = 0
	}
	if !e.joining() {
		p.after++
	}
	p.note(t1)
	switch {
	case e.joining():
		p.joining++
		p.volley = volleyMost
	case e.suspects.n > 0 && p.quick < surprisePing:
		p.quick++
	default:
		p.volley++
	}
}

// Due returns when the next ping is to leave; a past instant means at once. It
// depends on nothing but the estimator's state: what was sent, what came back,
// and how good the bound is. A joining device's pings leave every 10–15 ms, 20
// to 40 of them, then volleys of 4: after ½, 1 and 2 s, every 4 s for a minute
// while the skew is learnt, then every 4–17 s as the bound allows, and only as often
// as more of them would tighten it; quickly when something doesn't fit, and in the
// bursts asked for that would tighten it.
func (e *Estimator) Due() SessionTime { return e.plan.due(e.gap(), e.burstPays) }

// Burst asks for a burst of pings that ends right before session time `before`:
// a command's instant. At most four are remembered.
func (e *Estimator) Burst(before SessionTime) {
	e.plan.burst(before.Add(-time.Duration(e.belief.fwd.y+e.belief.bwd.y) - commandGap))
}

func (e *Estimator) joining() bool { return !e.settled && e.plan.joining < burstMost }

// gap returns how long after the last ping the next one is due, bursts for
// commands apart. Once joined, pings leave in volleys: the first one wakes a
// radio that sleeps, those right behind it meet it awake.
func (e *Estimator) gap() time.Duration {
	p := &e.plan
	if e.joining() || e.suspects.n > 0 && p.quick < surprisePing {
		return p.jittered(burstGap)
	}
	between, size := e.pace()
	switch {
	case p.volley >= size:
		return p.jittered(between * 4 / 5)
	case p.lost > 0:
		return p.jittered(wakeGap)
	}
	return p.jittered(burstGap)
}

// pace returns the time between volleys and their size.
func (e *Estimator) pace() (between time.Duration, size int) {
	p, b := &e.plan, &e.belief
	switch {
	case p.lost > 3 && p.lost < 30:
		return time.Second, 1
	case p.after < firstVolleys*volleyMost:
		return time.Second / 2 << (p.after / volleyMost), volleyMost
	case p.after < learning:
		return e.spaced(steadyLeast)
	case b.count == 0:
		return steadyLeast, 1
	}
	g := steadyMost
	for g > steadyLeast && e.pays(g) {
		g /= 2
	}
	return e.spaced(max(g, steadyLeast))
}

// pays reports whether twice as many pings as one volley in g are worth it: the bound isn't good
// without them, and would be less by worthPart with them. What the lowest of n points tell is exact to
// n^(−1/k), where the queueing's density begins as the power k−1 of the height above its floor; what
// the clock may have strayed since, and the growth until the next ping, halve.
func (e *Estimator) pays(g time.Duration) bool {
	b := &e.belief
	grown := b.growth * float64(g)
	if b.bound+grown < float64(goodEnough*steadyMost/g) {
		return false
	}
	less := b.sampled*(1-math.Exp2(-1/b.power())) + (b.strayed+grown)/2
	return less > worthPart*(b.sampled+b.strayed+grown)
}

// burstPays reports whether a burst that ends at an instant is worth it: the bound there isn't good
// without it, and would be less by worthPart. A burst is about as many points as the floors are told
// by lately, and ends the growth since the last exchange.
func (e *Estimator) burstPays(to SessionTime) bool {
	b := &e.belief
	grown := b.growth * max(float64(to.Sub(e.origin))-e.last, 0)
	switch {
	case !e.settled:
		return true
	case b.bound+grown < float64(goodBound):
		return false
	}
	less := b.sampled*(1-math.Exp2(-1/b.power())) + grown
	return less > worthPart*(b.sampled+b.strayed+grown)
}

// spaced returns how a volley in so long is best sent.
func (e *Estimator) spaced(d time.Duration) (between time.Duration, size int) {
	if e.trips.sleepy() {
		return d, volleyMost
	}
	return d / volleyMost, 1
}
