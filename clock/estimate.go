package clock

import (
	"math"
	"time"
)

// State says how far the belief about a device's clock has come.
type State uint8

const (
	Unsynced State = iota // no exchange yet, or none since the last reset
	Settling              // the joining burst is under way: the map may step
	Tracking              // the map is slewed only
	Holdover              // no exchange for longer than the schedule would allow
)

// String returns the state's name.
func (s State) String() string {
	return [...]string{"unsynced", "settling", "tracking", "holdover"}[min(s, Holdover)]
}

// Estimate is the belief about a device's clock at one instant. All but the
// counters is zero while the State is Unsynced.
type Estimate struct {
	Map       Map // as believed; a Follower slews towards it
	State     State
	Offset    time.Duration // device − session
	Skew      float64       // d(offset)/d(session time)
	Delay     time.Duration // least round trip, the device's residence taken off
	Jitter    time.Duration // mean queueing of a round trip
	Bound     time.Duration // 99 %: of |error of Offset|
	Lopsided  time.Duration // part of Bound that allows for unequal floors
	Hard      time.Duration // what causality alone guarantees
	Exchanges uint64        // accepted since the beginning
	Rejected  uint64        // since the beginning, those held back included
}

// Estimate returns the belief at session time at: carried there by the skew,
// with bounds that grow with the distance from the last exchange.
func (e *Estimator) Estimate(at SessionTime) Estimate {
	out := Estimate{Exchanges: e.accepted, Rejected: e.rejected}
	b := &e.belief
	if b.count == 0 {
		return out
	}
	t := float64(at.Sub(e.origin))
	theta := b.at(t)
	bound, hard := e.boundsAt(t)
	out.State = e.stateAt(t)
	out.Offset = e.base + time.Duration(math.Round(theta))
	out.Skew = b.skewAt(t)
	out.Delay = time.Duration(max(b.fwd.y+b.bwd.y, 0))
	out.Jitter = time.Duration(b.queue)
	out.Bound, out.Hard = nanoseconds(bound), nanoseconds(hard)
	out.Lopsided = nanoseconds(b.lopsided())
	out.Map = Map{
		Device:  DeviceTime(at.Add(out.Offset)),
		Session: at,
		Rate:    -out.Skew / (1 + out.Skew),
		Bound:   out.Bound,
		Growth:  b.growth,
		Hard:    out.Hard + e.ahead(),
		Epoch:   e.epoch,
		Valid:   true,
	}
	return out
}

// boundsAt returns the 99 % and the hard bound at time t. While samples are held
// back that may mean a step, the bounds take in what these say.
func (e *Estimator) boundsAt(t float64) (bound, hard float64) {
	theta := e.belief.at(t)
	bound = e.belief.boundAt(t) + e.belief.lopsided()
	c := e.causal.at(t)
	if q := &e.suspects; q.n > 0 {
		c = c.or(q.agree, t)
		bound += q.agree.at(t).from(theta)
	}
	hard = max(c.from(theta), 1)
	return min(bound, hard), hard
}

// The way from the socket to the stamp is not quite as long as the way back, which
// shifts the offset without a trace: by 10 to 20 µs between two Go programs over
// loopback, at a round trip of a quarter of a millisecond; by 20 to 125 µs in
// Chromium, at half a millisecond. A clock as coarse as browserRes is a browser's.
// The 99 % bound that is told vouches for a part of the round trip, up to so much; in ns.
const (
	browserRes  = 2000
	browserPart = 1. / 4
	browserMost = 150e3
	programPart = 1. / 16
	programMost = 15e3
)

func (b *belief) lopsided() float64 {
	part, most := programPart, programMost
	if b.res >= browserRes {
		part, most = browserPart, browserMost
	}
	return max(0, min((b.fwd.y+b.bwd.y)*part, most))
}

// ahead is what the hard bound of a map has to allow for beyond HardGrowth
// until the next map comes: a clock that is hardly known may drift faster.
func (e *Estimator) ahead() time.Duration {
	more := e.causal.drift.off - HardGrowth
	if more <= 0 {
		return 0
	}
	between, _ := e.pace()
	return nanoseconds(more * 1.5 * float64(between))
}

func (e *Estimator) stateAt(t float64) State {
	between, _ := e.pace()
	switch {
	case t-e.last > 3*float64(between)+2e9:
		return Holdover
	case e.settled:
		return Tracking
	}
	return Settling
}

// nanoseconds rounds up, and never overflows.
func nanoseconds(x float64) time.Duration { return time.Duration(math.Ceil(min(x, 1<<61))) }
