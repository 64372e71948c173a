package lab

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/sim"
)

const accuracyHead = `# Accuracy against simulated truth

Written by ` + "`make accuracy`" + `: don't edit it. The profiles are those of ` + "`clock/sim`" + `, 10 runs of 5
simulated minutes each (seeds 0 to 9), one reading a second from 10 s on. An error is the distance
of the believed offset from the true one.

*own schedule* is the estimator pinging as it wants to, which is less often. In all other rows 12
pings leave 50 ms apart, then one each second, and all methods get the same exchanges. The others
are those that such systems commonly use: the offset of the exchange with the least round trip of
the last 8 or 60; the median of the last 100 offsets; a least-squares line weighted by the inverse
square of the excess delay; a Kalman filter of offset and drift. They state no bounds. *ratio* is
p95 over that of an oracle, who knows the clock's drift, and has half the difference of the least
queueing each way within a minute. The bound is the 99 % bound, without what it allows for software
whose ways differ, since the floors of the profiles don't; *width* is its median over the error's
p95.
`

// method is a filter with its name.
type method struct {
	name  string
	enter func(seed uint64) sim.Filter
}

// methods are ours, then the rivals in the order of their names.
func methods() []method {
	own := []method{{"each second", func(seed uint64) sim.Filter {
		return sim.Real{Estimator: clock.NewEstimator(clock.Config{Seed: seed})}
	}}}
	rivals := sim.Rivals()
	for _, name := range slices.Sorted(maps.Keys(rivals)) {
		own = append(own, method{name, func(uint64) sim.Filter { return rivals[name]() }})
	}
	return own
}

// compare returns the rows of one profile: own schedule, then the methods.
func compare(p sim.Profile) []simulated {
	m := sim.Match{Profile: p, Runs: 10, For: 5 * time.Minute, From: 10 * time.Second, Every: time.Second}
	m.Enter = func(_ *sim.World, seed uint64) (sim.Pinger, []sim.Filter) {
		e := clock.NewEstimator(clock.Config{Seed: seed})
		return e, []sim.Filter{sim.Real{Estimator: e}}
	}
	rows := []simulated{newSimulated("own schedule", sim.Judge(m), 0)}
	all := methods()
	m.Enter = func(_ *sim.World, seed uint64) (sim.Pinger, []sim.Filter) {
		var filters []sim.Filter
		for _, one := range all {
			filters = append(filters, one.enter(seed))
		}
		return &sim.EachSecond{N: 12}, filters
	}
	v := sim.Judge(m)
	for i, one := range all {
		rows = append(rows, newSimulated(one.name, v, i))
	}
	return rows
}

// WriteAccuracy writes docs/accuracy.md: an overview, then a table for each profile.
func WriteAccuracy(w io.Writer, profiles []sim.Profile) error {
	var overview, tables strings.Builder
	for i, p := range profiles {
		rows := compare(p)
		if i == 0 {
			overviewHead(&overview, rows)
		}
		fmt.Fprintf(&overview, "| %s |", p.Name)
		fmt.Fprintf(&tables, "\n## %s\n\n| method | error p50 µs | p95 µs | bound p50 µs | width | cover %% | beyond hard | ratio | pings/min |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n", p.Name)
		for n, r := range rows {
			bounds := "– | – | – | –"
			if n < 2 { // ours
				bounds = fmt.Sprintf("%.1f | %.2f | %.2f | %d", r.BoundP50Us, r.BoundP50Us/r.ErrP95Us, r.CoverPct, r.HardMisses)
			}
			fmt.Fprintf(&overview, " %.1f |", r.ErrP95Us)
			fmt.Fprintf(&tables, "| %s | %.1f | %.1f | %s | %.2f | %.1f |\n", r.Profile, r.ErrP50Us, r.ErrP95Us, bounds, r.RatioOracle, r.PerMinute)
		}
		overview.WriteString("\n")
	}
	_, err := io.WriteString(w, accuracyHead+overview.String()+tables.String())
	return err
}

func overviewHead(b *strings.Builder, rows []simulated) {
	b.WriteString("\n## Error, 95th percentile, µs\n\n| profile |")
	for _, r := range rows {
		b.WriteString(" " + r.Profile + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("--:|", len(rows)) + "\n")
}
