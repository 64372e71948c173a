package utc

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const ms = time.Millisecond

func TestJudge(t *testing.T) {
	at := func(offset, distance time.Duration) candidate { return candidate{offset: offset, distance: distance} }
	tests := []struct {
		name    string
		all     []candidate
		waiting int
		used    []bool // nil: no majority
		within  interval
	}{
		{name: "none"},
		{"one", []candidate{at(5*ms, ms)}, 0, []bool{true}, interval{4 * ms, 6 * ms}},
		{"one, while another is waited for", []candidate{at(5*ms, ms)}, 1, nil, interval{}},
		{"two, while another is waited for", []candidate{at(0, ms), at(ms, ms)}, 1, []bool{true, true}, interval{0, ms}},
		{"two that disagree", []candidate{at(0, ms), at(5*ms, ms)}, 0, nil, interval{}},
		{"two that touch", []candidate{at(0, ms), at(2*ms, ms)}, 0, []bool{true, true}, interval{ms, ms}},
		{"one of three lies", []candidate{at(0, ms), at(100*time.Second, ms), at(ms, ms)}, 0, []bool{true, false, true}, interval{0, ms}},
		{"one of five lies", []candidate{at(0, ms), at(0, ms), at(0, ms), at(0, ms), at(-10*ms, ms)}, 0,
			[]bool{true, true, true, true, false}, interval{-ms, ms}},
		{"two of five lie", []candidate{at(0, ms), at(10*ms, ms), at(0, ms), at(-10*ms, ms), at(0, ms)}, 0,
			[]bool{true, false, true, false, true}, interval{-ms, ms}},
		{"three of five lie, each its own lie", []candidate{at(0, ms), at(10*ms, ms), at(20*ms, ms), at(-10*ms, ms), at(0, ms)}, 0, nil, interval{}},
		{"four of five lie", []candidate{at(0, ms), at(10*ms, ms), at(20*ms, ms), at(-10*ms, ms), at(-20*ms, ms)}, 0, nil, interval{}},
		{"one that knows little doesn't move the others", []candidate{at(0, ms), at(0, ms), at(900*ms, time.Second)}, 0,
			[]bool{true, true, true}, interval{-ms, ms}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := judge(test.all, test.waiting)
			if v.majority != (test.used != nil) {
				t.Fatalf("majority: %v", v.majority)
			}
			if v.majority && (!slices.Equal(v.used, test.used) || v.within != test.within) {
				t.Errorf("used %v within %v, want %v within %v", v.used, v.within, test.used, test.within)
			}
			if v.majority && (v.offset < v.within.lo || v.offset > v.within.hi) {
				t.Errorf("offset %v lies outside %v", v.offset, v.within)
			}
		})
	}
}

// TestMajorityOfHonestServers: as long as most intervals hold the true offset there is a
// majority, and the intersection touches one of them, whatever the others say and in
// whichever order; without liars it holds the truth.
func TestMajorityOfHonestServers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		span := func(name string, most int64) time.Duration {
			return time.Duration(rapid.Int64Range(-most, most).Draw(t, name))
		}
		truth := span("truth", 1e12)
		honest := rapid.IntRange(1, 8).Draw(t, "honest")
		liars := rapid.IntRange(0, honest-1).Draw(t, "liars")
		var all []candidate
		for range honest {
			distance := span("distance", 1e9).Abs()
			error := time.Duration(rapid.Int64Range(-int64(distance), int64(distance)).Draw(t, "error"))
			all = append(all, candidate{offset: truth + error, distance: distance})
		}
		for range liars {
			all = append(all, candidate{offset: span("lie", 1e12), distance: span("its distance", 1e9).Abs()})
		}
		v := judge(rapid.Permutation(all).Draw(t, "order"), 0)
		if !v.majority {
			t.Fatal("no majority")
		}
		// Liars may shrink the largest set's region, never so that it misses all honest ones.
		if liars == 0 && (truth < v.within.lo || truth > v.within.hi) {
			t.Fatalf("%v misses the truth %v", v.within, truth)
		}
		touched := 0
		for _, c := range all[:honest] {
			if c.interval().touches(v.within) {
				touched++
			}
		}
		if touched == 0 {
			t.Fatalf("%v touches no honest server", v.within)
		}
	})
}
