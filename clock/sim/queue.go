package sim

import (
	"math"
	"math/rand/v2"
)

// Queue is the time in ms that a packet waits beyond the floor of its
// direction. at is the instant in seconds, idle how long the path was quiet
// before, in seconds. A Queue has state and belongs to one direction.
type Queue func(rng *rand.Rand, at, idle float64) float64

// Exp is an exponential queue of the given mean, correlated over tau seconds.
func Exp(mean, tau float64) Queue {
	u := correlated(tau)
	return func(rng *rand.Rand, at, _ float64) float64 { return -mean * math.Log(1-u(rng, at)) }
}

// Uniform is between lo and hi, independent from packet to packet.
func Uniform(lo, hi float64) Queue {
	return func(rng *rand.Rand, _, _ float64) float64 { return lo + (hi-lo)*rng.Float64() }
}

// Sometimes is q with probability p, else nothing.
func Sometimes(p float64, q Queue) Queue {
	return func(rng *rand.Rand, at, idle float64) float64 {
		if rng.Float64() >= p {
			return 0
		}
		return q(rng, at, idle)
	}
}

// HARQ is a geometric number of retransmissions of the given length each.
func HARQ(length, p float64) Queue {
	return func(rng *rand.Rand, _, _ float64) float64 {
		n := 0
		for rng.Float64() < p {
			n++
		}
		return length * float64(n)
	}
}

// AfterIdle is q for a packet that finds the path quiet for longer than s seconds.
func AfterIdle(s float64, q Queue) Queue {
	return func(rng *rand.Rand, at, idle float64) float64 {
		if idle <= s {
			return 0
		}
		return q(rng, at, idle)
	}
}

// Busy is q while a two-state chain is busy, of the given mean lengths in seconds.
func Busy(busy, quiet float64, q Queue) Queue {
	on, until := false, math.Inf(-1)
	return func(rng *rand.Rand, at, idle float64) float64 {
		if until < at-60 { // long ago: draw afresh
			on, until = rng.Float64() < busy/(busy+quiet), at
		}
		for until <= at {
			on = !on
			until += rng.ExpFloat64() * map[bool]float64{true: busy, false: quiet}[on]
		}
		if !on {
			return 0
		}
		return q(rng, at, idle)
	}
}

// Gamma2 is a gamma distribution of shape 2, correlated over tau seconds.
func Gamma2(scale, tau float64) Queue { return Sum(Exp(scale, tau), Exp(scale, tau)) }

// Gamma is a gamma distribution of a whole shape: as many exponential queues of
// the same mean one behind the other, each correlated over tau seconds. Its density
// vanishes at the floor as the power shape − 1.
func Gamma(shape int, mean, tau float64) Queue {
	hops := make([]Queue, shape)
	for i := range hops {
		hops[i] = Exp(mean/float64(shape), tau)
	}
	return Sum(hops...)
}

// Normal is a normal distribution, cut at the floor.
func Normal(mean, sd float64) Queue {
	return func(rng *rand.Rand, _, _ float64) float64 { return max(mean+sd*rng.NormFloat64(), 0) }
}

// LogNormal is a log-normal distribution of the given median.
func LogNormal(median, sigma float64) Queue {
	return func(rng *rand.Rand, _, _ float64) float64 { return median * math.Exp(sigma*rng.NormFloat64()) }
}

// Otherwise is q, and ms more unless a packet takes a faster way, with probability p.
func Otherwise(p, ms float64, q Queue) Queue {
	return func(rng *rand.Rand, at, idle float64) float64 {
		wait := q(rng, at, idle)
		if rng.Float64() >= p {
			wait += ms
		}
		return wait
	}
}

// InOrder is q of a transport that keeps the order: what would arrive before a packet
// that left earlier waits for that one.
func InOrder(q Queue) Queue {
	last := math.Inf(-1)
	return func(rng *rand.Rand, at, idle float64) float64 {
		last = max(last, at+q(rng, at, idle)/1e3)
		return (last - at) * 1e3
	}
}

// Sawtooth is quiet for 10–60 s, then fills a buffer from lo to hi ms over
// 10–60 s, and so on.
func Sawtooth(lo, hi float64) Queue {
	begin, end := 0.0, 0.0
	full := true // before the beginning
	return func(rng *rand.Rand, at, _ float64) float64 {
		for at >= end {
			begin, end, full = end, end+10+50*rng.Float64(), !full
		}
		if !full {
			return 0
		}
		return lo + (hi-lo)*(at-begin)/(end-begin)
	}
}

// Scaled is q times by.
func Scaled(by float64, q Queue) Queue {
	return func(rng *rand.Rand, at, idle float64) float64 { return by * q(rng, at, idle) }
}

// Sum adds queues up.
func Sum(qs ...Queue) Queue {
	return func(rng *rand.Rand, at, idle float64) float64 {
		total := 0.0
		for _, q := range qs {
			total += q(rng, at, idle)
		}
		return total
	}
}

// correlated makes uniform numbers out of an Ornstein–Uhlenbeck process.
func correlated(tau float64) func(rng *rand.Rand, at float64) float64 {
	g, last := 0.0, math.Inf(-1)
	return func(rng *rand.Rand, at float64) float64 {
		rho := 0.0
		if tau > 0 {
			rho = math.Exp(-math.Abs(at-last) / tau)
		}
		g = rho*g + math.Sqrt(1-rho*rho)*rng.NormFloat64()
		last = at
		return min(0.5*math.Erfc(-g/math.Sqrt2), 1-1e-12)
	}
}
