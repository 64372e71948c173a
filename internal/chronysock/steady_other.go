//go:build !linux

package chronysock

import (
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

var start = time.Now()

// Steady is a device's clock: the monotonic one, which may be steered with the system's.
func Steady() clock.DeviceTime { return clock.DeviceTime(time.Since(start)) }
