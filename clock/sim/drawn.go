package sim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// Drawn returns a profile that looks like the one of the given name in
// [Profiles] but was not tuned by: floors, mean queues, loss, the wander of the
// clock and its waves of temperature are drawn by seed, and so is for how long
// queues are correlated: up to 20 s, so that a minute has but a few independent
// ones. Unknown names have no queue.
func Drawn(name string, seed uint64) Profile {
	d := drawer{rand.New(rand.NewPCG(seed, 0xd4a3)), 0}
	p := Profile{Name: fmt.Sprintf("%s-%d", name, seed)}
	p.Wander, p.Temp, p.Period = d.log(1e-18, 1e-16), d.log(0.1e-6, 1e-6), d.log(900, 7200)
	d.tau = d.log(0.005, 20)
	queues := d.path(name, &p)
	p.Queue = func() [2]Queue { return queues(drawer{rand.New(rand.NewPCG(seed, 0x9e0e)), d.tau}) }
	return p
}

// floorOf is about how long a packet takes one way without a queue, in ms.
func floorOf(name string) float64 {
	ms, ok := map[string]float64{
		"wired": 0.06, "loopback": 0.06, "wifi": 0.7, "wifi-powersave": 0.7, "wifi-congested": 0.7,
		"lte": 10, "5g": 5, "bufferbloat": 8, "intercontinental": 78,
		"jitter": 5, "hops": 5, "normal": 5, "lognormal": 5, "rarely-faster": 5, "ordered": 5,
	}[name]
	if !ok {
		ms = 0.15
	}
	return ms
}

// path sets the floors and the resolution of p and returns what draws its queues.
func (d drawer) path(name string, p *Profile) func(drawer) [2]Queue {
	ms := floorOf(name) * d.about()
	p.Floor = [2]float64{ms, ms}
	switch name {
	case "wired":
		return func(d drawer) [2]Queue { return [2]Queue{d.cable(0.012), d.cable(0.012)} }
	case "loopback":
		return func(d drawer) [2]Queue { return [2]Queue{d.cable(0.1), d.cable(0.1)} }
	case "browser-5us":
		p.Resolution, p.Rounding = 5*time.Microsecond, Stochastic
	case "browser-20us":
		p.Resolution, p.Rounding = 20*time.Microsecond, Down
	case "browser-100us":
		p.Resolution, p.Rounding = 100*time.Microsecond, Stochastic
	case "browser-1ms":
		p.Resolution, p.Rounding = time.Millisecond, Down
	case "wifi":
		return func(d drawer) [2]Queue { return [2]Queue{d.wifi(), d.wifi()} }
	case "wifi-powersave":
		return func(d drawer) [2]Queue { return [2]Queue{Sum(d.wifi(), AfterIdle(0.2, Uniform(0, 102))), d.wifi()} }
	case "wifi-congested":
		return func(d drawer) [2]Queue { return [2]Queue{d.congested(), d.congested()} }
	case "lte":
		return drawer.lte
	case "5g":
		return drawer.fiveG
	case "bufferbloat":
		return drawer.bufferbloat
	case "intercontinental":
		p.Loss, p.Duplicate = 0.08*d.rng.Float64(), 0.01
		return func(d drawer) [2]Queue { return [2]Queue{d.wan(), d.wan()} }
	case "jitter":
		return func(d drawer) [2]Queue { return [2]Queue{d.exp(d.log(0.3, 5)), d.exp(d.log(0.3, 5))} }
	case "hops":
		return func(d drawer) [2]Queue { return [2]Queue{d.hops(), d.hops()} }
	case "normal":
		return func(d drawer) [2]Queue { return [2]Queue{d.normal(), d.normal()} }
	case "lognormal":
		return func(d drawer) [2]Queue { return [2]Queue{d.logNormal(), d.logNormal()} }
	case "rarely-faster":
		return drawer.rarelyFaster
	case "ordered":
		return func(d drawer) [2]Queue { return [2]Queue{ordered(d.hops()), ordered(d.hops())} }
	}
	return func(d drawer) [2]Queue { return [2]Queue{d.page(), d.exp(0.04)} }
}

// drawer draws parameters about those of the profiles; tau is how long queues
// are correlated for, in seconds.
type drawer struct {
	rng *rand.Rand
	tau float64
}

// log is uniform in the logarithm between lo and hi, about between 0.6 and 1.7.
func (d drawer) log(lo, hi float64) float64 { return lo * math.Pow(hi/lo, d.rng.Float64()) }
func (d drawer) about() float64             { return d.log(0.6, 1.7) }
func (d drawer) exp(mean float64) Queue     { return Exp(mean*d.about(), d.tau*d.about()) }

func (d drawer) cable(mean float64) Queue { return Sum(d.exp(mean), Sometimes(0.01, Exp(0.4, 0))) }

func (d drawer) page() Queue {
	return Sum(d.exp(0.03), Sometimes(0.03*d.about(), Exp(2, 0)), Sometimes(0.002, Uniform(16, 200)))
}

func (d drawer) wifi() Queue {
	return Sum(d.exp(0.25), Sometimes(0.08*d.about(), Uniform(0.5, 4)), Sometimes(0.01, Exp(20, 0)), Sometimes(0.002, Uniform(60, 120)))
}

func (d drawer) congested() Queue {
	busy := Busy(0.06*d.about(), 0.025*d.about(), Gamma2(4, min(d.tau, 0.2)))
	return Sum(d.exp(0.4), busy, Sometimes(0.03, Exp(60, 0.05)))
}

func (d drawer) lte() [2]Queue {
	up := Sum(d.exp(1.5), Sometimes(0.7, Uniform(0, 10)), HARQ(8, 0.1*d.about()))
	return [2]Queue{Sum(d.exp(2), HARQ(8, 0.1*d.about())), up}
}

func (d drawer) fiveG() [2]Queue {
	up := Sum(Uniform(0, 5), d.exp(0.5), HARQ(5, 0.08*d.about()))
	return [2]Queue{Sum(Uniform(0, 1.5), d.exp(0.5)), up}
}

func (d drawer) bufferbloat() [2]Queue {
	q := [2]Queue{d.wifi(), Sum(d.wifi(), Sawtooth(100*d.about(), 600*d.about()))}
	if d.rng.Float64() < 0.5 {
		q[0], q[1] = q[1], q[0]
	}
	return q
}

func (d drawer) hops() Queue   { return Gamma(1+d.rng.IntN(6), d.log(0.3, 5), d.tau*d.about()) }
func (d drawer) normal() Queue { m := d.log(1, 6); return Normal(m, m/4) }

func (d drawer) logNormal() Queue { return LogNormal(d.log(0.3, 3), 0.3+0.5*d.rng.Float64()) }

// rarelyFaster has the same faster way in both directions.
func (d drawer) rarelyFaster() [2]Queue {
	p, ms := d.log(0.003, 0.1), d.log(0.1, 2)
	return [2]Queue{Otherwise(p, ms, d.exp(0.3)), Otherwise(p, ms, d.exp(0.3))}
}

func (d drawer) wan() Queue { return Sum(d.exp(0.25), Sometimes(0.02, Exp(6, 0))) }
