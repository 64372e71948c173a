package sim

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// Start is the session time at which every World begins.
const Start = clock.SessionTime(1_795_431_600_000_000_000)

// Profile describes a path and a device's clock. Times are in ms.
type Profile struct {
	Name       string
	Floor      [2]float64 // least one-way delay to the device, and back
	Queue      func() [2]Queue
	Loss       float64 // of a packet, each way
	Duplicate  float64 // of an exchange
	Residence  Queue   // between T2 and T3; 20 µs when nil
	Resolution time.Duration
	Rounding   Rounding
	Skew       float64   // of the clock; drawn within ±80 ppm when 0
	Wander     float64   // A: variance of the frequency per second
	Temp       float64   // amplitude of the temperature's wave, dimensionless
	Period     float64   // of that wave, s; drawn from 300–1200 when 0
	Route      []Reroute // changes of the floors
	Events     []Event   // jumps of the clock
}

// Reroute changes the floors by Change ms from Start + At on.
type Reroute struct {
	At     time.Duration
	Change [2]float64
}

// World is one device behind one path.
type World struct {
	p      Profile
	rng    *rand.Rand
	seed   uint64
	clock  deviceClock
	queue  [2]Queue
	recent float64 // when the path was last used, s
}

// Exchanged is what became of one ping.
type Exchanged struct {
	clock.Exchange
	Lost   bool
	Copies int              // further arrivals of the same pong
	Queued [2]time.Duration // beyond the floor, as stamped: to the device and back
}

// New makes the world of p that seed tells: offset within hours, skew within
// ±80 ppm.
func New(p Profile, seed uint64) *World {
	rng := rand.New(rand.NewPCG(seed, 0x5eed))
	w := &World{p: p, rng: rng, seed: seed, queue: p.Queue(), recent: -10}
	w.clock = deviceClock{
		rng: rand.New(rand.NewPCG(seed, 0xc10c)), events: p.Events, temp: p.Temp,
		offset: -time.Duration(Start) + time.Duration(rng.Int64N(int64(10*time.Hour))),
		skew:   160e-6 * (rng.Float64() - 0.5), sd: math.Sqrt(p.Wander * grid),
		phase: 2 * math.Pi * rng.Float64(), period: 300 + 900*rng.Float64(),
	}
	if p.Skew != 0 {
		w.clock.skew = p.Skew
	}
	if p.Period > 0 {
		w.clock.period = p.Period
	}
	return w
}

// Offset returns the true offset, device − session, at session time at.
func (w *World) Offset(at clock.SessionTime) time.Duration {
	return w.clock.at(at.Sub(Start).Seconds())
}

// Skew returns the true skew at session time at.
func (w *World) Skew(at clock.SessionTime) float64 {
	s := at.Sub(Start).Seconds()
	return float64(w.clock.at(s+1)-w.clock.at(s)) / 1e9
}

// Device returns what the device's clock reads at session time at.
func (w *World) Device(at clock.SessionTime) clock.DeviceTime {
	return stamp(int64(at.Add(w.Offset(at))), w.p.Resolution, w.p.Rounding, w.seed)
}

// Exchange sends a ping at t1. Instants must not decrease much.
func (w *World) Exchange(t1 clock.SessionTime) Exchanged {
	there, qf := w.oneWay(0, t1)
	t2 := t1.Add(there)
	stay := 20 * time.Microsecond
	if w.p.Residence != nil {
		stay = ms(w.p.Residence(w.rng, t2.Sub(Start).Seconds(), 0))
	}
	t3 := t2.Add(stay)
	back, qb := w.oneWay(1, t3)
	x := Exchanged{Queued: [2]time.Duration{qf, qb}}
	x.Queued[0] += w.Device(t2).Sub(clock.DeviceTime(t2.Add(w.Offset(t2)))) + w.bias()
	x.Queued[1] -= w.Device(t3).Sub(clock.DeviceTime(t3.Add(w.Offset(t3)))) + w.bias()
	x.Exchange = clock.Exchange{T1: t1, T2: w.Device(t2), T3: w.Device(t3), T4: t3.Add(back)}
	x.Lost = w.rng.Float64() < 1-(1-w.p.Loss)*(1-w.p.Loss)
	if w.rng.Float64() < w.p.Duplicate {
		x.Copies = 1
	}
	return x
}

// bias returns what the device's stamps lose by rounding, in the mean.
func (w *World) bias() time.Duration {
	if w.p.Rounding == Down && w.p.Resolution > 1 {
		return w.p.Resolution / 2
	}
	return 0
}

// oneWay returns the delay of a packet that leaves at t, and the queueing in it.
func (w *World) oneWay(dir int, t clock.SessionTime) (delay, queued time.Duration) {
	s := t.Sub(Start).Seconds()
	floor := w.p.Floor[dir]
	for _, r := range w.p.Route {
		if s >= r.At.Seconds() {
			floor += r.Change[dir]
		}
	}
	queued = ms(w.queue[dir](w.rng, s, s-w.recent))
	w.recent = s
	return ms(floor) + queued, queued
}

func ms(x float64) time.Duration { return time.Duration(math.Round(x * 1e6)) }
