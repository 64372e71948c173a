package clock

import "time"

// Sent notes that a ping left at t1.
func (e *Estimator) Sent(t1 SessionTime) {
	p := &e.plan
	p.note(t1)
	switch {
	case e.joining():
		p.joining++
	case e.suspects.n > 0 && p.quick < surprisePing:
		p.quick++
	default:
		p.after++
	}
}

// Due returns when the next ping is to leave; a past instant means at once. It
// depends on nothing but the estimator's state: what was sent, what came back,
// and how good the bound is. A joining device's pings leave every 10–15 ms, 20
// to 40 of them, then after 1, 2, 4 and 8 s, then every 4–16 s as the bound
// allows; quickly when something doesn't fit, and in the bursts asked for.
func (e *Estimator) Due() SessionTime { return e.plan.due(e.gap()) }

// Burst asks for a burst of pings that ends right before session time `before`:
// a command's instant. At most four are remembered.
func (e *Estimator) Burst(before SessionTime) {
	e.plan.burst(before.Add(-time.Duration(e.belief.fwd.y+e.belief.bwd.y) - commandGap))
}

func (e *Estimator) joining() bool { return !e.settled && e.plan.joining < burstMost }

// gap returns how long after the last ping the next one is due, bursts for
// commands apart.
func (e *Estimator) gap() time.Duration {
	p := &e.plan
	switch {
	case e.joining(), e.suspects.n > 0 && p.quick < surprisePing:
		return p.jittered(burstGap)
	case p.after < 4:
		return p.jittered(time.Second << p.after * 4 / 5)
	case p.lost > 1 && p.lost < 10:
		return p.jittered(time.Second)
	}
	return p.jittered(e.steady())
}

// steady returns the gap between pings that the bound allows: the longest that
// doesn't let it grow by half.
func (e *Estimator) steady() time.Duration {
	b := &e.belief
	for g := steadyMost; g > steadyLeast; g /= 2 {
		if b.count > 0 && b.growth*float64(g) < max(b.bound/2, 20e3) {
			return g * 4 / 5
		}
	}
	return steadyLeast
}
