package clock

import "math"

// trend is a line through the offsets of all exchanges that were hardly queued, newer
// ones counting more. A clock that rounds at random is right in their mean, and of the
// low points that the envelopes keep there are too few for that.
type trend struct {
	line
	t     float64 // ages are as of then, ns
	least float64 // round trip
}

const (
	trendMemory = 100e9 // ns: of a steady clock
	trendFrom   = 24.0  // exchanges that make a trend
)

// see takes s in, of a clock whose skew changes by wander.
func (l *trend) see(s sample, wander float64) {
	if l.least == 0 || s.rtt < l.least {
		l.least = s.rtt
	}
	l.carry(max(s.t4, l.t), trendMemory*math.Pow(leastWander/wander, 0.4))
	queued := (s.rtt - l.least) / s.res
	if queued < 1.5 {
		l.add(1/(1+queued*queued/2), l.t-s.t4, (s.u-s.v)/2)
	}
}

// carry makes t the present and lets what is older than memory fade.
func (l *trend) carry(t, memory float64) {
	d := t - l.t
	l.aa += d * (2*l.a + d*l.w)
	l.ay += d * l.y
	l.a += d * l.w
	l.t = t
	fade := math.Exp(-d / memory)
	l.w, l.a, l.y, l.aa, l.ay = l.w*fade, l.a*fade, l.y*fade, l.aa*fade, l.ay*fade
}

// now returns the line's slope and its height at t; stiff keeps the slope at skew.
func (l *trend) now(t, skew, stiff float64) (slope, y float64) {
	slope = skew + (-l.cov()-skew*l.spread())/(l.spread()+stiff)
	return slope, l.y/l.w + slope*(l.a/l.w+t-l.t)
}
