package clock

import "time"

// rounding tells from the stamps whether a coarse clock rounds down, or up and
// down at random. It looks at exchanges whose round trip exceeds the least by e < R:
// by the server's clock, which is fine. There U differs from the true offset and a
// constant by the rounding of T2, plus at most e of
// queueing. Rounding down is spread evenly over R, with a variance of R²/12;
// rounding at random over 2R in a triangle, with R²/6.
type rounding struct {
	least                float64 // round trip
	n, sum, square, slop float64
	decided, down        bool
}

// Of a wide spread fewer exchanges are sure than of a narrow one.
const (
	tellFrom   = 50e3  // ns: of a finer clock the rounding is lost in the queueing
	roundFrom  = 60e9  // ns since joining: earlier the belief errs by more than the rounding
	roundMost  = 256   // exchanges that are remembered
	surelyDown = 0.118 // variance over R², of manyRounds
	manyRounds = 128
	surelyNot  = 0.14 // of fewRounds
	fewRounds  = 48
)

// see takes in a sample of that round trip whose U exceeds the believed offset by d;
// res is the resolution R; all in ns.
func (r *rounding) see(rtt, d, res float64) {
	if r.least == 0 || rtt < r.least {
		r.least = rtt
	}
	e := rtt - r.least
	if e > res {
		return
	}
	if r.n >= roundMost {
		keep := (roundMost - 1) / r.n
		r.n, r.sum, r.square, r.slop = r.n*keep, r.sum*keep, r.square*keep, r.slop*keep
	}
	d -= e / 2 // the other half of the queueing was on the way back, in the mean
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
	if b.res >= tellFrom && b.t-e.first > roundFrom {
		e.rounding.see(s.rtt, s.u-b.at(s.tu), b.res)
	}
}
