package clock

import (
	"math"
	"sync/atomic"
	"time"
)

// MaxSteer is how far the rate of session time may differ from that of the
// monotonic clock, ns per ns: as far as those of two machines may lie apart, and some
// more to take a difference up.
const MaxSteer = 250e-6

// Source is session time as this process tells it: its monotonic clock plus an
// anchor to UTC that is read once, steered since if anybody knows UTC better.
// Session time never goes backwards and never jumps, but by Step. Reading is safe
// for concurrent use, also while it is steered; Steer and Step themselves need
// one caller at a time.
type Source struct {
	now    func() time.Time
	start  time.Time
	anchor SessionTime
	course atomic.Pointer[course]

	steered func()                      // told of another course; may be nil
	doubt   atomic.Pointer[Uncertainty] // nil: none
}

// NewSource anchors session time to the wall clock's present reading and from
// then on follows the monotonic clock alone. now is time.Now, handed in so
// that nothing in this package reads a clock by itself; its results must carry
// a monotonic reading.
func NewSource(now func() time.Time) *Source {
	t := now()
	s := &Source{now: now, start: t, anchor: SessionTime(t.UnixNano())}
	first := stretch{session: s.anchor}
	s.course.Store(&course{first})
	return s
}

// Now returns the present session time.
func (s *Source) Now() SessionTime { return s.At(s.now()) }

// At returns the session time at t, a reading of the function that the Source
// was made with.
func (s *Source) At(t time.Time) SessionTime {
	d := t.Sub(s.start)
	return s.course.Load().of(d).at(d)
}

// Local returns what session time would be at t if it had never been steered: the
// steady clock, which others are measured against.
func (s *Source) Local(t time.Time) SessionTime { return s.anchor.Add(t.Sub(s.start)) }

// Steady returns what the steady clock reads at present.
func (s *Source) Steady() SessionTime { return s.Local(s.now()) }

// Line returns session time over the steady clock around a reading of it: one of
// the last few seconds, or a later one as far as is known by now.
func (s *Source) Line(steady SessionTime) Line {
	c := *s.course.Load()
	i := c.index(steady.Sub(s.anchor))
	l := Line{Steady: s.anchor.Add(c[i].from), Session: c[i].session, Rate: c[i].rate, Until: endless}
	if i < len(c)-1 {
		l.Until = s.anchor.Add(c[i+1].from)
	}
	return l
}

// OnSteer has f called after each Steer, by whoever steers. It is set once, before
// anybody does.
func (s *Source) OnSteer(f func()) { s.steered = f }

// Until returns how long it is until session time t; negative when it is past.
func (s *Source) Until(t SessionTime) time.Duration { return t.Sub(s.Now()) }

// Steering is how session time is to go on: at Rate against the monotonic clock,
// and meanwhile taking By up at Pace (ns per ns, its sign doesn't matter). Rate,
// and Rate and Pace together, are limited to ±MaxSteer.
type Steering struct {
	Rate float64
	By   time.Duration
	Pace float64
}

// Steer changes the rate at t, which should lie a little ahead of the present,
// so that no reading of the past is affected. What was to happen after t by an
// earlier Steering is dropped.
func (s *Source) Steer(t time.Time, q Steering) {
	rate := limited(q.Rate)
	pace := limited(rate+math.Copysign(q.Pace, float64(q.By))) - rate
	d := t.Sub(s.start)
	now := *s.course.Load()
	slew := stretch{from: d, session: now.of(d).at(d), rate: rate}
	after := slew
	if slewing := float64(q.By) / pace; pace != 0 && q.By != 0 && slewing < math.MaxInt64/2 {
		slew.rate = rate + pace
		after.from = d + time.Duration(slewing)
		after.session = slew.at(after.from)
	}
	next := append(now.around(d), slew, after)
	s.course.Store(&next)
	if s.steered != nil {
		s.steered()
	}
}

// Step moves session time by d from t on: it jumps, backwards if d is negative.
func (s *Source) Step(t time.Time, d time.Duration) {
	from := t.Sub(s.start)
	l := s.course.Load().of(from)
	s.course.Store(&course{{from: from, session: l.at(from).Add(d), rate: l.rate}})
}

func limited(rate float64) float64 { return max(-MaxSteer, min(rate, MaxSteer)) }

// stretch is session time from an instant of the monotonic clock on.
type stretch struct {
	from    time.Duration // since the Source's start
	session SessionTime   // at from
	rate    float64       // against the monotonic clock, less 1
}

func (l stretch) at(d time.Duration) SessionTime {
	d -= l.from
	return l.session.Add(d + time.Duration(math.Round(float64(d)*l.rate)))
}

// course is a few stretches that follow each other without a gap, oldest first.
// The first one holds for all that was before it, too.
type course []stretch

func (c *course) of(d time.Duration) stretch { return (*c)[c.index(d)] }

func (c *course) index(d time.Duration) int {
	i := len(*c) - 1
	for i > 0 && (*c)[i].from > d {
		i--
	}
	return i
}

// readingAge is for how long a reading may wait to be turned into session time, and how far
// ahead of the present the course may be changed.
const readingAge = 5 * time.Second

// around returns the stretches that hold somewhere between readingAge before d and d.
func (c course) around(d time.Duration) course {
	var kept course
	for i, l := range c {
		if l.from < d && (i == len(c)-1 || c[i+1].from > d-readingAge) {
			kept = append(kept, l)
		}
	}
	if kept == nil {
		return c[:1:1]
	}
	return kept
}
