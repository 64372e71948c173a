package rules

import (
	"math"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// Reading is when something happened by a device's clock, and how wrong that may be. The
// devices of one instance share its error: between two of them it doesn't count, but for what it
// may have changed by meanwhile.
type Reading struct {
	At       Instant
	Bound    time.Duration // 99 %
	Common   time.Duration // the part of Bound that is the instance's; 0 where that isn't known
	Instance string        // whose devices have Common in common
}

// Apart returns the bound of the time between two readings.
func (a Reading) Apart(b Reading) time.Duration {
	whole := a.Bound + b.Bound
	if a.Common == 0 || b.Common == 0 || a.Instance != b.Instance {
		return whole
	}
	return min(whole, whole-a.Common-b.Common+changed(a.At.Sub(b.At)))
}

// changed is by how much an instance's error may have changed within a time: no clock drifts faster
// against another.
func changed(within time.Duration) time.Duration {
	return time.Duration(math.Ceil(math.Abs(float64(within)) * clock.HardGrowth))
}

// Spread is how far apart readings are: the latest less the earliest. The zero Spread is of none.
type Spread struct {
	all []Reading
}

// Add takes in one more.
func (s *Spread) Add(r Reading) { s.all = append(s.all, r) }

// Count returns how many there are.
func (s *Spread) Count() int { return len(s.all) }

// Of returns the spread, and its bound. Of fewer than two it is 0 and has none.
func (s *Spread) Of() (spread, bound time.Duration) {
	if len(s.all) < 2 {
		return 0, 0
	}
	first, last := s.all[0], s.all[0]
	for _, r := range s.all[1:] {
		if r.At < first.At {
			first = r
		}
		if r.At >= last.At {
			last = r
		}
	}
	spread = last.At.Sub(first.At)
	// It may be less by what the outermost two are wrong by, and more by what any others are.
	return spread, max(last.Apart(first), s.most()-spread)
}

// most returns how much the spread may be at most: for each two readings what they may be apart.
func (s *Spread) most() (most time.Duration) {
	of := map[string]*outermost{}
	for i, r := range s.all {
		if r.Common == 0 {
			r.Instance = ""
		}
		o := of[r.Instance]
		if o == nil {
			o = &outermost{first: r.At, last: r.At}
			of[r.Instance] = o
		}
		o.first, o.last = min(o.first, r.At), max(o.last, r.At)
		o.whole.add(i, r.At, r.Bound)
		o.own.add(i, r.At, r.Bound-r.Common)
	}
	for i, a := range of {
		for j, b := range of {
			apart := a.whole.late[0].Sub(b.whole.early[0])
			if i == j {
				apart = min(a.whole.apart(), a.own.apart()+changed(a.last.Sub(a.first)))
			}
			most = max(most, apart)
		}
	}
	return most
}

// outermost is of the readings of one instance's devices how early and how late they may truly be, by
// the whole of their bounds and by what they don't have in common.
type outermost struct {
	first, last Instant
	whole, own  edges
}

// edges are the two earliest and the two latest instants that readings may mean, and which one the
// outermost are of.
type edges struct {
	count           int
	early, late     [2]Instant
	earlyOf, lateOf int
}

func (e *edges) add(i int, at Instant, bound time.Duration) {
	early, late := at.Add(-bound), at.Add(bound)
	if e.count++; e.count == 1 {
		*e = edges{1, [2]Instant{early, math.MaxInt64}, [2]Instant{late, math.MinInt64}, i, i}
		return
	}
	if early < e.early[0] {
		e.early, e.earlyOf = [2]Instant{early, e.early[0]}, i
	} else {
		e.early[1] = min(e.early[1], early)
	}
	if late > e.late[0] {
		e.late, e.lateOf = [2]Instant{late, e.late[0]}, i
	} else {
		e.late[1] = max(e.late[1], late)
	}
}

// apart returns how far two different ones may be apart at most; 0 for one alone.
func (e *edges) apart() time.Duration {
	switch {
	case e.count < 2:
		return 0
	case e.earlyOf != e.lateOf:
		return e.late[0].Sub(e.early[0])
	}
	return max(e.late[0].Sub(e.early[1]), e.late[1].Sub(e.early[0]))
}
