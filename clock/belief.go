package clock

import "math"

// belief is what an estimator takes to be true at time t; all in ns.
type belief struct {
	t        float64
	theta    float64 // offset less base
	mean     float64 // theta by the fit of fine stamps
	meanSd   float64 // its standard deviation, by the skews that are as likely
	skew     float64
	skewSd   float64 // standard deviation
	slow     float64 // skew over minutes
	wander   float64 // by how much the skew is taken to change, per ns
	lag      float64 // of theta behind the recent points, queueing apart
	skewErr  float64 // 99 %
	bound    float64 // 99 %, at t
	growth   float64 // of bound
	sampled  float64 // of bound: how far the lowest points may be from the floors
	strayed  float64 // of bound: how far the clock may have strayed since them
	fwd, bwd floor
	fwdShape shape
	bwdShape shape
	gaps     float64 // by how much the gaps of the two may differ
	queueFwd float64 // mean queueing
	queueBwd float64
	res      float64
	least    float64 // least delay of a single exchange
	queue    float64 // mean delay of an exchange beyond the least
	count    int
}

// reversion is how long the present skew is believed in, in ns: then the clock
// is taken to be back at what its skew has been over minutes, since most of
// what moves a skew (temperature, load) goes as it comes.
const reversion = 50e9

// at returns the offset at time t.
func (b *belief) at(t float64) float64 {
	d := t - b.t
	if d < 1e9 {
		return b.theta + b.skew*d
	}
	return b.theta + b.slow*d + (b.skew-b.slow)*reversion*-math.Expm1(-d/reversion)
}

// skewAt returns the derivative of at.
func (b *belief) skewAt(t float64) float64 {
	s := b.slow + (b.skew-b.slow)*math.Exp(-max(t-b.t, 0)/reversion)
	return min(max(s, -maxSkew), maxSkew) // rounding aside it is
}

// slowly keeps the skew over minutes, dt ns after the last time.
func (b *belief) slowly(dt, since float64) {
	w := -math.Expm1(-dt / min(900e9, max(since, 1)))
	b.slow += w * (b.skew - b.slow)
	if since < 60e9 {
		b.slow = b.skew
	}
}

// boundAt returns the 99 % bound at time t.
func (b *belief) boundAt(t float64) float64 { return b.bound + b.growth*math.Abs(t-b.t) }

// forward returns the floor of U at time t, backward that of V.
func (b *belief) forward(t float64) float64  { return b.fwd.y + b.skew*(t-b.t) }
func (b *belief) backward(t float64) float64 { return b.bwd.y - b.skew*(t-b.t) }

// enough samples make a floor that a sample can be suspiciously below.
const enough = 8

// toldSkew is how well a skew must be known to be held against a sample.
const toldSkew = 60e-6

// below reports whether s is lower than a floor by more than chance, drift and
// rounding explain: that can't be queueing.
func (b *belief) below(s sample) bool {
	if b.count < enough {
		return false
	}
	guard := func(err, t float64) float64 {
		g := 3*err + b.strays()*math.Abs(t-b.t) + 2000
		if s.res > 1 {
			g += 2 * s.res
		}
		return g
	}
	return s.u < b.forward(s.tu)-guard(b.fwd.err, s.tu) || s.v < b.backward(s.tv)-guard(b.bwd.err, s.tv)
}

// strays is how fast an offset may part from the belief unsuspected: as any
// clock's while its own skew can't be told.
func (b *belief) strays() float64 {
	if b.skewErr > toldSkew {
		return maxSkew
	}
	return b.skewErr + 1e-6
}

// torn reports whether the floors of the two directions are so near to each
// other that no exchange had both: they are from before and after a step that
// went unnoticed. Of n exchanges with exponential queueing the quickest one
// exceeds the floors by more than x with probability exp(−n·x²/(2·λf·λb)); where
// the queueing begins as the power k−1 of the height, with exp(−n·x^2k/…).
func (b *belief) torn() bool {
	if b.count < 2*enough {
		return false
	}
	over := b.least - (b.fwd.y + b.bwd.y) - 2*b.res - 50e3
	return over > 0 && over > 5*b.queue/math.Pow(float64(b.count), 1/(2*b.power()))
}

// power returns the k of the queueing, whose density begins as the power k−1 of the height above
// the floor: 1 where it is exponential. It goes by the gaps of gapsOf, which are nearly proportional to it.
func (b *belief) power() float64 {
	gap := (b.fwdShape.gap() + b.bwdShape.gap()) / 2
	return 1 + 3.2*max(gap-fewNear, 0)
}
