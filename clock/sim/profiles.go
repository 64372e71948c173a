package sim

import "time"

func both(f func() Queue) func() [2]Queue { return func() [2]Queue { return [2]Queue{f(), f()} } }

func wired(mean float64) func() [2]Queue {
	return both(func() Queue { return Sum(Exp(mean, 0.005), Sometimes(0.01, Exp(0.4, 0))) })
}

func browser() [2]Queue {
	// The event loop delays what comes in; stalls of the page last.
	page := Sum(Exp(0.03, 0.005), Sometimes(0.03, Exp(2, 0)), Sometimes(0.002, Uniform(16, 200)))
	return [2]Queue{page, Exp(0.04, 0.005)}
}

func goodWiFi() Queue {
	return Sum(Exp(0.25, 0.01), Sometimes(0.08, Uniform(0.5, 4)), Sometimes(0.01, Exp(20, 0)), Sometimes(0.002, Uniform(60, 120)))
}

func powerSave() [2]Queue {
	return [2]Queue{Sum(goodWiFi(), AfterIdle(0.2, Uniform(0, 102))), goodWiFi()}
}

func congested() Queue {
	return Sum(Exp(0.4, 0.01), Busy(0.060, 0.025, Gamma2(4, 0.02)), Sometimes(0.03, Exp(60, 0.05)))
}

func lte() [2]Queue {
	return [2]Queue{
		Sum(Exp(2, 0.02), HARQ(8, 0.1)),
		Sum(Exp(1.5, 0.02), Sometimes(0.7, Uniform(0, 10)), HARQ(8, 0.1)),
	}
}

func fiveG() [2]Queue {
	return [2]Queue{
		Sum(Uniform(0, 1.5), Exp(0.5, 0.01)),
		Sum(Uniform(0, 5), Exp(0.5, 0.01), HARQ(5, 0.08)),
	}
}

func bufferbloat() [2]Queue {
	return [2]Queue{goodWiFi(), Sum(goodWiFi(), Sawtooth(100, 600))}
}

func intercontinental() Queue { return Sum(Exp(0.25, 0.01), Sometimes(0.02, Exp(6, 0))) }

// ways is a path whose directions differ.
func ways(to, back func() Queue) func() [2]Queue {
	return func() [2]Queue { return [2]Queue{to(), back()} }
}

func gamma(shape int, mean float64) func() Queue {
	return func() Queue { return Gamma(shape, mean, 0.01) }
}

func logNormal(median, sigma float64) func() Queue {
	return func() Queue { return LogNormal(median, sigma) }
}

// rarelyFaster is a path of which a hundredth of the packets take a shorter way.
func rarelyFaster() Queue { return Otherwise(0.01, 0.5, Exp(0.3, 0.01)) }

// ordered is a WebSocket's path: jitter, now and then a segment sent again, and all that
// is behind it waits.
func ordered(jitter Queue) Queue {
	return InOrder(Sum(jitter, Sometimes(0.01, Uniform(30, 230))))
}

// Profiles returns the profiles that the estimator is judged by, floors of
// both directions equal unless the name says otherwise.
func Profiles() []Profile {
	us := time.Microsecond
	ordinary := func(p Profile) Profile { p.Wander, p.Temp = 1e-17, 0.3e-6; return p }
	page := func(name string, r time.Duration, how Rounding) Profile {
		return ordinary(Profile{Name: name, Floor: [2]float64{0.15, 0.15}, Queue: browser, Resolution: r, Rounding: how})
	}
	return []Profile{
		ordinary(Profile{Name: "wired", Floor: [2]float64{0.06, 0.06}, Queue: wired(0.012)}),
		ordinary(Profile{Name: "loopback", Floor: [2]float64{0.05, 0.05}, Queue: wired(0.1)}),
		page("browser-5us", 5*us, Stochastic),
		page("browser-20us", 20*us, Down),
		page("browser-100us", 100*us, Stochastic),
		page("browser-1ms", 1000*us, Down),
		ordinary(Profile{Name: "wifi", Floor: [2]float64{0.7, 0.7}, Queue: both(goodWiFi)}),
		ordinary(Profile{Name: "wifi-powersave", Floor: [2]float64{0.7, 0.7}, Queue: powerSave}),
		ordinary(Profile{Name: "wifi-congested", Floor: [2]float64{0.7, 0.7}, Queue: both(congested)}),
		ordinary(Profile{Name: "lte", Floor: [2]float64{10, 10}, Queue: lte}),
		ordinary(Profile{Name: "5g", Floor: [2]float64{5, 5}, Queue: fiveG}),
		ordinary(Profile{Name: "bufferbloat", Floor: [2]float64{8, 8}, Queue: bufferbloat}),
		ordinary(Profile{Name: "intercontinental", Floor: [2]float64{78, 78}, Queue: both(intercontinental), Loss: 0.08, Duplicate: 0.01}),
		ordinary(Profile{Name: "80ppm", Floor: [2]float64{0.06, 0.06}, Queue: wired(0.012), Skew: 80e-6}),
		ordinary(Profile{Name: "jitter", Floor: [2]float64{5, 5}, Queue: both(func() Queue { return Exp(3, 0.005) })}),
		ordinary(Profile{Name: "hops", Floor: [2]float64{5, 5}, Queue: both(gamma(3, 3))}),
		ordinary(Profile{Name: "hops-one-way", Floor: [2]float64{5, 5}, Queue: ways(gamma(3, 3), gamma(1, 0.3))}),
		ordinary(Profile{Name: "hops-unequal", Floor: [2]float64{5, 5}, Queue: ways(gamma(6, 3), gamma(6, 0.3))}),
		ordinary(Profile{Name: "normal", Floor: [2]float64{2, 2}, Queue: both(func() Queue { return Normal(6, 1.5) })}),
		ordinary(Profile{Name: "lognormal", Floor: [2]float64{5, 5}, Queue: both(logNormal(2, 0.6))}),
		ordinary(Profile{Name: "lognormal-unequal", Floor: [2]float64{5, 5}, Queue: ways(logNormal(0.5, 0.6), logNormal(2, 0.6))}),
		ordinary(Profile{Name: "rarely-faster", Floor: [2]float64{5, 5}, Queue: both(rarelyFaster)}),
		ordinary(Profile{Name: "ordered", Floor: [2]float64{5, 5}, Queue: both(func() Queue { return ordered(Exp(3, 0)) })}),
		ordinary(Profile{Name: "ordered-hops", Floor: [2]float64{5, 5}, Queue: both(func() Queue { return ordered(Gamma(3, 9, 0)) })}),
		{Name: "wander", Floor: [2]float64{0.06, 0.06}, Queue: wired(0.012), Wander: 1e-14, Temp: 3e-6},
	}
}
