package film

import (
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/light"
)

// short makes a film that is read soon.
func short(s Setting) Setting {
	s.Seconds, s.Width, s.Height = 1.6, 384, 216
	s.Blur = min(s.Blur, 1.2)
	s.FrameRate = min(s.FrameRate, 30)
	return s
}

// TestHonest: latency is within its bound, whatever the camera and the screen.
func TestHonest(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			s := short(Random(seed + 1000))
			fit, wrong := Measure(s)
			if fit.Verdict != "" {
				t.Fatalf("%s (%s), of %+v", fit.Verdict, fit.Why, s)
			}
			if math.Abs(wrong) > fit.LatencyBound {
				t.Errorf("latency is %.2f ms wrong, ± %.2f ms were told, of %+v", wrong, fit.LatencyBound, s)
			}
		})
	}
}

// BenchmarkLight measures many cameras of which the truth is known. FILMS says how many.
func BenchmarkLight(b *testing.B) {
	films := 40
	if n, err := strconv.Atoi(os.Getenv("FILMS")); err == nil {
		films = n
	}
	log := io.Discard
	if testing.Verbose() {
		log = os.Stderr
	}
	for b.Loop() {
		var wrong, bounds, pairs, sure []float64
		outside, unread, last := 0, 0, math.NaN()
		first, _ := strconv.Atoi(os.Getenv("FIRST"))
		for i := range films {
			seed := first + i
			s := Random(uint64(seed))
			fit, d := Measure(s)
			if fit.Verdict != "" {
				unread++
				fmt.Fprintf(log, "%d: %s (%s) %+v\n", seed, fit.Verdict, fit.Why, s)
				continue
			}
			if math.Abs(d) > fit.LatencyBound {
				outside++
			}
			fmt.Fprintf(log, "%d: %+.2f of ± %.2f; %.0f Hz, %.2f frames/s, exposure %.1f (%.1f), readout %.1f (%.1f ± %.1f), misfit %.3f\n",
				seed, d, fit.LatencyBound, s.Refresh, s.FrameRate, s.Exposure, fit.Exposure, s.Readout, fit.Readout, fit.ReadoutBound, fit.Misfit)
			if fit.LatencyBound <= 1 {
				sure = append(sure, math.Abs(d))
			}
			if !math.IsNaN(last) {
				pairs = append(pairs, math.Abs(d-last))
			}
			last = d
			wrong, bounds = append(wrong, math.Abs(d)), append(bounds, fit.LatencyBound)
		}
		b.ReportMetric(quantile(wrong, 0.5), "p50-ms")
		b.ReportMetric(quantile(wrong, 0.95), "p95-ms")
		b.ReportMetric(float64(len(sure)), "bounds-to-1ms")
		b.ReportMetric(quantile(sure, 0.95), "of-these-p95-ms")
		b.ReportMetric(quantile(pairs, 0.95), "pairs-p95-ms")
		b.ReportMetric(quantile(bounds, 0.5), "bound-p50-ms")
		b.ReportMetric(quantile(bounds, 0.95), "bound-p95-ms")
		b.ReportMetric(float64(outside), "outside")
		b.ReportMetric(float64(unread), "unread")
		b.ReportMetric(0, "ns/op")
	}
}

func quantile(of []float64, q float64) float64 {
	if len(of) == 0 {
		return math.NaN()
	}
	slices.Sort(of)
	return of[int(q*float64(len(of)-1)+0.5)]
}

// TestVerdicts: what can't be measured is said in words.
func TestVerdicts(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Setting)
		want   light.Verdict
	}{
		{"no light", func(s *Setting) { s.Lights, s.Noise = 0, 8 }, light.NoLight},
		{"half a light", func(s *Setting) { s.Shift = 0.4 }, light.HalfALight},
		{"two lights", func(s *Setting) { s.Lights, s.Fill, s.Width, s.Height = 2, 0.95, 960, 400 }, light.TwoLights},
		{"dark", func(s *Setting) { s.Gain = 20 }, light.TooDark},
		{"blurred", func(s *Setting) { s.Blur = 16 }, light.TooBlurred},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := short(Usual(3))
			s.Seconds = 0.2
			test.change(&s)
			fit, _ := Measure(s)
			if fit.Verdict != light.TooFewSeen || fit.Why != test.want {
				t.Errorf("%q (%q), want %q", fit.Verdict, fit.Why, test.want)
			}
			if fit.Bound != 0 || fit.Offset != 0 {
				t.Errorf("a number was made up: %+v", fit)
			}
		})
	}
}

// TestMirror: a mirror image is said to be one, and is read.
func TestMirror(t *testing.T) {
	s := short(Usual(5))
	s.Mirrored, s.Tilt = true, 0.1
	fit, wrong := Measure(s)
	if fit.Verdict != "" || !fit.Mirrored || math.Abs(wrong) > fit.LatencyBound {
		t.Errorf("%+v, wrong by %v", fit, wrong)
	}
}

// TestUneven: a camera without a fixed rate is measured frame by frame.
func TestUneven(t *testing.T) {
	s := short(Usual(6))
	s.Variable, s.Exposure = 0.4, 20
	fit, wrong := Measure(s)
	if fit.Verdict != "" || math.Abs(wrong) > fit.LatencyBound {
		t.Errorf("%+v, wrong by %v", fit, wrong)
	}
}

// TestOtherTime: no frames, a film that was cut, and one that runs at half speed.
func TestOtherTime(t *testing.T) {
	var none light.Film
	if fit := none.Fit(light.Known{}); fit.Verdict != light.NoFrames {
		t.Errorf("%+v", fit)
	}
	s := short(Usual(7))
	c := New(s)
	var cut, slowed light.Film
	var near clock.SessionTime
	for i := range c.Frames() {
		shot := c.Shoot()
		seen := light.Read(shot.Frame)
		stamp := shot.Stamp - s.Start
		slowed.Add(2*stamp, seen)
		if i > c.Frames()/2 {
			stamp -= 700
		}
		cut.Add(stamp, seen)
		near, _ = clock.SessionFromMillis(s.Start)
	}
	if fit := cut.Fit(light.Known{Near: near}); fit.Verdict != light.NotOneTime {
		t.Errorf("a film that was cut: %+v", fit)
	}
	if fit := slowed.Fit(light.Known{Near: near}); fit.Verdict != light.NotOneTime {
		t.Errorf("a slowed film: %+v", fit)
	}
}
