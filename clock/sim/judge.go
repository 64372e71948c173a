package sim

import (
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// Match is several runs of the same filters on one profile, each with a seed
// of its own.
type Match struct {
	Profile Profile
	Seed    uint64        // of the first run; the others' follow
	Runs    int           // 1 when 0
	For     time.Duration // simulated, each run
	From    time.Duration // judged from then on
	Every   time.Duration // between readings; 250 ms when 0
	// Enter makes for each run who pings and who listens. All filters get the
	// same exchanges.
	Enter func(w *World, seed uint64) (Pinger, []Filter)
}

// Verdict is what the filters of a Match came to, all runs together.
type Verdict struct {
	Filters   []Stats // as entered
	Oracle    Stats
	PerMinute float64 // pings
}

// Judge plays the match.
func Judge(m Match) Verdict {
	var all [][]Stats // by filter, the oracle last
	pings, runs := 0, max(m.Runs, 1)
	for i := range runs {
		seed := m.Seed + uint64(i)
		w := New(m.Profile, seed)
		pinger, filters := m.Enter(w, seed)
		counted := &counter{Pinger: pinger}
		stats := Run(Trial{World: w, Pinger: counted, Filters: filters, For: m.For, From: m.From, Every: m.Every})
		if all == nil {
			all = make([][]Stats, len(stats))
		}
		for f, s := range stats {
			all[f] = append(all[f], s)
		}
		pings += counted.n
	}
	var v Verdict
	for _, runs := range all {
		v.Filters = append(v.Filters, Merge(runs))
	}
	last := len(v.Filters) - 1
	v.Oracle, v.Filters = v.Filters[last], v.Filters[:last]
	v.PerMinute = float64(pings) / (float64(runs) * m.For.Minutes())
	return v
}

// Ratio returns the 95th percentile of filter i's errors over the oracle's; 0 if
// the oracle makes none.
func (v Verdict) Ratio(i int) float64 {
	if v.Oracle.P95 == 0 {
		return 0
	}
	return float64(v.Filters[i].P95) / float64(v.Oracle.P95)
}

// counter counts pings.
type counter struct {
	Pinger
	n int
}

func (c *counter) Sent(t clock.SessionTime) {
	c.n++
	c.Pinger.Sent(t)
}
