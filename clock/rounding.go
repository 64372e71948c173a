package clock

import "time"

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
	decided, down         bool
}

// Of a wide spread fewer exchanges are sure than of a narrow one.
const (
	tellFrom   = 50e3  // ns: of a finer clock the rounding is lost in the queueing
	roundMost  = 256   // exchanges that a line goes through
	surelyDown = 0.118 // variance over R², of manyRounds
	manyRounds = 128
	surelyNot  = 0.14 // of fewRounds
	fewRounds  = 48
)

// see takes in a sample; its resolution is R.
func (r *rounding) see(s sample) {
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
	variance := r.variance() / (s.res * s.res)
	down := r.rounds(time.Duration(s.res))
	if down && variance > surelyNot && r.n >= fewRounds || !down && variance < surelyDown && r.n >= manyRounds {
		r.decided, r.down = true, !down
		r.again()
	}
}

// again forgets the exchanges, but not what they told.
func (r *rounding) again() { *r = rounding{least: r.least, decided: r.decided, down: r.down} }

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
