package rules

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// happened is a reading of which the truth is known.
type happened struct {
	Reading
	truth Instant
}

// someReadings makes readings of devices of a few instances: each device is off by up to its own
// part, each instance by up to the common one, which changes as fast as a clock may drift.
func someReadings(random *rand.Rand, devices, instances int) (all []happened) {
	const us = time.Microsecond
	up := func(most time.Duration) time.Duration { return time.Duration(random.Int64N(int64(most))) }
	type instance struct {
		name           string
		bound, off     time.Duration
		drift          float64
		tellsOfNothing bool
	}
	var of []instance
	for i := range instances {
		bound := up(2000*us) + us
		of = append(of, instance{string(rune('a' + i)), bound, up(2*bound) - bound, (random.Float64()*2 - 1) * clock.HardGrowth, random.IntN(4) == 0})
	}
	for range devices {
		in := of[random.IntN(instances)]
		own := up(300*us) + 1
		truth := Instant(1e18).Add(up(10 * time.Millisecond))
		off := max(-in.bound, min(in.bound, in.off+time.Duration(float64(truth-1e18)*in.drift)))
		r := Reading{At: truth.Add(off + up(2*own) - own), Bound: own + in.bound, Common: in.bound, Instance: in.name}
		if in.tellsOfNothing {
			r.Common, r.Instance = 0, ""
		}
		all = append(all, happened{r, truth})
	}
	return all
}

// TestApartHoldsTheTruth: the time between any two readings, and the spread of all, are within their bounds.
func TestApartHoldsTheTruth(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		all := someReadings(random, 2+random.IntN(8), 1+random.IntN(3))
		var s Spread
		for i, a := range all {
			s.Add(a.Reading)
			for _, b := range all[:i] {
				if err := a.At.Sub(b.At) - a.truth.Sub(b.truth); err.Abs() > a.Apart(b.Reading) {
					t.Fatalf("wrong by %v, ± %v:\n%+v\n%+v", err, a.Apart(b.Reading), a, b)
				}
				if whole := a.Bound + b.Bound; a.Apart(b.Reading) > whole {
					t.Fatalf("± %v, and with all of both %v", a.Apart(b.Reading), whole)
				}
			}
		}
		by := func(a, b happened) int { return int(a.truth - b.truth) }
		truth := slices.MaxFunc(all, by).truth.Sub(slices.MinFunc(all, by).truth)
		if spread, bound := s.Of(); (spread - truth).Abs() > bound {
			t.Fatalf("spread %v ± %v, in truth %v: %+v", spread, bound, truth, all)
		}
	}
}

// TestApartLeavesOutWhatIsCommon: between devices of one instance the bound is less by what they have in
// common, between those of two it isn't.
func TestApartLeavesOutWhatIsCommon(t *testing.T) {
	const us = time.Microsecond
	at := Instant(1e18)
	a := Reading{at, 500 * us, 400 * us, "a"}
	b := Reading{at, 550 * us, 410 * us, "a"}
	for name, c := range map[string]struct {
		of   Reading
		want time.Duration
	}{
		"the same instance, at once": {b, 240 * us},
		"a second later":             {Reading{at.Add(time.Second), b.Bound, b.Common, "a"}, 440 * us},
		"a minute later":             {Reading{at.Add(time.Minute), b.Bound, b.Common, "a"}, 1050 * us},
		"another instance":           {Reading{at, b.Bound, b.Common, "b"}, 1050 * us},
		"of which it isn't known":    {Reading{at, b.Bound, 0, ""}, 1050 * us},
		"the reference's own":        {Reading{at, 100 * us, 0, ""}, 600 * us},
	} {
		var s Spread
		s.Add(a)
		s.Add(c.of)
		_, bound := s.Of()
		if got := a.Apart(c.of); got != c.want || c.of.Apart(a) != got || bound != c.want {
			t.Errorf("%s: %v, as a spread %v; want %v", name, got, bound, c.want)
		}
	}
}

// TestSpreadOfOthers: one between the outermost two may truly be the outermost.
func TestSpreadOfOthers(t *testing.T) {
	const us = time.Microsecond
	var s Spread
	for _, r := range []Reading{{At: 1000_000, Bound: 10 * us}, {At: 1050_000, Bound: 500 * us}, {At: 1100_000, Bound: 10 * us}} {
		s.Add(r)
	}
	if spread, bound := s.Of(); spread != 100*us || bound != 460*us {
		t.Errorf("%v ± %v", spread, bound)
	}
}
