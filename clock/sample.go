package clock

import "time"

// sample is an exchange as differences from the estimator's origin and base, in ns.
type sample struct {
	tu, u float64 // forward: U and the instant it is for
	tv, v float64 // backward
	t4    float64
	rtt   float64 // T4 − T1
	res   float64 // resolution of the device's clock
	drift drift   // of that clock, as known then
}

// newSample takes x apart; origin is the zero of session times, base that of offsets.
func newSample(x Exchange, origin SessionTime, base, res time.Duration) sample {
	half := max(x.Delay(), 0) / 2
	return sample{
		tu:  float64(x.T1.Add(half).Sub(origin)),
		u:   float64(x.Forward() - base),
		tv:  float64(x.T4.Add(-half).Sub(origin)),
		v:   float64(x.Backward() + base),
		t4:  float64(x.T4.Sub(origin)),
		rtt: float64(x.T4.Sub(x.T1)),
		res: float64(res),
	}
}

// corridor returns what s alone says of the offset at its T4. The clock may
// have drifted for the round trip, and each device stamp be off by the
// resolution, or by as much as makes the delay less than nothing.
func (s sample) corridor() corridor {
	slack := maxSkew*s.rtt + s.res + max(-(s.u+s.v), 0)/2
	return corridor{t: s.t4, lo: -s.v - slack, hi: s.u + slack, drift: s.drift, known: true}
}

// fits reports whether the difference of x's offset from base can be reckoned with.
func fits(x Exchange, base time.Duration) bool {
	const most = 1 << 61
	d := float64(x.Forward()) - float64(base)
	return d < most && d > -most
}
