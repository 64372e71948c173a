package clock

import "math"

const (
	decideBy  = 5 // samples: a suspicion is decided by then
	confirmBy = 3 // samples that contradict the belief and agree with each other are a step
)

// suspects holds samples back that don't fit the belief until it is clear what
// they are: a step of the device's clock, a new route, or garbage.
type suspects struct {
	s     [decideBy]sample
	n     int
	hard  bool     // they contradict causality, not only the floors
	agree corridor // what all of them allow
}

// verdict is what is to be done with a sample.
type verdict uint8

const (
	usual    verdict = iota // take it in
	wait                    // held back
	stepped                 // the clock stepped: start over from the suspects
	rerouted                // the path changed: take the suspects in as they are
)

func (q *suspects) add(s sample, hard bool) {
	c := s.corridor()
	if hard && (!q.hard || q.agree.apart(c)) {
		*q = suspects{hard: true} // no step that the earlier ones tell of
	}
	if q.n == len(q.s) {
		copy(q.s[:], q.s[1:])
		q.n--
	}
	q.s[q.n] = s
	q.n++
	q.agree = q.agree.and(c)
}

// judge decides about s against the belief b and the corridor c.
func (q *suspects) judge(s sample, b *belief, c corridor) verdict {
	if c.apart(s.corridor()) {
		q.add(s, true)
		if q.n >= confirmBy {
			return stepped
		}
		return wait
	}
	if q.hard {
		*q = suspects{} // back to normal: they were garbage
	}
	if q.n == 0 && !b.below(s) {
		return usual
	}
	q.add(s, false)
	return q.signature(b)
}

// signature tells a step from a new route by the floors: a step moves them
// apart by the same amount, (+Δ, −Δ), a route moves one or both alike.
func (q *suspects) signature(b *belief) verdict {
	du, dv := math.Inf(1), math.Inf(1)
	for _, s := range q.s[:q.n] {
		du = min(du, s.u-b.forward(s.tu))
		dv = min(dv, s.v-b.backward(s.tv))
	}
	down, up, queue := -dv, du, b.queueFwd // the clock gained, or the way back got shorter
	if du < dv {
		down, up, queue = -du, dv, b.queueBwd
	}
	if up < down/2 || up > 3*down+queue {
		return rerouted // or the other direction is merely busy
	}
	// Had the other floor stayed, each sample would have queued by at least up.
	if chance := math.Exp(-float64(q.n) * up / max(queue, 1)); chance < 0.01 || q.n == decideBy && chance < 0.2 {
		return stepped
	}
	if q.n == decideBy {
		return rerouted
	}
	return wait
}
