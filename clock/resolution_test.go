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
