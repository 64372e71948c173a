package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/sim"
)

// Simulation judges the estimator on simulated networks and clocks of which the truth is known.
// Its errors name what is wrong as the flags of `downbeat simulate` do.
type Simulation struct {
	Profile  string        // of network and clock; all: each of them
	Seed     uint64        // of all that is random
	Runs     int           // 1 to 1000, with the seed and those after it
	Duration time.Duration // simulated time of each run, 1 s to 168 h
	Schedule string        // of the pings: own, as the estimator wants them, or each-second, after a burst of 12
	JSON     bool          // print the result as JSON, else as a table
	Plot     string        // file for an SVG of error and bound over time (one profile, one run); empty: none
	Trace    string        // file for the exchanges, as Replay reads them; empty: none
	Truth    string        // file for the true offset and skew at the T4 of each row of the trace; empty: none
	Answers  string        // file of what another implementation made of the traces, to be judged beside the estimator; empty: none
}

// Check says what is wrong with the settings, if anything is.
func (c *Simulation) Check() error {
	_, err := c.profiles()
	return err
}

// Run runs all of it and writes the result to w, and the files.
func (c *Simulation) Run(w io.Writer, log *slog.Logger) error {
	profiles, err := c.profiles()
	if err != nil {
		return err
	}
	if c.Answers != "" {
		return c.score(w, profiles[0])
	}
	var results []simulated
	for _, p := range profiles {
		log.Debug("simulating", "profile", p.Name)
		var watched *watcher
		v := sim.Judge(c.match(p, func(w *watcher) { watched = w }))
		results = append(results, newSimulated(p.Name, v, 0))
		if err := c.write(watched); err != nil {
			return err
		}
	}
	if c.JSON {
		return json.NewEncoder(w).Encode(results)
	}
	return printSimulated(w, results)
}

// profiles checks the settings and returns what is to be simulated.
func (c *Simulation) profiles() ([]sim.Profile, error) {
	if c.Runs < 1 || c.Runs > 1000 || c.Duration < time.Second || c.Duration > 168*time.Hour {
		return nil, errors.New("--runs must be 1 to 1000 and --duration 1s to 168h")
	}
	if c.files() && (c.Profile == "all" || c.Runs > 1) {
		return nil, errors.New("--plot, --trace and --truth are for one --profile and one run")
	}
	if c.Answers != "" && (c.Profile == "all" || c.files()) {
		return nil, errors.New("--score is for one --profile, and without --plot, --trace and --truth")
	}
	all := sim.Profiles()
	if c.Profile == "all" {
		return all, nil
	}
	var names []string
	for _, p := range all {
		if p.Name == c.Profile {
			return []sim.Profile{p}, nil
		}
		names = append(names, p.Name)
	}
	return nil, fmt.Errorf("--profile %s: there is none of that name; there are all, %s", c.Profile, strings.Join(names, ", "))
}

func (c *Simulation) files() bool { return c.Plot != "" || c.Trace != "" || c.Truth != "" }

// match is the estimator on p; watch gets the watcher of each run if files are asked for.
func (c *Simulation) match(p sim.Profile, watch func(*watcher)) sim.Match {
	return sim.Match{
		Profile: p, Seed: c.Seed, Runs: c.Runs, For: c.Duration, From: c.from(),
		Enter: func(w *sim.World, seed uint64) (sim.Pinger, []sim.Filter) {
			e := clock.NewEstimator(clock.Config{Seed: seed})
			var pinger sim.Pinger = e
			if c.Schedule == "each-second" {
				pinger = &sim.EachSecond{N: 12}
			}
			var f sim.Filter = sim.Real{Estimator: e}
			if c.files() {
				seen := &watcher{Filter: f, world: w}
				watch(seen)
				f = seen
			}
			return pinger, []sim.Filter{f}
		},
	}
}

// from is when errors begin to count: after the joining burst.
func (c *Simulation) from() time.Duration { return min(10*time.Second, c.Duration/2) }

// simulated is what one filter came to on one profile.
type simulated struct {
	Profile     string  `json:"profile"`
	Readings    int     `json:"readings"`
	ErrP50Us    float64 `json:"errP50Us"` // of |error| against the truth
	ErrP95Us    float64 `json:"errP95Us"`
	ErrMaxUs    float64 `json:"errMaxUs"`
	BoundP50Us  float64 `json:"boundP50Us"`
	CoverPct    float64 `json:"coverPct"`    // readings within the 99 % bound
	HardMisses  int     `json:"hardMisses"`  // readings beyond the hard bound
	RatioOracle float64 `json:"ratioOracle"` // of p95 to the oracle's
	PerMinute   float64 `json:"pingsPerMinute"`
}

func newSimulated(profile string, v sim.Verdict, filter int) simulated {
	s := v.Filters[filter]
	return simulated{
		Profile: profile, Readings: s.Readings, ErrP50Us: us(s.P50), ErrP95Us: us(s.P95), ErrMaxUs: us(s.Max),
		BoundP50Us: us(s.BoundP50), CoverPct: 100 * s.Cover, HardMisses: s.HardMiss, RatioOracle: v.Ratio(filter), PerMinute: v.PerMinute,
	}
}

func printSimulated(w io.Writer, results []simulated) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "profile\terror p50 µs\tp95 µs\tmax µs\tbound p50 µs\tcover %\tbeyond hard\tp95/oracle\tpings/min\t")
	for _, r := range results {
		fmt.Fprintf(t, "%s\t%.1f\t%.1f\t%.1f\t%.1f\t%.2f\t%d\t%.2f\t%.1f\t\n",
			r.Profile, r.ErrP50Us, r.ErrP95Us, r.ErrMaxUs, r.BoundP50Us, r.CoverPct, r.HardMisses, r.RatioOracle, r.PerMinute)
	}
	return t.Flush()
}

// watcher is a filter of which all that goes in and out is kept.
type watcher struct {
	sim.Filter
	world     *sim.World
	exchanges []clock.Exchange // as they arrived
	points    []plotPoint
}

// Add takes an exchange in, and a reading after it.
func (w *watcher) Add(x clock.Exchange) error {
	w.exchanges = append(w.exchanges, x)
	err := w.Filter.Add(x)
	w.Offset(x.T4)
	return err
}

// Offset notes the error, too.
func (w *watcher) Offset(at clock.SessionTime) (offset, bound, hard time.Duration) {
	offset, bound, hard = w.Filter.Offset(at)
	w.points = append(w.points, plotPoint{at.Sub(sim.Start).Seconds(), us(offset - w.world.Offset(at)), us(bound)})
	return offset, bound, hard
}

// write writes the files that are asked for.
func (c *Simulation) write(w *watcher) error {
	title := fmt.Sprintf("%s, seed %d, %s schedule", c.Profile, c.Seed, c.Schedule)
	for _, f := range []struct {
		name string
		put  func(io.Writer) error
	}{
		{c.Trace, func(to io.Writer) error { return writeTrace(to, slices.Values(w.exchanges)) }},
		{c.Truth, func(to io.Writer) error { return writeTruth(to, w) }},
		{c.Plot, func(to io.Writer) error { return writePlot(to, title, w.points, c.from().Seconds()) }},
	} {
		if f.name == "" {
			continue
		}
		if err := writeFile(f.name, f.put); err != nil {
			return err
		}
	}
	return nil
}
