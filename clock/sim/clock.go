package sim

import (
	"math/rand/v2"

	"github.com/downbeat-sync/downbeat/clock"
)

// Clock is a World's device clock by itself, for those who send their own packets. It is not safe for concurrent use.
type Clock struct{ w *World }

// NewClock makes the clock that the world of p and seed has.
func NewClock(p Profile, seed uint64) Clock { return Clock{New(p, seed)} }

// Read returns what the device reads at session time at: coarsely, if the
// profile says so.
func (c Clock) Read(at clock.SessionTime) clock.DeviceTime { return c.w.Device(at) }

// True returns what a perfectly fine reading would be.
func (c Clock) True(at clock.SessionTime) clock.DeviceTime {
	return clock.DeviceTime(at.Add(c.w.Offset(at)))
}

// Direction is one direction of a profile's path. It is not safe for concurrent use.
type Direction struct {
	p      Profile
	dir    int
	seed   uint64
	queue  Queue
	last   float64
	before float64 // the last instant that differs from last
}

// NewDirection returns the direction of p to the device (0) or back (1).
func NewDirection(p Profile, dir int, seed uint64) *Direction {
	return &Direction{p: p, dir: dir, seed: seed, queue: p.Queue()[dir], last: -10, before: -10}
}

// Send returns the delay in ms of what leaves s seconds after the beginning, and
// whether it is lost. What chance decides is drawn anew from the seed at each
// instant, so that packets of one instant may change places.
func (d *Direction) Send(s float64) (delay float64, lost bool) {
	if s > d.last {
		d.before, d.last = d.last, s
	}
	rng := rand.New(rand.NewPCG(d.seed, uint64(s*1e9)))
	floor := d.p.Floor[d.dir]
	for _, r := range d.p.Route {
		if s >= r.At.Seconds() {
			floor += r.Change[d.dir]
		}
	}
	return floor + d.queue(rng, s, s-d.before), rng.Float64() < d.p.Loss
}
