package clock

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The table of gaps is what queues whose density is a power of the height come to.
func TestGapsOfShapes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for i, power := range []float64{0, 0.5, 1, 2, 3, 5, 8} {
		const trials = 20000
		var mid, gap float64
		for range trials {
			l, sum := lows{top: math.Inf(1)}, 0.0
			for range lowest {
				sum += rng.ExpFloat64()
				l.offer(math.Pow(sum, 1/(1+power)), 0)
			}
			f := l.floor()
			mid += f.mid / trials
			gap += f.y / f.whole / trials
		}
		if want := gapsOf[i]; math.Abs(mid-want.mid) > 0.003 || math.Abs(gap/want.gap-1) > 0.04 {
			t.Errorf("power %g: mid %.3f, gap %.3f, the table has %v", power, mid, gap, want)
		}
	}
}

// The shape of the queueing shows in a while.
func TestShapesAreTold(t *testing.T) {
	for name, c := range map[string]struct {
		hops        int
		least, most float64 // of the gap that is expected
	}{"exponential": {1, 0, 0.15}, "three hops": {3, 0.15, 0.6}, "six hops": {6, 0.25, 2}} {
		rng := rand.New(rand.NewPCG(3, uint64(c.hops)))
		var s shape
		for range 4 * shapeMemory {
			l := lows{top: math.Inf(1)}
			for range maxPoints {
				y := 0.0
				for range c.hops {
					y += rng.ExpFloat64()
				}
				l.offer(y, 0)
			}
			f := l.floor()
			s.see(&f)
		}
		if gap := s.gap(); gap < c.least || gap > c.most {
			t.Errorf("%s: a gap of %.2f spreads is expected", name, gap)
		}
	}
}

// Two spreads that come to the same for once don't show that the gaps do: what the gaps
// may differ by grows at once and falls slowly.
func TestGapsAreHeld(t *testing.T) {
	b := belief{count: 1000}
	b.fwd.spread, b.bwd.spread = 1e6, 2e5
	b.holdGaps()
	apart := b.gaps
	if apart != b.gapsApart() {
		t.Fatalf("gaps that differ by %.0f ns are taken to differ by %.0f", b.gapsApart(), apart)
	}
	b.fwd.spread = b.bwd.spread
	if b.holdGaps(); b.gaps < 0.9*apart {
		t.Errorf("%.0f ns after one exchange with equal spreads, %.0f before", b.gaps, apart)
	}
	for range 200 {
		b.holdGaps()
	}
	if b.gaps > 0.01*apart {
		t.Errorf("still %.0f ns after 200 exchanges with equal spreads, %.0f before", b.gaps, apart)
	}
}

// A lowest point far below all others took a faster way: the gap is not that of a high power.
func TestFasterWayIsNoHighPower(t *testing.T) {
	power, way := shape{mid: 0.70, n: 1}, shape{mid: 0.85, n: 1}
	if power.gap() < 2 || way.gap() > 1 {
		t.Errorf("a high power's gap is %.2f spreads, a faster way's %.2f", power.gap(), way.gap())
	}
}
