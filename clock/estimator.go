package clock

import "time"

// Config sets an Estimator up; its zero value is usable.
type Config struct {
	Seed uint64 // of the jitter of the ping schedule
	// Steady takes the clock's rate to change little from the start, as that of a server which
	// is asked every few minutes; else that is believed once many exchanges have shown it.
	Steady bool
}

// Estimator learns one device's clock over one path: exchanges in, an Estimate
// out, and the instant at which the next ping is due. It takes less than 16 KB,
// allocates nothing after NewEstimator, and is not safe for concurrent use.
type Estimator struct {
	origin SessionTime   // zero of the times within
	base   time.Duration // zero of the offsets within
	begun  bool          // origin and base are set
	newest SessionTime   // latest T4
	far    int           // exchanges in a row far from newest
	first  float64       // T4 of the first exchange since the last restart
	last   float64       // latest T4

	wander   float64 // per ns: how the rate is taken to change at first
	res      resolution
	rounding rounding
	recent   recent
	fwd, bwd envelope
	trips    trips
	trend    trend
	fit      fitter
	belief   belief
	causal   corridor
	suspects suspects
	settled  bool
	stepped  SessionTime                // T4 at the last restart
	steps    int                        // restarts without calm between
	prior    struct{ mean, sd float64 } // of the skew
	plan     schedule

	epoch              uint16
	accepted, rejected uint64
}

// NewEstimator returns an estimator that knows nothing yet.
func NewEstimator(cfg Config) *Estimator {
	e := &Estimator{epoch: 1}
	e.prior.sd = priorSkew
	e.fwd.slope, e.bwd.slope = 1, -1
	e.plan.seed = cfg.Seed
	e.wander = firstWander
	if cfg.Steady {
		e.wander = leastWander
	}
	return e
}

// Add takes an exchange in; a *RejectError tells why one was not used. An
// exchange that contradicts the belief is held back (ReasonSuspect) and the
// bounds are widened until a few more have told a step of the clock from garbage.
func (e *Estimator) Add(x Exchange) error {
	if err := e.admit(x); err != nil {
		e.rejected++
		return err
	}
	e.recent.add(x.T1)
	e.newest, e.far = max(e.newest, x.T4), 0
	e.plan.lost = 0
	e.res.see(x.T1, x.T2, x.T3)
	s := newSample(x, e.origin, e.base, e.res.value())
	s.drift = e.drift()
	e.coarsened(s.res)
	switch e.suspects.judge(s, &e.belief, e.causal) {
	case wait:
		e.rejected++
		return errSuspect
	case stepped:
		q := e.suspects
		e.restart()
		e.takeAll(&q)
	case rerouted:
		q := e.suspects
		e.suspects = suspects{}
		e.causal = e.causal.or(q.agree, s.t4) // were it a step after all
		e.takeAll(&q)
	default:
		if e.steps < wild || e.newest.Sub(e.stepped) > calm {
			e.steps, e.plan.quick = min(e.steps, wild-1), 0
		}
		e.take(s)
	}
	e.learn()
	if e.belief.torn() {
		e.restart()
		e.take(s)
		e.learn()
	}
	return nil
}

// coarsened widens what causality was taken to say while the clock seemed finer.
func (e *Estimator) coarsened(res float64) {
	if more := res - e.belief.res; more > 0 && e.belief.count > 0 {
		e.causal.lo, e.causal.hi = e.causal.lo-more, e.causal.hi+more
		e.belief.res = res
	}
}

// admit checks x by itself and against the last exchanges.
func (e *Estimator) admit(x Exchange) error {
	if err := check(x); err != nil {
		return err
	}
	if d := x.Delay(); d < 0 && d < -2*e.res.lenient(x.T1, x.T2, x.T3) {
		return errResidence
	}
	if !e.begun {
		e.begin(x)
		return nil
	}
	gap := x.T4.Sub(e.newest)
	switch {
	case gap > maxGap || gap < -maxGap || !fits(x, e.base):
		if e.far++; e.far < rangeRetries {
			return errRange
		}
		e.Reset()
		e.begin(x)
	case gap < -maxReorder:
		return errOld
	case e.recent.has(x.T1):
		return errDuplicate
	}
	return nil
}

func (e *Estimator) begin(x Exchange) {
	e.origin, e.base, e.begun = x.T1, x.Offset(), true
	e.newest = x.T4
}

// take puts a sample in without learning from it yet.
func (e *Estimator) take(s sample) {
	if e.accepted++; e.belief.count == 0 {
		e.first, e.belief.least = s.t4, s.u+s.v
	}
	e.belief.least = min(e.belief.least, s.u+s.v)
	e.last = max(e.last, s.t4)
	e.trips.add(s.t4, s.u+s.v, e.belief.least)
	if s.res >= coarseFrom {
		e.trend.see(s, max(e.belief.wander, leastWander))
	}
	if s.res >= tellFrom && e.res.sure() {
		e.rounding.see(s, e.belief.forward(s.tu))
	}
	e.fwd.add(point{s.tu, s.u}, e.belief.skew)
	e.bwd.add(point{s.tv, s.v}, e.belief.skew)
	e.causal = e.causal.and(s.corridor())
	e.belief.count++
	e.belief.queued(s)
}

func (e *Estimator) takeAll(q *suspects) {
	for _, s := range q.s[:q.n] {
		e.take(s)
	}
}

// A clock that steps wild times, never calm between, gets no more joining
// bursts: it is broken, or drifts faster than maxSkew, and would be pinged
// without end.
const (
	calm = time.Minute
	wild = 4
)

// restart forgets the offset, but not the skew: the device's clock stepped.
func (e *Estimator) restart() {
	if b := &e.belief; b.count > 0 {
		e.prior.mean, e.prior.sd = b.skew, min(priorSkew, max(b.skewErr, rememberSkew))
		*b = belief{skew: b.skew, slow: b.slow, wander: b.wander}
	}
	e.fwd.clear()
	e.bwd.clear()
	e.trips, e.trend = trips{}, trend{}
	e.rounding.again()
	e.causal, e.suspects, e.settled, e.last = corridor{}, suspects{}, false, 0
	e.epoch++
	e.plan.restart()
	if e.steps++; e.newest.Sub(e.stepped) > calm {
		e.steps = 1
	}
	if e.stepped = e.newest; e.steps >= wild {
		e.plan.joining, e.plan.after, e.plan.volley, e.plan.quick = burstMost, learning, volleyMost, surprisePing
	}
}

// SetResolution tells the resolution of the device's clock; without it (or with
// 0) it is detected from the stamps.
func (e *Estimator) SetResolution(r time.Duration) { e.res.told = max(r, 0) }

// Reset forgets the exchanges: the device slept, stepped or changed network.
// The skew is remembered.
func (e *Estimator) Reset() {
	e.restart()
	e.begun, e.recent, e.far = false, recent{}, 0
	e.res, e.rounding = resolution{told: e.res.told}, rounding{}
}
