package nats

import (
	"testing"
	"time"
)

// TestRoll plays beats, second by second, and asks who is gone.
func TestRoll(t *testing.T) {
	start := time.Now()
	for name, test := range map[string]struct {
		seconds int
		beats   func(second int, instance string) bool
		due     int // the first second in which somebody is to be marked; -1: never
		gone    string
	}{
		"nobody judges at first": {4, func(int, string) bool { return true }, -1, ""},
		"what was left behind is marked once it is clear who is there": {10, func(int, string) bool { return true }, 5, "old"},
		"a silent one":                 {30, func(s int, i string) bool { return i == "me" || s < 20 }, 24, "other"},
		"who is cut off judges nobody": {40, func(s int, _ string) bool { return s < 10 }, -1, ""},
		"who was cut off listens first": {
			40, func(s int, i string) bool { return s < 10 || s >= 30 && (i == "me" || s >= 31) }, -1, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRoll("me", start)
			due := -1
			for s := range test.seconds {
				now := start.Add(time.Duration(s) * time.Second)
				for _, i := range []string{"me", "other"} {
					if test.beats(s, i) {
						r.hear(i, now)
					}
				}
				if !r.due(now) {
					continue
				}
				gone := r.gone(now)
				if gone("me") || test.gone != "other" && gone("other") {
					t.Fatalf("second %d: one that beats is gone", s)
				}
				if test.gone != "" && gone(test.gone) && due < 0 {
					due = s
				}
				r.marked(now)
			}
			if due != test.due {
				t.Errorf("marked in second %d, want %d", due, test.due)
			}
		})
	}
}
