package clock

import "time"

// rounding tells from the stamps whether a coarse clock rounds down, or up and
// down at random. It looks at exchanges whose stamps T2 and T3 are of the same
// tick and whose delay exceeds the least by e < R: there the offset of the
// exchange differs from the true one by the rounding, plus at most e/2 of
// queueing. Rounding down is spread evenly over R, with a variance of R²/12;
// rounding at random over 2R in a triangle, with R²/6.
type rounding struct {
	least                float64 // delay of those exchanges
	n, sum, square, slop float64
	decided, down        bool
}

// Of a wide spread fewer exchanges are sure than of a narrow one.
const (
	roundFrom  = 60e9  // ns since joining: earlier the belief errs by more than the rounding
	roundMost  = 256   // exchanges that are remembered
	surelyDown = 0.105 // variance over R², of manyRounds
	manyRounds = 128
	surelyNot  = 0.14 // of fewRounds
	fewRounds  = 48
)

// see takes in a sample of that delay whose offset is off by d from the belief;
// res is the resolution R; all in ns.
func (r *rounding) see(delay, d, res float64) {
	if r.least == 0 || delay < r.least {
		r.least = delay
	}
	e := delay - r.least
	if e > res {
		return
	}
	if r.n >= roundMost {
		keep := (roundMost - 1) / r.n
		r.n, r.sum, r.square, r.slop = r.n*keep, r.sum*keep, r.square*keep, r.slop*keep
	}
	r.n++
	r.sum, r.square, r.slop = r.sum+d, r.square+d*d, r.slop+e*e/12
	mean := r.sum / r.n
	variance := (r.square/r.n - mean*mean - r.slop/r.n) / (res * res)
	down := r.rounds(time.Duration(res))
	if down && variance > surelyNot && r.n >= fewRounds || !down && variance < surelyDown && r.n >= manyRounds {
		*r = rounding{decided: true, down: !down, least: r.least} // the belief moves by R/2, and what was summed up with it
	}
}

// rounds tells whether a clock of resolution res rounds down.
func (r *rounding) rounds(res time.Duration) bool {
	if r.decided {
		return r.down
	}
	return floors(res)
}

// learnRounding follows s, the newest sample.
func (e *Estimator) learnRounding(s sample) {
	b := &e.belief
	if b.res >= coarseFrom && b.t-e.first > roundFrom && s.rtt == s.u+s.v {
		e.rounding.see(s.u+s.v, (s.u-s.v)/2-b.at(s.t4), b.res)
	}
}
