package clock_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/sim"
)

// BenchmarkAccuracy judges the estimator on every profile: obeying its own
// schedule, and beside the rivals' algorithms with one exchange a second after
// a burst of 12. Errors are against the truth, from 10 s on. Names and units are benchstat's.
func BenchmarkAccuracy(b *testing.B) {
	fmt.Print("Unit us-err-p50 better=lower\nUnit us-err-p95 better=lower\nUnit us-bound-p50 better=lower\nUnit cover-% better=higher\nUnit ratio-oracle better=lower\n")
	for _, p := range sim.Profiles() {
		name := "profile=" + p.Name + "/method="
		b.Run(name+"own-schedule", func(b *testing.B) {
			judge(b, p, func(e *clock.Estimator) (sim.Pinger, sim.Filter) { return e, sim.Real{Estimator: e} })
		})
		b.Run(name+"each-second", func(b *testing.B) {
			judge(b, p, func(e *clock.Estimator) (sim.Pinger, sim.Filter) {
				return &sim.EachSecond{N: 12}, sim.Real{Estimator: e}
			})
		})
		rivals := sim.Rivals()
		for _, rival := range slices.Sorted(maps.Keys(rivals)) {
			b.Run(name+rival, func(b *testing.B) {
				judge(b, p, func(*clock.Estimator) (sim.Pinger, sim.Filter) {
					return &sim.EachSecond{N: 12}, rivals[rival]()
				})
			})
		}
	}
}

func judge(b *testing.B, p sim.Profile, with func(*clock.Estimator) (sim.Pinger, sim.Filter)) {
	var v sim.Verdict
	for b.Loop() {
		v = sim.Judge(sim.Match{
			Profile: p, Runs: 10, For: 5 * time.Minute, From: 10 * time.Second, Every: time.Second,
			Enter: func(_ *sim.World, seed uint64) (sim.Pinger, []sim.Filter) {
				pinger, filter := with(clock.NewEstimator(clock.Config{Seed: seed}))
				return pinger, []sim.Filter{filter}
			},
		})
	}
	us := func(d time.Duration) float64 { return float64(d) / 1e3 }
	own := v.Filters[0]
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(us(own.P50), "us-err-p50")
	b.ReportMetric(us(own.P95), "us-err-p95")
	if own.BoundP50 > 0 { // else the method states none
		b.ReportMetric(us(own.BoundP50), "us-bound-p50")
		b.ReportMetric(100*own.Cover, "cover-%")
	}
	b.ReportMetric(v.Ratio(0), "ratio-oracle")
}

// BenchmarkOptimum sets the estimator beside the best that anybody could do with the same
// exchanges, one a second, the window being chosen with hindsight: both p95 and the oracle's.
func BenchmarkOptimum(b *testing.B) {
	for _, p := range sim.Profiles() {
		if !slices.Contains([]string{"wired", "loopback", "80ppm", "wifi", "wifi-congested", "bufferbloat"}, p.Name) {
			continue
		}
		b.Run(p.Name, func(b *testing.B) {
			queues := sim.LearnQueues(p)
			windows := []time.Duration{40 * time.Second, 60 * time.Second, 2 * time.Minute}
			var v sim.Verdict
			for b.Loop() {
				v = sim.Judge(sim.Match{
					Profile: p, Runs: 5, For: 5 * time.Minute, From: 10 * time.Second, Every: 10 * time.Second,
					Enter: func(w *sim.World, seed uint64) (sim.Pinger, []sim.Filter) {
						all := []sim.Filter{sim.Real{Estimator: clock.NewEstimator(clock.Config{Seed: seed})}}
						for _, window := range windows {
							all = append(all, &sim.Optimum{World: w, Queues: queues, Window: window})
						}
						return &sim.EachSecond{N: 12}, all
					},
				})
			}
			best := min(v.Ratio(1), v.Ratio(2), v.Ratio(3))
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(v.Ratio(0), "ratio-oracle")
			b.ReportMetric(best, "ratio-oracle-of-best")
			b.ReportMetric(v.Ratio(0)/best, "ratio-best")
		})
	}
}
