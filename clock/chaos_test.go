package clock

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestSurvivesAnything: lies, jumps, repetitions, reorderings, silences of hours and resets, in
// any order: what is told stays sane, and honest again once the device has behaved for a while.
func TestSurvivesAnything(t *testing.T) {
	stamp := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-1e9, 1e9), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64, 1<<62 - 1, -1<<62 + 1, int64(day0)}))
	rapid.Check(t, func(t *rapid.T) {
		e, p := NewEstimator(Config{}), wiredPath(rapid.Uint64().Draw(t, "seed"))
		p.skew = rapid.Float64Range(-500e-6, 500e-6).Draw(t, "skew")
		at, last := day0, Exchange{}
		add := func(x Exchange) {
			e.Sent(x.T1)
			_ = e.Add(x)
			e.Due()
			for _, when := range []SessionTime{x.T4, at, at.Add(time.Hour)} {
				if s := e.Estimate(when); s.Bound < 0 || s.Hard < s.Bound || math.IsNaN(s.Skew) || math.Abs(s.Skew) > maxSkew || s.Map.Growth < 0 || math.IsNaN(s.Map.Rate) {
					t.Fatalf("after %+v: %+v", x, s)
				}
			}
		}
		for range rapid.IntRange(0, 60).Draw(t, "n") {
			at = at.Add(time.Duration(rapid.Int64Range(1, 2e9).Draw(t, "gap")))
			x := p.exchange(at)
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				x = Exchange{SessionTime(stamp.Draw(t, "t1")), DeviceTime(stamp.Draw(t, "t2")), DeviceTime(stamp.Draw(t, "t3")), SessionTime(stamp.Draw(t, "t4"))}
			case 1:
				x.T2 = DeviceTime(stamp.Draw(t, "t2"))
			case 2:
				x.T2, x.T3 = x.T3, x.T2-1
			case 3:
				lie := time.Duration(rapid.Int64Range(-1e12, 1e12).Draw(t, "lie"))
				x.T2, x.T3 = x.T2.Add(lie), x.T3.Add(lie)
			case 4:
				p.offset += time.Duration(rapid.Int64Range(-1e13, 1e13).Draw(t, "step"))
			case 5:
				x = last
			case 6:
				at = at.Add(time.Duration(rapid.Int64Range(0, 1e14).Draw(t, "silence")))
			case 7:
				e.Reset()
			}
			add(x)
			last = x
		}
		for range 80 {
			at = at.Add(time.Duration(rapid.Int64Range(10e6, 1e9).Draw(t, "gap")))
			add(p.exchange(at))
		}
		if s, miss := e.Estimate(at), e.Estimate(at).Offset-p.theta(at); s.State == Unsynced || miss.Abs() > s.Hard+2 {
			t.Fatalf("in the end off by %v: %+v", miss, s)
		}
	})
}
