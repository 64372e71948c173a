package peer

import (
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// commonFor is how long what was told is remembered at least. Of a reading that a device made
// before, the common part isn't known.
const commonFor = 30 * time.Second

// common remembers the least part of the bounds that a device has been told lately that is the
// instance's own: whichever map it goes by, that one has as much. Times are by the steady clock; the
// zero common knows nothing.
type common struct{ before, now span }

// span is what was told in some time.
type span struct {
	from  clock.SessionTime // when the first of it was told; 0: nothing was
	heard clock.SessionTime // when the device had some of it for sure; 0: it didn't answer
	least time.Duration
}

// note enters what a map that is told at an instant has of Config.Off.
func (c *common) note(at clock.SessionTime, off time.Duration) {
	if c.now.from == 0 || at.Sub(c.now.from) >= commonFor {
		c.before, c.now = c.now, span{from: at, least: off}
	}
	c.now.least = min(c.now.least, off)
}

// answered enters that a ping that left at t1 was.
func (c *common) answered(t1, t4 clock.SessionTime) {
	if c.now.from != 0 && c.now.heard == 0 && t1 >= c.now.from {
		c.now.heard = t4
	}
}

// part returns the common part of the readings that the device made from an instant on; 0 where
// that isn't known.
func (c *common) part() (least time.Duration, since clock.SessionTime) {
	switch {
	case c.before.heard != 0:
		return min(c.before.least, c.now.least), c.before.heard
	case c.now.heard != 0:
		return c.now.least, c.now.heard
	}
	return 0, 0
}
