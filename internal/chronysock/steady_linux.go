package chronysock

import (
	"golang.org/x/sys/unix"

	"github.com/downbeat-sync/downbeat/clock"
)

// Steady is a device's clock that chronyd doesn't steer: CLOCK_MONOTONIC, which Go reads, runs as fast as the system's
// clock is told to, and would follow what is learnt from it.
func Steady() clock.DeviceTime {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC_RAW, &t); err != nil {
		panic(err) // every Linux has it
	}
	return clock.DeviceTime(t.Nano())
}
