package server_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/testnet"
)

// TestSteeringCostsNoBound: while session time is steered, and when that begins and
// ends, what devices take it to be is as good as ever. What the server knows of their
// clocks is, too.
func TestSteeringCostsNoBound(t *testing.T) {
	for name, q := range map[string]clock.Steering{
		"4 ppm":          {By: 400 * time.Microsecond, Pace: 4e-6},
		"50 ppm":         {By: 3 * time.Millisecond, Pace: 50e-6},
		"50 ppm back":    {By: -3 * time.Millisecond, Pace: 50e-6},
		"50 ppm at last": {Rate: 50e-6},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				readings, outside, beyond, wrong := steeredReadings(t, q)
				t.Logf("%d of %d readings outside the 99 %% bound", outside, readings)
				if outside*100 > readings || wrong*100 > readings {
					t.Errorf("outside the 99 %% bound: %d of the devices' readings and %d of the server's, of %d", outside, wrong, readings)
				}
				if beyond > 0 {
					t.Errorf("%d readings outside the hard bound", beyond)
				}
			})
		})
	}
}

func steeredReadings(t *testing.T, q clock.Steering) (readings, outside, beyond, wrong int) {
	wifi := between(testnet.Queueing(1, 700*time.Microsecond, 250*time.Microsecond), testnet.Queueing(2, 700*time.Microsecond, 250*time.Microsecond))
	wire := between(testnet.Queueing(3, 150*time.Microsecond, 12*time.Microsecond), testnet.Queueing(4, 150*time.Microsecond, 12*time.Microsecond))
	w := newWorld(t, wire, wifi)
	defer w.stop()
	time.Sleep(2 * time.Minute)
	w.service.Clock().Steer(time.Now().Add(10*time.Millisecond), q)
	for range 2 * 60 * 10 {
		time.Sleep(100*time.Millisecond + 7*time.Microsecond)
		now := w.service.Clock().Now()
		for _, d := range w.devices {
			at := d.clock.Now()
			readings++
			err := d.Clock().Session(at).Sub(now).Abs()
			outside += oneIf(err > d.Clock().Bound())
			beyond += oneIf(err > d.Clock().Hard())
			known, _ := w.service.Device(d.Seat().DeviceID)
			wrong += oneIf((at.Sub(clock.DeviceTime(now)) - known.Estimate.Offset).Abs() > known.Estimate.Bound)
		}
	}
	return readings, outside, beyond, wrong
}

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}
