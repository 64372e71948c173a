package peer

import (
	"math"

	"github.com/downbeat-sync/downbeat/clock"
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
	if m.Valid {
		d.toldOff = off.Bound
		d.common.note(now, off.Bound)
	}
	return d.told.Tell(m, d.srv.cfg.Line, now)
}

// due returns when the next ping of a path is to leave: when its estimator wants one,
// and sooner if session time parts from what the device has been told. The caller holds mu.
func (d *Device) due(t *track, now clock.SessionTime) clock.SessionTime {
	return d.told.Due(t.next(), t.soonest(), d.srv.cfg.Line(now), now)
}
