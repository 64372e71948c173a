package clock

import (
	"math"
	"time"
)

// rounding tells from the stamps whether a coarse clock rounds down, or up and
// down at random. It looks at exchanges whose round trip exceeds the least by e < R,
// by the server's clock, which is fine. There U lies off a straight line by the rounding
// of T2 and at most e of queueing. Rounding down is spread evenly over R, with a variance
// of R²/12; rounding at random over 2R in a triangle, with R²/6.
type rounding struct {
	least                 float64 // round trip
	t, u                  float64 // of the first exchange: zero of the sums
	n, st, su, tt, tu, uu float64 // sums over the exchanges of t and U
	slop                  float64 // variance by queueing, summed up
	cos, sin              float64 // sums over where in a tick the exchanges met the clock, as angles
	decided, down         bool
	sure                  bool    // many exchanges agree with what is taken for true
	met                   float64 // part of a tick that exchanges met, ns
}

// Of a wide spread fewer exchanges are sure than of a narrow one.
const (
	tellFrom   = 50e3  // ns: of a finer clock the rounding is lost in the queueing
	roundMost  = 256   // exchanges that a line goes through
	surelyDown = 0.118 // variance over R², of manyRounds
	manyRounds = 128
	surelyNot  = 0.14 // of fewRounds
	fewRounds  = 48
	mixed      = 0.2   // square of the mean of the angles, at most
	sureFrom   = 500e3 // ns: of a finer clock the rounding is never told surely enough to vouch for
)

// see takes in a sample; its resolution is R, and floor that of U as believed.
func (r *rounding) see(s sample, floor float64) {
	if r.least == 0 || s.rtt < r.least {
		r.least = s.rtt
	}
	e := s.rtt - r.least
	if e > s.res {
		return
	}
	if r.n >= roundMost {
		r.again()
	}
	r.add(s.tu, s.u-e/2, e*e/12) // the other half of the queueing was on the way back, in the mean
	sin, cos := math.Sincos(2 * math.Pi * math.Mod((s.tu+floor)/s.res, 1))
	r.sin, r.cos = r.sin+sin, r.cos+cos
	if r.n >= fewRounds {
		r.tell(r.variance()/(s.res*s.res), s.res)
	}
}

// tell decides by the variance over R².
func (r *rounding) tell(variance, res float64) {
	r.met = max(r.met*(1-1./roundMost), math.Sqrt(12*max(variance, 0))*res)
	if r.cos*r.cos+r.sin*r.sin > mixed*r.n*r.n {
		return // always at the same part of a tick: two neighbouring stamps tell nothing
	}
	isDown, isNot := variance < surelyDown && r.n >= manyRounds, variance > surelyNot
	down := r.rounds(time.Duration(res))
	switch {
	case down && isNot || !down && isDown:
		r.decided, r.down, r.sure = true, !down, false
		r.again()
	case isDown || isNot && r.n >= manyRounds:
		r.sure = true
	}
}

// unseen returns by how much the offset may be off since a clock of resolution res may
// round otherwise than it is taken to, or since exchanges have met only a part of the
// ticks of one that rounds down: none lost nearly all of a tick.
func (r *rounding) unseen(res float64) float64 {
	switch {
	case res <= 1:
		return 0
	case res < sureFrom || !r.sure:
		return res / 2
	case !r.rounds(time.Duration(res)):
		return 0
	}
	return max(res-r.met, 0) / 2
}

// again forgets the exchanges, but not what they told.
func (r *rounding) again() {
	*r = rounding{least: r.least, decided: r.decided, down: r.down, sure: r.sure, met: r.met}
}

func (r *rounding) add(t, u, slop float64) {
	if r.n == 0 {
		r.t, r.u = t, u
	}
	t, u = t-r.t, u-r.u
	r.n++
	r.st, r.su, r.tt, r.tu, r.uu = r.st+t, r.su+u, r.tt+t*t, r.tu+t*u, r.uu+u*u
	r.slop += slop
}

// variance returns that of U about a line: what the clock drifts by is not rounding.
func (r *rounding) variance() float64 {
	if r.n < 3 {
		return 0
	}
	tt, tu, uu := r.tt-r.st*r.st/r.n, r.tu-r.st*r.su/r.n, r.uu-r.su*r.su/r.n
	return (uu-tu*tu/max(tt, 1))/(r.n-2) - r.slop/r.n
}

// rounds tells whether a clock of resolution res rounds down.
func (r *rounding) rounds(res time.Duration) bool {
	if r.decided {
		return r.down
	}
	return floors(res)
}
