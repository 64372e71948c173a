package clock

import (
	"math"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// fixed is a source and the instant it was made.
func fixed() (*Source, time.Time) {
	start := time.Now()
	return NewSource(func() time.Time { return start }), start
}

func TestSourceSlews(t *testing.T) {
	tests := []struct {
		name  string
		q     Steering
		after time.Duration // since it was steered
		want  time.Duration // ahead of the steady clock
	}{
		{"nothing", Steering{}, time.Hour, 0},
		{"a rate", Steering{Rate: 20e-6}, time.Second, 20 * time.Microsecond},
		{"a rate beyond the limit", Steering{Rate: 1}, time.Second, 250 * time.Microsecond},
		{"half way ahead", Steering{By: 100 * time.Microsecond, Pace: 10e-6}, 5 * time.Second, 50 * time.Microsecond},
		{"all of it", Steering{By: 100 * time.Microsecond, Pace: 10e-6}, time.Hour, 100 * time.Microsecond},
		{"backwards", Steering{By: -100 * time.Microsecond, Pace: 10e-6}, time.Hour, -100 * time.Microsecond},
		{"the limit holds for both together", Steering{Rate: 240e-6, By: time.Second, Pace: 50e-6}, time.Second, 250 * time.Microsecond},
		{"no room for a slew", Steering{Rate: 250e-6, By: time.Second, Pace: 50e-6}, time.Second, 250 * time.Microsecond},
		{"no pace", Steering{By: time.Second}, time.Hour, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, start := fixed()
			from := start.Add(time.Minute)
			s.Steer(from, test.q)
			at := from.Add(test.after)
			if got := s.At(at).Sub(s.Local(at)); (got - test.want).Abs() > 1 {
				t.Errorf("%v ahead, want %v", got, test.want)
			}
			if got := s.At(from).Sub(s.Local(from)); got != 0 {
				t.Errorf("%v ahead when it was steered, want 0", got)
			}
		})
	}
}

func TestSourceSteps(t *testing.T) {
	s, start := fixed()
	at := start.Add(time.Second)
	s.Step(at, -time.Hour)
	if got := s.At(at).Sub(s.Local(at)); got != -time.Hour {
		t.Errorf("%v ahead, want -1h", got)
	}
}

// TestSourceNeverJumps: whatever it is told, session time never goes backwards,
// and its rate stays within the limit.
func TestSourceNeverJumps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, now := fixed()
		last := s.At(now)
		for range 50 {
			if rapid.Bool().Draw(t, "steer") {
				s.Steer(now.Add(time.Duration(rapid.Int64Range(0, 20e6).Draw(t, "lead"))), Steering{
					Rate: rapid.Float64Range(-1e-3, 1e-3).Draw(t, "rate"),
					By:   time.Duration(rapid.Int64Range(-1e9, 1e9).Draw(t, "by")),
					Pace: rapid.Float64Range(0, 1e-3).Draw(t, "pace"),
				})
			}
			d := time.Duration(rapid.Int64Range(0, 1e12).Draw(t, "pass"))
			now = now.Add(d)
			next := s.At(now)
			if off := math.Abs(float64(next.Sub(last) - d)); off > MaxSteer*float64(d)+4 {
				t.Fatalf("in %v session time went %v", d, next.Sub(last))
			}
			last = next
		}
	})
}

// TestSourceConcurrently reads while it is steered.
func TestSourceConcurrently(t *testing.T) {
	s := NewSource(time.Now)
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			last := s.Now()
			for range 20000 {
				next := s.Now()
				if next < last {
					t.Errorf("went back by %v", last.Sub(next))
				}
				last = next
			}
		})
	}
	for i := range 500 {
		s.Steer(time.Now().Add(10*time.Millisecond), Steering{Rate: float64(i%101-50) * 1e-6})
	}
	readers.Wait()
}

func BenchmarkSource(b *testing.B) {
	s := NewSource(time.Now)
	s.Steer(time.Now(), Steering{Rate: 7e-6, By: time.Second, Pace: 10e-6})
	for b.Loop() {
		s.Now()
	}
}

func BenchmarkTimeNow(b *testing.B) {
	for b.Loop() {
		time.Now()
	}
}
