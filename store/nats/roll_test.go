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

// TestAlone: nobody else is there once own beats have been heard for as long as others take to beat twice, and none
// of theirs; one that beats, or did until a moment ago, is there.
func TestAlone(t *testing.T) {
	began := time.Unix(0, 0)
	at := func(s float64) time.Time { return began.Add(time.Duration(s * float64(time.Second))) }
	r := newRoll("own", began)
	if r.alone(at(3)) {
		t.Error("alone without hearing itself")
	}
	r.hear("own", at(3))
	if r.alone(at(4)) {
		t.Error("alone after a second")
	}
	for s := 4.0; s < 20; s++ {
		r.hear("own", at(s))
		if s == 8 {
			r.hear("other", at(s))
		}
		if want := s >= 5 && s < 8 || s > 12; r.alone(at(s)) != want {
			t.Errorf("after %v s: alone is %v", s, !want)
		}
	}
	if r.alone(at(22)) {
		t.Error("alone once it doesn't hear itself any more")
	}
}
