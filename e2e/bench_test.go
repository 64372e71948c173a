package e2e

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/downbeat-sync/downbeat/internal/lab"
	"github.com/downbeat-sync/downbeat/server"
)

// The figures of docs/figures.md. Each benchmark is one run whatever b.N:
// `make bench`.

// BenchmarkGoDevices: eight Go devices with simulated clocks, 40 commands.
func BenchmarkGoDevices(b *testing.B) {
	for b.Loop() {
		r, err := lab.NewRig(b.Context(), server.Config{Log: quiet()}, nil)
		check(b, err)
		result, err := r.Demo(8, 40, rand.New(rand.NewPCG(3, 3)))
		check(b, err)
		check(b, r.Close())
		var clockErr, converged, spread, fire []float64
		for _, d := range result.Devices {
			clockErr, converged = append(clockErr, d.ErrsUs...), append(converged, d.ConvergedMs)
		}
		for _, c := range result.Commands {
			spread, fire = append(spread, c.SpreadUs), append(fire, c.MissesUs...)
		}
		b.ReportMetric(lab.Quantile(clockErr, .95), "us-clock-err-p95")
		b.ReportMetric(lab.Quantile(converged, .95), "ms-bound<1ms-p95")
		b.ReportMetric(lab.Quantile(fire, .95), "us-fire-err-p95")
		b.ReportMetric(lab.Quantile(spread, .95), "us-spread-p95")
		b.ReportMetric(100*float64(result.Outside)/float64(result.Readings), "%-outside-bound")
		b.ReportMetric(float64(result.OutsideHard), "outside-hard")
	}
}

// BenchmarkGoJoin: one Go device after the other joins, WebSocket open → first
// pong over the data channel.
func BenchmarkGoJoin(b *testing.B) {
	for b.Loop() {
		r, err := lab.NewRig(b.Context(), server.Config{Log: quiet()}, nil)
		check(b, err)
		var joins []float64
		random := rand.New(rand.NewPCG(4, 4))
		for range 50 {
			d, err := r.Add("join", lab.NewClock(time.Now(), random))
			check(b, err)
			joins = append(joins, d.JoinMs)
			d.Leave()
		}
		check(b, r.Close())
		b.ReportMetric(lab.Quantile(joins, .5), "ms-join-p50")
		b.ReportMetric(lab.Quantile(joins, .95), "ms-join-p95")
	}
}

// BenchmarkChromiumJoin: one tab after the other joins, WebSocket open → first
// pong over the data channel, both as the server sees them.
func BenchmarkChromiumJoin(b *testing.B) {
	for b.Loop() {
		s := newStage(b, false)
		var joins, converged []float64
		for range 20 {
			d := s.add("in=worker")
			seen, _ := s.rig.Server.Device(d.ready.ID)
			opened := s.rig.Server.Clock().At(s.entrance.lastOpened())
			joins = append(joins, ms(seen.FirstPong.Sub(opened)))
			converged = append(converged, d.ready.ConvergedMs)
			check(b, chromedp.Cancel(d.ctx))
		}
		s.close()
		b.ReportMetric(lab.Quantile(joins, .5), "ms-join-p50")
		b.ReportMetric(lab.Quantile(joins, .95), "ms-join-p95")
		b.ReportMetric(lab.Quantile(converged, .95), "ms-bound<1ms-p95")
	}
}

// BenchmarkChromiumAct: one tab, 60 commands; the clock's error and the act's,
// against the machine's monotonic clock.
func BenchmarkChromiumAct(b *testing.B) {
	for name, query := range map[string]string{
		"page": "in=page", "worker": "in=worker", "janky-worker": "in=worker&jank=30",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				s := newStage(b, false, query)
				pause(b.Context(), 2*time.Second)
				m := s.measure(s.run(60))
				s.close()
				id := s.tabs[0].ready.ID
				b.ReportMetric(lab.Quantile(m.clockErr[id], .95), "us-clock-err-p95")
				b.ReportMetric(lab.Quantile(m.fireErr[id], .5), "us-fire-err-p50")
				b.ReportMetric(lab.Quantile(m.fireErr[id], .95), "us-fire-err-p95")
				b.ReportMetric(100*float64(m.outside)/float64(m.readings), "%-outside-bound")
			}
		})
	}
}

// BenchmarkSpread: two tabs and three Go devices, 20 commands.
func BenchmarkSpread(b *testing.B) {
	for b.Loop() {
		s := newStage(b, false, "in=page", "in=worker")
		s.goDevices(3)
		pause(b.Context(), 2*time.Second)
		m := s.measure(s.run(20))
		s.close()
		b.ReportMetric(lab.Quantile(m.spread, .5), "us-spread-p50")
		b.ReportMetric(lab.Quantile(m.spread, .95), "us-spread-p95")
		b.ReportMetric(100*float64(m.outside)/float64(m.readings), "%-outside-bound")
	}
}
