package plainjson

import "testing"

func TestMillis(t *testing.T) {
	if Millis(nil) != nil {
		t.Error("nothing became something")
	}
	for ms, want := range map[float64]int64{0: 0, 1.5: 1_500_000, 1e11: 1e17, -1: -1, 1e12: -1, 1e300: -1} {
		if got := Millis(&ms); int64(*got) != want {
			t.Errorf("%v ms: %v", ms, *got)
		}
	}
}
