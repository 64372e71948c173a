package utc

import (
	"cmp"
	"slices"
	"time"
)

// interval holds what a server allows the offset to be.
type interval struct{ lo, hi time.Duration }

func (i interval) touches(o interval) bool { return i.lo <= o.hi && o.lo <= i.hi }

// around returns the interval of half-width r around mid.
func around(mid, r time.Duration) interval { return interval{mid - r, mid + r} }

// intersect returns the offsets that the largest number of intervals have in common,
// and that number (Marzullo's algorithm; RFC 5905, 11.2.1). Where several such sets
// are equally large it is the first one. The zero interval and 0 without any.
func intersect(all []interval) (best interval, most int) {
	type edge struct {
		at   time.Duration
		kind int // −1: an interval begins, +1: it ends
	}
	edges := make([]edge, 0, 2*len(all))
	for _, i := range all {
		edges = append(edges, edge{i.lo, -1}, edge{i.hi, +1})
	}
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Or(cmp.Compare(a.at, b.at), a.kind-b.kind) })
	depth := 0
	for n, e := range edges {
		depth -= e.kind
		if e.kind < 0 && depth > most {
			most, best = depth, interval{e.at, edges[n+1].at}
		}
	}
	return best, most
}

// candidate is what one server says of the offset.
type candidate struct {
	offset, distance time.Duration
	rate             float64 // of the server against the local clock, less 1
	steady           bool    // rate has been learnt
}

func (c candidate) interval() interval { return around(c.offset, c.distance) }

// verdict is what the candidates say together.
type verdict struct {
	majority bool
	used     []bool // of each candidate
	within   interval
	offset   time.Duration // the majority's weighted mean, within the interval
	rate     float64
	steady   bool
}

// judge finds the majority of the candidates, and of those that are still waited for,
// and combines what it says. A server weighs as much as
// the inverse square of its distance.
func judge(all []candidate, waiting int) verdict {
	intervals := make([]interval, len(all))
	for i, c := range all {
		intervals[i] = c.interval()
	}
	within, n := intersect(intervals)
	v := verdict{majority: n > 0 && 2*n > len(all)+waiting, used: make([]bool, len(all)), within: within}
	if !v.majority {
		return v
	}
	var offset, weights, rate, rates float64
	for i, c := range all {
		if v.used[i] = intervals[i].touches(within); !v.used[i] {
			continue
		}
		d := max(c.distance.Seconds(), 1e-9)
		w := 1 / (d * d)
		offset, weights = offset+w*float64(c.offset-within.lo), weights+w
		if c.steady {
			rate, rates = rate+w*c.rate, rates+w
		}
	}
	v.offset = max(within.lo, min(within.lo+time.Duration(offset/weights), within.hi))
	if rates > 0 {
		v.rate, v.steady = rate/rates, true
	}
	return v
}
