package clock

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// BenchmarkSteering tells what a change of session time's rate does to what is
// known of a device: the p95 of the error and of the bound in the minute after it. The
// device is measured against the steady clock, so it should be nothing.
func BenchmarkSteering(b *testing.B) {
	for _, q := range []struct {
		name string
		by   time.Duration
		pace float64
	}{
		{"none", 0, 0},
		{"4ppm", time.Hour, 4e-6},
		{"50ppm", time.Hour, 50e-6},
	} {
		b.Run(q.name, func(b *testing.B) {
			var errs, bounds []float64
			outside := 0
			for b.Loop() {
				e, w, out := steeredRun(Steering{By: q.by, Pace: q.pace})
				errs, bounds, outside = append(errs, e...), append(bounds, w...), outside+out
			}
			slices.Sort(errs)
			slices.Sort(bounds)
			b.ReportMetric(errs[len(errs)*95/100]/1e3, "us-err-p95")
			b.ReportMetric(bounds[len(bounds)*95/100]/1e3, "us-bound-p95")
			b.ReportMetric(100*float64(outside)/float64(len(errs)), "%-outside")
		})
	}
}

// steeredRun follows a device on a good Wi-Fi for five minutes and a minute more, in which
// session time is steered; it returns the errors and bounds of that minute, in ns.
func steeredRun(q Steering) (errs, bounds []float64, outside int) {
	start := time.Now()
	source := NewSource(func() time.Time { return start })
	r := rand.New(rand.NewPCG(1, 2))
	est := NewEstimator(Config{Seed: 3})
	device := func(d time.Duration) DeviceTime { return DeviceTime(d + time.Duration(math.Round(float64(d)*20e-6))) }
	const steered = 5 * time.Minute
	source.Steer(start.Add(steered), q)
	next := time.Duration(0)
	for now := time.Duration(0); now < steered+time.Minute; now += 10 * time.Millisecond {
		if now > steered && now%(100*time.Millisecond) == 0 {
			steady, s := source.Local(start.Add(now)), source.At(start.Add(now))
			e := est.Estimate(steady).Over(source.Line(steady))
			err := math.Abs(float64(int64(device(now)) - int64(s) - int64(e.Offset)))
			errs, bounds = append(errs, err), append(bounds, float64(e.Bound))
			if err > float64(e.Bound) {
				outside++
			}
		}
		if now < next {
			continue
		}
		way := func() time.Duration { return 700*time.Microsecond + time.Duration(r.ExpFloat64()*250e3) }
		t1 := source.Local(start.Add(now))
		est.Sent(t1)
		there, back := way(), way()
		t2 := device(now + there)
		_ = est.Add(Exchange{T1: t1, T2: t2, T3: t2, T4: source.Local(start.Add(now + there + back))})
		next = now + max(est.Due().Sub(t1), 10*time.Millisecond)
	}
	return errs, bounds, outside
}
