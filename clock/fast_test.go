package clock

import (
	"math"
	"testing"
	"time"
)

// A clock that is faster or slower than any quartz should be is followed like any
// other, and the hard bound holds from the first exchange on.
func TestFastClocksAreFollowed(t *testing.T) {
	for _, skew := range []float64{160e-6, -200e-6, 300e-6, -490e-6, 550e-6} {
		for _, floor := range []time.Duration{60 * time.Microsecond, 700 * time.Microsecond} {
			for seed := range uint64(10) {
				e, p := NewEstimator(Config{Seed: seed}), wiredPath(seed)
				p.skew, p.floor, p.queue = skew, floor, floor/4
				at := run(t, e, p, day0, day0.Add(time.Minute))
				est := e.Estimate(at)
				if miss := (est.Offset - p.theta(at)).Abs(); miss > floor || miss > est.Bound || math.Abs(est.Skew-skew) > 3e-6 {
					t.Errorf("%g ppm, floor %v: error %v, bound %v, skew off by %.2f ppm, epoch %d",
						skew*1e6, floor, miss, est.Bound, (est.Skew-skew)*1e6, est.Map.Epoch)
				}
			}
		}
	}
}

// The maps that such a device follows until the next ping are as honest.
func TestMapsOfAFastClockAreHonest(t *testing.T) {
	for seed := range uint64(20) {
		e, p := NewEstimator(Config{Seed: seed}), wiredPath(seed)
		p.skew = 490e-6
		for at := day0; at < day0.Add(20*time.Second); at = max(at, e.Due()) {
			m := e.Estimate(at).Map
			e.Sent(at)
			_ = e.Add(p.exchange(at))
			next := max(at, e.Due())
			device := DeviceTime(next.Add(p.theta(next)))
			if miss := m.At(device).Sub(next).Abs(); m.Valid && miss > m.HardAt(device)+2 {
				t.Fatalf("seed %d: %v after it was made a map is off by %v, hard bound %v", seed, next.Sub(at), miss, m.HardAt(device))
			}
		}
	}
}

// A step that is suspected but not yet told from a new route is within the hard bound.
func TestSuspectedStepsAreWithinTheHardBound(t *testing.T) {
	for _, step := range []time.Duration{time.Millisecond, -time.Millisecond, 400 * time.Microsecond, -400 * time.Microsecond} {
		for seed := range uint64(40) {
			e, p := NewEstimator(Config{Seed: seed}), wiredPath(seed)
			p.floor, p.queue = 700*time.Microsecond, 250*time.Microsecond
			at := run(t, e, p, day0, day0.Add(time.Minute))
			p.offset += step
			noticed := false
			for i := range 40 {
				at = max(at, e.Due())
				e.Sent(at)
				x := p.exchange(at)
				_ = e.Add(x)
				noticed = noticed || e.suspects.n > 0
				est := e.Estimate(x.T4)
				if miss := (est.Offset - p.theta(x.T4)).Abs(); noticed && miss > est.Hard+1 {
					t.Fatalf("step of %v, seed %d: error %v, hard bound %v, %d exchanges later", step, seed, miss, est.Hard, i+1)
				}
			}
		}
	}
}
