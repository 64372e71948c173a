package mpv

import (
	"math"
	"slices"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

const (
	// far is from where on mpv seeks; what is nearer is made up for by its speed.
	far = 250 * time.Millisecond
	// window is over how long it is measured how far mpv is off, and leastSamples how often.
	window       = 400 * time.Millisecond
	leastSamples = 3
	// begin is how far off it must be for its speed to change, and enough where that ends.
	begin  = 5 * time.Millisecond
	enough = 2 * time.Millisecond
	// within is how long it is to take to make up for what is measured, at mostSpeed at most.
	within    = 1500 * time.Millisecond
	mostSpeed = 0.05
	// settles is how long mpv's sound, which it has made ahead, goes on at the speed before.
	settles = 500 * time.Millisecond
	// firstCost is what a seek is expected to take, and mostCost the most that is learnt.
	firstCost = 100 * time.Millisecond
	mostCost  = 2 * time.Second
	// mostLead is the most by which mpv is told earlier to start, as that takes it a while.
	mostLead = 200 * time.Millisecond
)

// learning is what the next measurement is of.
type learning int

const (
	nothing learning = iota
	aStart
	aSeek
)

// law decides how fast an mpv plays, from how far it is ahead.
type law struct {
	samples []time.Duration
	since   clock.SessionTime // of the first of them
	deaf    clock.SessionTime // until then what comes isn't of the speed that was set

	off        time.Duration // what was measured last
	known      bool
	correcting bool
	set        float64 // the speed that mpv has; 0: unknown

	learning learning
	cost     time.Duration // of a seek: what passes until it plays on
	lead     time.Duration // by how much earlier it must be told to start
}

func newLaw() law { return law{cost: firstCost} }

// forget drops what was measured: mpv isn't as it was.
func (l *law) forget() { l.samples = l.samples[:0] }

// started and sought say what mpv is about to do, so that the next measurement tells how long it took.
func (l *law) started() { l.learning, l.known, l.correcting = aStart, false, false; l.forget() }
func (l *law) sought()  { l.learning, l.known, l.correcting = aSeek, false, false; l.forget() }

// add notes that mpv was ahead by so much.
func (l *law) add(at clock.SessionTime, ahead time.Duration) {
	if at < l.deaf {
		return
	}
	if len(l.samples) == 0 {
		l.since = at
	}
	l.samples = append(l.samples, ahead)
}

// judge returns how far mpv is ahead; ok is false as long as that was measured too few times.
func (l *law) judge(now clock.SessionTime) (ahead time.Duration, ok bool) {
	if len(l.samples) < leastSamples || now.Sub(l.since) < window {
		return 0, false
	}
	slices.Sort(l.samples)
	l.off, l.known = l.samples[len(l.samples)*3/4], true // what came late looks as if mpv were behind
	l.forget()
	switch l.learning {
	case aStart:
		l.lead = min(max(l.lead-l.off/2, 0), mostLead)
	case aSeek:
		l.cost = min(max(l.cost-l.off, 0), mostCost)
	}
	l.learning = nothing
	return l.off, true
}

// drift is what was measured last.
func (l *law) drift() (time.Duration, bool) { return l.off, l.known }

// speed returns how fast mpv is to play media of a rate, and whether that is another speed than it has.
func (l *law) speed(rate float64, now clock.SessionTime) (speed float64, changed bool) {
	speed = rate
	least := begin
	if l.correcting {
		least = enough
	}
	if l.correcting = l.known && l.off.Abs() > least; l.correcting {
		speed *= 1 - min(max(float64(l.off)/float64(within), -mostSpeed), mostSpeed)
	}
	if math.Abs(speed-l.set) < 1e-4*rate && (speed != rate || l.set == rate) {
		return l.set, false
	}
	l.set, l.deaf = speed, now.Add(settles)
	l.forget()
	return speed, true
}
