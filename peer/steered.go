package peer

import (
	"math"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// A device knows session time as a straight line, until it is told another one. Where
// session time is steered, it is told again before that line has parted from session time
// by tellAfter, and strays is what its bounds allow for until it has heard so.
const (
	tellAfter = 8 * time.Microsecond
	strays    = 15 * time.Microsecond
)

// unsteered is the Line of a session time that is the steady clock.
func unsteered(steady clock.SessionTime) clock.Line {
	return clock.Line{Steady: steady, Session: steady, Until: math.MaxInt64}
}

// exact is the uncertainty of a session time that is nobody else's.
func exact(clock.SessionTime) clock.Uncertainty { return clock.Uncertainty{} }

// tell returns the map that a ping takes along. The caller holds mu.
func (d *Device) tell(now clock.SessionTime) clock.Map {
	off := d.srv.cfg.Off(now)
	m := off.Widen(d.estimate(now)).Map
	if !m.Valid {
		return m
	}
	d.told, d.toldOff = d.srv.cfg.Line(now), off.Bound
	d.common.note(now, off.Bound)
	if d.told.Steered() {
		m.Bound += strays
		m.Hard += strays
	}
	m.Growth += d.bend()
	return m
}

// bend returns how fast session time will part from the line that is told, once it bends as is known already:
// the device doesn't hear of that if this server dies before. The caller holds mu.
func (d *Device) bend() float64 {
	if d.told.Until == math.MaxInt64 {
		return 0
	}
	return math.Abs(d.srv.cfg.Line(d.told.Until).Rate - d.told.Rate)
}

// due returns when the next ping of a path is to leave: when its estimator wants one,
// and sooner if session time parts from what the device has been told. The caller holds mu.
func (d *Device) due(t *track, now clock.SessionTime) clock.SessionTime {
	next, line := t.next(), d.srv.cfg.Line(now)
	if d.told.Until == 0 || d.told == line && line.Until == math.MaxInt64 {
		return next
	}
	limit := tellAfter
	if !d.told.Steered() {
		limit = 0 // its bounds allow for nothing
	}
	return min(next, max(line.Parts(d.told, now, limit), t.soonest()))
}
