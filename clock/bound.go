package clock

import "math"

// What the parts of the bound are multiplied by; docs/decisions/0010 has how they were found.
const (
	ample      = 1.25    // the spacings' quantile
	sureSd     = 2.5     // the offset's standard deviation over the skews that are as likely
	leastApart = 0.75    // the difference of the spreads, queues being exponential
	mostApart  = 2.0     // the same, where few points are near the floor: one direction may hide a longer gap
	fewNear    = 0.15    // spreads that the gaps are expected to be, where that is so
	sureGap    = 1.0     // the difference of the gaps that the shapes tell
	gapsHeld   = 24.0    // exchanges that a difference of the gaps takes to fall by most of itself, once there are many
	gapsFresh  = 8.0     // part of the exchanges so far that it takes before
	sureSteady = 3.0     // the slack of a steady clock
	sureWander = 12.0    // what the slack of one that wanders is beyond that
	sureLag    = 6.0     // the lag behind the recent points
	leastBound = 100.0   // ns, added
	skewSds    = 4.0     // the skew's standard deviation, of the bound's growth
	growthSkew = 0.20e-6 // added to that: the skew's change after the last exchange
	wanderTime = 20e9    // ns that it goes on wandering for
)

const (
	young    = 90e9 // ns: after that, a full buffer will have been empty once
	tooYoung = 5e9  // ns: until then a buffer may fill up unnoticed
	longTrip = 60e6 // ns: a shorter delay isn't one of full buffers
)

// learnBound sets the 99 % bound: how far the lines may be from the floors, how
// far the clock may have strayed since the lowest points, and how far it did as
// the recent ones tell; and the rounding of the stamps.
func (e *Estimator) learnBound(fitted bool) {
	b := &e.belief
	b.holdGaps()
	err, skewed, gaps := max(b.fwd.err, b.bwd.err)/2, sureSd*b.meanSd, b.gaps
	age := max(b.fwd.age, b.bwd.age)
	if fitted { // the offset is the mean of many points then, not that of the two lowest
		skewed, gaps, age = 0, 0, age/2
	}
	b.strayed = sureSteady*slack(age, leastWander) + sureWander*slack(age, b.wander-leastWander) + sureLag*b.lag
	b.sampled = root(ample*err, ample*skewed, gaps, e.rounding.unseen(b.res))
	b.bound = b.sampled + b.strayed + leastBound
	if b.count < 3 || e.filling() {
		b.bound = math.Inf(1)
	}
	b.bound = min(b.bound, e.causal.at(b.t).from(b.theta))
	b.growth = min(skewSds*b.skewSd+growthSkew+wanderTime*b.wander, HardGrowth)
}

// gapsApart returns by how much the gaps between the lowest points and the floors
// may differ, beyond what spacings tell: where density vanishes at the floor, a gap is
// many spacings, and nothing but another one of the same length makes up for it.
func (b *belief) gapsApart() float64 {
	up, down := b.fwdShape.gap(), b.bwdShape.gap()
	few := min(((up+down)/2-gapsOf[0].gap)/fewNear, 1)
	apart := leastApart + (mostApart-leastApart)*few
	return apart*math.Abs(b.fwd.spread-b.bwd.spread) + sureGap*math.Abs(b.fwd.spread*up-b.bwd.spread*down)
}

// holdGaps takes up what the gaps differ by now. Two spreads of a few points each come
// to the same by chance, though the gaps differ as before: so the difference grows at
// once, and falls only as fast as exchanges confirm it.
func (b *belief) holdGaps() {
	less := b.gapsApart() - b.gaps
	b.gaps += max(less, less/min(1+float64(b.count)/gapsFresh, gapsHeld))
}

// filling reports whether what looks like a floor may be a full buffer, seen
// since joining only: the delay grows, or is long and there was no time to tell.
func (e *Estimator) filling() bool {
	b := &e.belief
	since := b.t - e.first
	return since < young && e.trips.rising() || since < tooYoung && b.fwd.y+b.bwd.y > longTrip
}

// root returns the root of the sum of the squares: what independent causes come to.
func root(of ...float64) float64 {
	sum := 0.0
	for _, x := range of {
		sum += x * x
	}
	return math.Sqrt(sum)
}
