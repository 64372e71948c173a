package loop

import (
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// Clock is session time as a device knows it. Safe for concurrent use.
type Clock struct {
	now func() clock.DeviceTime

	mu       sync.Mutex
	follower clock.Follower
}

// NewClock returns a Clock that knows no session time yet; now is the device's clock.
func NewClock(now func() clock.DeviceTime) *Clock { return &Clock{now: now} }

// Now returns the present session time, never less than it returned before (see
// clock.Follower); false as long as no map has come.
func (c *Clock) Now() (clock.SessionTime, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.follower.Valid() {
		return 0, false
	}
	return c.follower.Now(c.now()), true
}

// Session returns the session time at device time d, 0 without a map.
func (c *Clock) Session(d clock.DeviceTime) clock.SessionTime {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.follower.Session(d)
}

// Device returns the device time at session time s, 0 without a map.
func (c *Clock) Device(s clock.SessionTime) clock.DeviceTime {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.follower.Device(s)
}

// Bound returns the largest error of Now at present, with 99 % confidence.
func (c *Clock) Bound() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.follower.Bound(c.now())
}

// Hard returns the largest error of Now at present that causality allows, without any
// assumption about delays.
func (c *Clock) Hard() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.follower.Hard(c.now())
}

// Follow follows a map; false when it is dropped, as [clock.Follower.Set] says.
func (c *Clock) Follow(m clock.Map) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.follower.Set(m, c.now())
}
