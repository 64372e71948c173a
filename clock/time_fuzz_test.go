package clock

import (
	"encoding/json"
	"testing"
	"time"
)

// FuzzSessionTime: what is read as session time is written again as it was, to the
// microsecond, and what is written is read as the same instant.
func FuzzSessionTime(f *testing.F) {
	for _, s := range []string{
		"946684800000", "946684800000.001", "946684800000.125", "1764259200123.999", "-0.5", "-1.001", "0", "1e3", "-1e-7", "1.5e12",
		"4611686018427", "4.7e12", "1e400", "null", `"noon"`, "true", "0x10", "1_000", "Inf", "NaN", "+1", ".5", "1.", "01", "1e", "-", "",
		"946684800000.0000000000000000000000000001", "99999999999999999999",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var at SessionTime
		if err := json.Unmarshal(b, &at); err != nil || string(b) == "null" {
			return
		}
		var ms float64
		if err := json.Unmarshal(b, &ms); err != nil {
			t.Fatalf("%q was read as a session time, and isn't a number", b)
		}
		if direct, err := SessionFromMillis(ms); err != nil || direct.Sub(at).Abs() > 500*time.Nanosecond {
			t.Fatalf("%q was read as %d, its number as %d (%v)", b, at, direct, err)
		}
		told, err := json.Marshal(at)
		if err != nil {
			t.Fatal(err)
		}
		var back SessionTime
		if err := json.Unmarshal(told, &back); err != nil {
			t.Fatalf("%q was written as %s: %v", b, told, err)
		}
		if lost := at.Sub(back); lost.Abs() >= time.Microsecond {
			t.Fatalf("%q was written as %s, and lost %v", b, told, lost)
		}
		if again, _ := json.Marshal(back); string(again) != string(told) {
			t.Fatalf("%s was read, and written as %s", told, again)
		}
	})
}

// FuzzSessionTimeText: a whole number of microseconds that is written is read as the same instant.
func FuzzSessionTimeText(f *testing.F) {
	for _, us := range []int64{0, 1, -1, 999, 1000, -1001, 946684800000001, 946684800000125, 1764259200123999, 4611686018427387, -4611686018427387} {
		f.Add(us)
	}
	f.Fuzz(func(t *testing.T, us int64) {
		us %= 4611686018427388 // half of what a SessionTime holds
		at := SessionTime(us * 1000)
		told, err := json.Marshal(at)
		if err != nil {
			t.Fatal(err)
		}
		var back SessionTime
		if err := json.Unmarshal(told, &back); err != nil || back != at {
			t.Fatalf("%d µs were written as %s and read as %d ns (%v)", us, told, back, err)
		}
	})
}
