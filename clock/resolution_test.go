package clock

import (
	"testing"
	"time"
)

// Stamps that all lie on a coarser grid than the clock's, since pings leave
// each 50 ms or each second, don't make a clock coarser than browsers' are.
func TestResolutionOfEvenPings(t *testing.T) {
	for want, every := range map[time.Duration]time.Duration{
		time.Millisecond: 50 * time.Millisecond, 10 * time.Millisecond: 37 * time.Millisecond,
	} {
		var r resolution
		for i := range 20 {
			at := day0.Add(time.Duration(i) * every)
			stamp := DeviceTime(at.Add(7 * time.Hour).Sub(0).Truncate(want))
			r.see(at, stamp, stamp)
		}
		if got := r.value(); got != want {
			t.Errorf("each %v: resolution %v, want %v", every, got, want)
		}
	}
}

// An exchange of garbage, even the first one, doesn't make a coarse clock a fine one.
func TestResolutionWithGarbage(t *testing.T) {
	for _, garbage := range []int{0, 1, 7, 30} {
		var r resolution
		for i := range 40 {
			at := day0.Add(time.Duration(i) * 37 * time.Millisecond)
			stamp := DeviceTime(at.Add(7 * time.Hour).Sub(0).Truncate(time.Millisecond))
			if i == garbage {
				stamp += 123_457
			}
			r.see(at, stamp, stamp)
		}
		if got := r.value(); got != time.Millisecond {
			t.Errorf("garbage in exchange %d: resolution %v, want 1 ms", garbage, got)
		}
	}
}

// A fine clock is a fine one from the first exchange on.
func TestResolutionOfAFineClock(t *testing.T) {
	p := wiredPath(1)
	var r resolution
	for i := range 300 {
		x := p.exchange(day0.Add(time.Duration(i) * 50 * time.Millisecond))
		if r.see(x.T1, x.T2, x.T3); r.value() > 20*time.Microsecond || i > 0 && r.value() != 1 {
			t.Fatalf("after exchange %d: %v", i+1, r.value())
		}
	}
}

// Stamps that don't move tell nothing: they lie on any grid.
func TestResolutionOfStampsThatStandStill(t *testing.T) {
	var r resolution
	for i := range 60 {
		at := day0.Add(time.Duration(i))
		if i%20 == 19 {
			at = at.Add(time.Duration(i) * 123_456_789)
		}
		r.see(at, DeviceTime(at), DeviceTime(at))
	}
	if got := r.value(); got != 1 {
		t.Errorf("resolution %v", got)
	}
}
