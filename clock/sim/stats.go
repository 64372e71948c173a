package sim

import (
	"slices"
	"time"
)

// Stats sums up how far a belief was from the truth.
type Stats struct {
	Readings int
	P50, P95 time.Duration // of |error|
	Max      time.Duration
	BoundP50 time.Duration
	Cover    float64 // share of the readings within the 99 % bound
	HardMiss int     // readings beyond the hard bound

	errs, bounds []time.Duration
	covered      int
}

func (s *Stats) add(err, bound, hard time.Duration) {
	err = err.Abs()
	s.errs, s.bounds = append(s.errs, err), append(s.bounds, bound)
	if err <= bound {
		s.covered++
	}
	if err > hard+1 {
		s.HardMiss++
	}
}

// Merge returns the statistics of all readings together.
func Merge(all []Stats) Stats {
	var m Stats
	for _, s := range all {
		m.errs, m.bounds = append(m.errs, s.errs...), append(m.bounds, s.bounds...)
		m.covered += s.covered
		m.HardMiss += s.HardMiss
	}
	m.finish()
	return m
}

func (s *Stats) finish() {
	n := len(s.errs)
	if s.Readings = n; n == 0 {
		return
	}
	slices.Sort(s.errs)
	slices.Sort(s.bounds)
	s.P50, s.P95, s.Max = s.errs[n/2], s.errs[n*95/100], s.errs[n-1]
	s.BoundP50 = s.bounds[n/2]
	s.Cover = float64(s.covered) / float64(n)
}
