package clock

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestFollowerSlews(t *testing.T) {
	var f Follower
	if f.Valid() {
		t.Fatal("a follower without a map is valid")
	}
	m := Map{Device: 1e9, Session: day0, Bound: 1000, Hard: 50_000, Epoch: 1, Valid: true}
	f.Set(m, 1e9)
	m.Session += 1_000_000 // 1 ms ahead: 2 s at 500 ppm
	f.Set(m, 2e9)
	for _, c := range []struct {
		d     DeviceTime
		ahead time.Duration // of the first map
		bound time.Duration
	}{
		{2e9, 0, 1_001_000},
		{2e9 + 1e9, 500_000, 501_000},
		{2e9 + 2e9, 1_000_000, 1_000},
		{2e9 + 9e9, 1_000_000, 1_000},
	} {
		if got := f.Session(c.d).Sub(day0.Add(c.d.Sub(1e9))); got != c.ahead {
			t.Errorf("at %d: ahead by %v, want %v", c.d, got, c.ahead)
		}
		if got := f.Bound(c.d); got != c.bound {
			t.Errorf("at %d: bound %v, want %v", c.d, got, c.bound)
		}
	}
}

func TestFollowerStepsWithAnEpoch(t *testing.T) {
	var f Follower
	m := Map{Session: day0, Epoch: 1, Valid: true}
	f.Set(m, 0)
	if got := f.Now(5); got != day0+5 {
		t.Fatalf("now is %v", got)
	}
	m.Epoch, m.Device, m.Session = 2, 2000, day0+1000
	f.Set(m, 10)
	if got := f.Session(10); got != day0-990 {
		t.Errorf("a new epoch is taken over at once: got %d", got-day0)
	}
	if got := f.Now(10); got != day0+5 {
		t.Errorf("Now stands still: got %d", got-day0)
	}
	m.Epoch, m.Device, m.Session = 3, 0, day0.Add(-time.Hour)
	f.Set(m, 20)
	if got := f.Now(20); got != day0.Add(-time.Hour)+20 {
		t.Errorf("Now doesn't wait for an hour: got %v", got.Sub(day0))
	}
}

func TestFollowerIgnoresNonsense(t *testing.T) {
	var f Follower
	f.Set(Map{Session: day0, Epoch: 1, Valid: true}, 0)
	f.Set(Map{Session: 5, Epoch: 2}, 0)
	f.Set(Map{Session: 5, Epoch: 2, Rate: 3, Valid: true}, 0)
	if f.Session(7) != day0+7 || f.Epoch() != 1 {
		t.Error("an invalid map was taken over")
	}
}

// Maps may arrive in any order: one that was overtaken is dropped, whatever its epoch.
func TestFollowerDropsOvertakenMaps(t *testing.T) {
	later := Map{Device: 2e9, Session: day0.Add(2 * time.Second), Epoch: 2, Valid: true}
	for _, c := range []struct {
		name     string
		m        Map
		followed bool
	}{
		{"later", Map{Device: 3e9, Session: day0.Add(3 * time.Second), Epoch: 2, Valid: true}, true},
		{"the same again", later, true},
		{"overtaken", Map{Device: 1e9, Session: day0.Add(time.Second), Epoch: 2, Valid: true}, false},
		{"overtaken by another epoch", Map{Device: 1e9, Session: day0.Add(time.Second), Epoch: 1, Valid: true}, false},
		{"overtaken by almost 10 s", Map{Session: later.Session.Add(1 - StaleAfter), Epoch: 2, Valid: true}, false},
		{"another server's", Map{Session: later.Session.Add(-StaleAfter), Epoch: 2, Valid: true}, true},
		{"invalid", Map{Session: day0.Add(time.Minute)}, false},
	} {
		var f Follower
		if !f.Set(later, 2e9) {
			t.Fatal("the first map isn't followed")
		}
		before := f.Session(2e9)
		if got := f.Set(c.m, 2e9); got != c.followed {
			t.Errorf("%s: followed %v", c.name, got)
		}
		if !c.followed && f.Session(2e9) != before {
			t.Errorf("%s: it moved the clock", c.name)
		}
	}
}

// Within an epoch the follower's clock is strictly monotone, never faster or
// slower than the slew allows, and Device is the inverse of Session.
func TestFollowerIsMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var f Follower
		d := DeviceTime(rapid.Int64Range(-2e18, 2e18).Draw(t, "origin"))
		last := SessionTime(0)
		for i := range 30 {
			m := Map{
				Device: d.Add(-time.Duration(rapid.Int64Range(0, 1e9).Draw(t, "old"))), Epoch: 1, Valid: true,
				Rate: rapid.Float64Range(-150e-6, 150e-6).Draw(t, "rate"),
			}
			m.Session = day0.Add(time.Duration(i) * time.Second).Add(time.Duration(rapid.Int64Range(-1e9, 1e9).Draw(t, "error")))
			f.Set(m, d)
			for range 5 {
				step := time.Duration(rapid.Int64Range(0, 1e9).Draw(t, "step"))
				now := f.Session(d)
				if i > 0 && now < last {
					t.Fatalf("went back by %v", last.Sub(now))
				}
				last = now
				for _, s := range []SessionTime{now, now.Add(step), now.Add(-step)} {
					if got := f.Session(f.Device(s)).Sub(s).Abs(); got > 3 {
						t.Fatalf("Device isn't the inverse of Session: off by %v", got)
					}
				}
				d = d.Add(step)
			}
			last = f.Session(d)
		}
	})
}
