package utc

import (
	"math"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// belief is what the servers have taught so far.
type belief struct {
	state      State
	why        string // of not following NTP
	at         clock.SessionTime
	within     interval          // of UTC − local time, at at
	rate       float64           // of UTC against local time, less 1
	steady     bool              // rate has been learnt
	applied    float64           // what of rate session time has by now
	listening  bool              // session time wasn't steered by the last verdict
	approached clock.SessionTime // when applied was set, in local time
	leaps      time.Duration
	warned     time.Duration     // the leap second that was announced last
	warnedAt   clock.SessionTime // when, in local time
	steps      uint64
	used       []bool // of each server
	outvoted   []bool
}

// Drift is by how much UTC may move against what is believed while nobody is heard,
// ns per ns: PHI of RFC 5905 once the rate is known, any clock's before.
const (
	driftKnown   = 15e-6
	driftUnknown = clock.HardGrowth
)

// believe takes a verdict over.
func (b *belief) believe(v verdict, at clock.SessionTime) {
	b.at, b.within = at, v.within
	if v.steady {
		b.rate, b.steady = max(-mostSteer, min(v.rate, mostSteer)), true
	}
}

// interval returns where UTC − local time lies at a local time: the last
// intersection, carried on and grown.
func (b *belief) interval(at clock.SessionTime) interval {
	age := float64(at.Sub(b.at))
	drift := driftUnknown
	if b.steady {
		drift = driftKnown
	}
	shift := time.Duration(math.Round(age * b.rate))
	grow := time.Duration(math.Ceil(math.Abs(age) * drift))
	return interval{b.within.lo + shift - grow, b.within.hi + shift + grow}
}

// farthest returns how far the interval reaches from x.
func (i interval) farthest(x time.Duration) time.Duration { return max(i.hi-x, x-i.lo) }

// steering is how by is taken up.
func steering(rate float64, by time.Duration) clock.Steering {
	pace := math.Abs(float64(by)) / float64(settle)
	if by.Abs() <= large {
		pace = min(pace, gentle)
	}
	room := mostSteer - rate
	if by < 0 {
		room = mostSteer + rate
	}
	pace = max(0, min(pace, room))
	return clock.Steering{Rate: rate, By: by, Pace: pace}
}

// approach moves the rate that session time has to the one that was learnt, by
// gentle in a minute.
func (b *belief) approach(at clock.SessionTime) {
	most := gentle * max(0, min(at.Sub(b.approached).Minutes(), 1))
	b.applied += max(-most, min(b.rate-b.applied, most))
	b.approached = at
}

const (
	// A leap second comes at the end of a month; an announcement may be a day old,
	// and the servers' jump takes a while to be believed.
	leapAnnounced = 26 * time.Hour
	leapTolerance = 100 * time.Millisecond
)

// announce notes an announced leap second.
func (d *Discipline) announce(at clock.SessionTime) {
	if leap := d.announced(); leap != 0 {
		d.warned, d.warnedAt = leap, at
	}
}

// leapt returns what to add to UTC so that a leap second that has just happened
// doesn't move session time; 0 when none has: by is no second, or none was announced.
// An inserted second sets UTC back.
func (d *Discipline) leapt(by time.Duration, at clock.SessionTime) time.Duration {
	if d.warned == 0 || at.Sub(d.warnedAt) > leapAnnounced || (by+d.warned).Abs() > leapTolerance {
		return 0
	}
	leap := d.warned
	d.warned = 0
	return leap
}
