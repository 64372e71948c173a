package clock

import (
	"math"
	"time"
)

// A device knows session time as a straight line, until it is told another one. Where
// session time is steered, it is told again before that line has parted from session time
// by tellAfter, and strays is what its bounds allow for until it has heard so.
const (
	tellAfter = 8 * time.Microsecond
	strays    = 15 * time.Microsecond
)

// Told is what a device was told of session time last. The zero Told is nothing.
type Told struct{ line Line }

// Tell returns a map, of session time, as a device is to be told it at steady time now; lines is
// session time over the steady clock (Source.Line). Where session time is steered, the bounds hold until the device
// is told again; and they grow as fast as session time will part from what is told once it bends as is
// known already: the device doesn't hear of that if this server dies before.
func (t *Told) Tell(m Map, lines func(steady SessionTime) Line, now SessionTime) Map {
	if !m.Valid {
		return m
	}
	l := lines(now)
	if t.line = l; l.Steered() {
		m.Bound += strays
		m.Hard += strays
	}
	if l.Until != endless {
		m.Growth += math.Abs(lines(l.Until).Rate - l.Rate)
	}
	return m
}

// Due returns when the next ping is to leave: at next, when the estimator wants one, and sooner,
// but not before soonest, if session time, which is l at steady time now, parts from what was told.
func (t Told) Due(next, soonest SessionTime, l Line, now SessionTime) SessionTime {
	if t.line.Until == 0 || t.line == l && l.Until == endless {
		return next
	}
	limit := tellAfter
	if !t.line.Steered() {
		limit = 0 // its bounds allow for nothing
	}
	return min(next, max(l.Parts(t.line, now, limit), soonest))
}
