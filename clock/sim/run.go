package sim

import (
	"math"
	"slices"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// Filter is an estimator under trial: the real one, or a rival's algorithm.
type Filter interface {
	Add(clock.Exchange) error
	Offset(at clock.SessionTime) (offset, bound, hard time.Duration)
}

// Pinger says when pings leave; clock.Estimator is one.
type Pinger interface {
	Due() clock.SessionTime
	Sent(clock.SessionTime)
}

// Real is the estimator as a Filter. Its bound is judged without what it allows for
// software whose ways differ, since the floors of the profiles don't.
type Real struct{ *clock.Estimator }

// Offset returns the estimate at session time at.
func (r Real) Offset(at clock.SessionTime) (offset, bound, hard time.Duration) {
	e := r.Estimate(at)
	return e.Offset, e.Bound - e.Lopsided, e.Hard
}

// EachSecond is a schedule: a burst of n pings 50 ms apart, then one a second.
type EachSecond struct {
	N    int
	sent int
	next clock.SessionTime
}

// Due returns the next instant.
func (s *EachSecond) Due() clock.SessionTime { return s.next }

// Sent notes a ping.
func (s *EachSecond) Sent(t clock.SessionTime) {
	s.sent++
	if s.next = t.Add(time.Second); s.sent < s.N {
		s.next = t.Add(50 * time.Millisecond)
	}
}

// Trial is one run: a world, who pings, who listens, for how long.
type Trial struct {
	World   *World
	Pinger  Pinger
	Filters []Filter
	For     time.Duration // simulated
	From    time.Duration // judged from then on
	Every   time.Duration // between readings; 250 ms when 0
}

// Run plays the trial; it returns the statistics of each filter, and last those
// of the oracle, who knows the clock and has half the difference of the least
// queueing each way within 60 s.
func Run(t Trial) []Stats {
	if t.Every == 0 {
		t.Every = 250 * time.Millisecond
	}
	r := runner{Trial: t, out: make([]Stats, len(t.Filters)+1), read: Start.Add(t.From)}
	end := Start.Add(t.For)
	at := Start
	for ; at < end; at = max(at, t.Pinger.Due()) {
		r.deliver(at)
		r.flight = append(r.flight, r.World.Exchange(at))
		t.Pinger.Sent(at)
		r.deliver(at.Add(time.Millisecond)) // a schedule that looks at answers
		at = r.await(at, end)
	}
	r.deliver(end)
	for i := range r.out {
		r.out[i].finish()
	}
	return r.out
}

type runner struct {
	Trial
	out    []Stats
	flight []Exchanged
	seen   []Exchanged
	read   clock.SessionTime
}

// await takes in what arrives before the next ping is due, which may change that.
func (r *runner) await(at, end clock.SessionTime) clock.SessionTime {
	for len(r.flight) > 0 {
		due, first := max(at, r.Pinger.Due()), r.first()
		if r.flight[first].T4 >= min(due, end) {
			break
		}
		r.deliver(r.flight[first].T4)
	}
	return at
}

func (r *runner) first() int {
	best := 0
	for i := range r.flight {
		if r.flight[i].T4 < r.flight[best].T4 {
			best = i
		}
	}
	return best
}

// deliver hands over all that arrives until t, in order, with readings between.
func (r *runner) deliver(t clock.SessionTime) {
	for len(r.flight) > 0 {
		i := r.first()
		x := r.flight[i]
		if x.T4 > t {
			break
		}
		r.readings(x.T4)
		r.flight = slices.Delete(r.flight, i, i+1)
		if x.Lost {
			continue
		}
		r.seen = append(r.seen, x)
		for range 1 + x.Copies {
			for _, f := range r.Filters {
				_ = f.Add(x.Exchange)
			}
		}
	}
	r.readings(t)
}

// readings compares the beliefs with the truth at the instants before t.
func (r *runner) readings(t clock.SessionTime) {
	for ; r.read < t; r.read = r.read.Add(r.Every) {
		if len(r.seen) == 0 {
			continue
		}
		truth := r.World.Offset(r.read)
		for i, f := range r.Filters {
			offset, bound, hard := f.Offset(r.read)
			r.out[i].add(offset-truth, bound, hard)
		}
		r.out[len(r.Filters)].add(r.oracle(), 0, 0)
	}
}

func (r *runner) oracle() time.Duration {
	least := [2]time.Duration{math.MaxInt64, math.MaxInt64}
	for i := len(r.seen) - 1; i >= 0; i-- {
		x := r.seen[i]
		if r.read.Sub(x.T4) > time.Minute && i < len(r.seen)-1 {
			break
		}
		least[0], least[1] = min(least[0], x.Queued[0]), min(least[1], x.Queued[1])
	}
	return (least[0] - least[1]) / 2
}
