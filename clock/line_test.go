package clock

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestLine: whatever Steer made of it, the Line at a reading of the steady clock is what
// the Source tells, there and back, until it ends.
func TestLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, now := fixed()
		for range rapid.IntRange(0, 4).Draw(t, "steerings") {
			now = now.Add(time.Duration(rapid.Int64Range(0, 1e11).Draw(t, "pass")))
			s.Steer(now, Steering{
				Rate: rapid.Float64Range(-5e-5, 5e-5).Draw(t, "rate"),
				By:   time.Duration(rapid.Int64Range(-1e7, 1e7).Draw(t, "by")),
				Pace: rapid.Float64Range(0, 5e-5).Draw(t, "pace"),
			})
		}
		at := now.Add(time.Duration(rapid.Int64Range(0, 1e12).Draw(t, "then")))
		steady := s.Local(at)
		l := s.Line(steady)
		if steady >= l.Until || l.At(steady) != s.At(at) {
			t.Fatalf("%d until %d: %d, the source tells %d", steady, l.Until, l.At(steady), s.At(at))
		}
		if back := l.Inverse(l.At(steady)).Sub(steady); back.Abs() > 1 {
			t.Fatalf("there and back it is %v off", back)
		}
	})
}

func TestLineParts(t *testing.T) {
	const limit = 10 * time.Microsecond
	told := Line{Steady: 100e9, Session: 100e9, Until: math.MaxInt64}
	for _, test := range []struct {
		name string
		line Line
		want SessionTime
	}{
		{"alike", told, math.MaxInt64},
		{"faster", Line{Steady: 200e9, Session: 200e9, Rate: 10e-6, Until: math.MaxInt64}, 201e9},
		{"slower", Line{Steady: 200e9, Session: 200e9, Rate: -50e-6, Until: math.MaxInt64}, 200e9 + 0.2e9},
		{"no longer than it holds", Line{Steady: 200e9, Session: 200e9, Rate: 1e-6, Until: 203e9}, 203e9},
		{"apart already", Line{Steady: 200e9, Session: 200e9 + 11000, Until: math.MaxInt64}, 200e9},
		{"coming back", Line{Steady: 200e9, Session: 200e9 + 5000, Rate: -10e-6, Until: math.MaxInt64}, 201.5e9},
	} {
		if got := test.line.Parts(told, 200e9, limit); got.Sub(test.want).Abs() > time.Microsecond {
			t.Errorf("%s: parts at %d, want %d", test.name, got, test.want)
		}
	}
}

// TestOver: an estimate against the steady clock and one against session time tell the
// same device.
func TestOver(t *testing.T) {
	const at = SessionTime(1.8e18)
	l := Line{Steady: at.Add(-time.Minute), Session: at.Add(time.Hour), Rate: 40e-6, Until: math.MaxInt64}
	e := Estimate{Offset: time.Second, Skew: 30e-6, Map: Map{Device: DeviceTime(at.Add(time.Second)), Session: at, Rate: -30e-6 / (1 + 30e-6), Valid: true}}
	over := e.Over(l)
	for _, later := range []time.Duration{0, time.Second, 100 * time.Second} {
		d := e.Map.Device.Add(later)
		if off := over.Map.At(d).Sub(l.At(e.Map.At(d))); off.Abs() > 2 {
			t.Errorf("after %v the map is %v off", later, off)
		}
	}
	session := l.At(at)
	if got, want := over.Offset, time.Duration(int64(e.Map.Device)-int64(session)); got != want {
		t.Errorf("offset %v, want %v", got, want)
	}
	if want := (1+30e-6)/(1+40e-6) - 1; math.Abs(over.Skew-want) > 1e-12 {
		t.Errorf("skew %v, want %v", over.Skew, want)
	}
	if none := (Estimate{}).Over(l); none != (Estimate{}) {
		t.Errorf("of nothing becomes %+v", none)
	}
}
