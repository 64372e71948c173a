package clock

import (
	"math"
	"time"
)

// SlewRate is the fastest that a Follower corrects itself within one epoch, ns per ns.
const SlewRate = 500e-6

// Follower is a device's session clock: it follows the maps that the server
// sends. Within one epoch it never jumps: it slews the difference between its own
// reading and a new map away at SlewRate, so that Session is strictly monotone
// in device time. It follows a map with another epoch (the device's clock or the
// server's belief about it stepped) at once: Session may then jump, even backwards.
// Now is the reading that doesn't go backwards. The zero Follower is usable and knows
// no map; it is not safe for concurrent use.
type Follower struct {
	m        Map
	from     DeviceTime // when m was taken over
	residual float64    // ns that Session was ahead of m at from
	latest   SessionTime
}

// holdStill is how far Now may have to wait for Session after a step back. A
// greater step means that what was told before was nonsense.
const holdStill = time.Second

// StaleAfter is by how much a map may be older than the one being followed and
// still count as overtaken on its way. One that is older still comes from another server.
const StaleAfter = 10 * time.Second

// Set follows a new map from device time now on, and reports whether it does. It
// drops a map that isn't valid, one that isn't possible (Map.Possible), and one that a later map has overtaken on its way: a map whose Session is earlier than that of the map
// being followed, by less than 10 s. So maps may be handed over in any order.
func (f *Follower) Set(m Map, now DeviceTime) (followed bool) {
	if !m.Valid || !m.Possible() {
		return false
	}
	if age := f.m.Session.Sub(m.Session); f.m.Valid && age > 0 && age < StaleAfter {
		return false
	}
	residual := 0.0
	if f.m.Valid && f.m.Epoch == m.Epoch {
		residual = float64(f.Session(now).Sub(m.At(now)))
	}
	f.m, f.from, f.residual = m, now, residual
	return true
}

// Valid reports whether a map is known.
func (f *Follower) Valid() bool { return f.m.Valid }

// Epoch returns the epoch of the map being followed.
func (f *Follower) Epoch() uint16 { return f.m.Epoch }

// Session returns the session time at device time d; 0 without a map.
func (f *Follower) Session(d DeviceTime) SessionTime {
	return f.m.At(d).Add(time.Duration(math.Round(f.left(d))))
}

// Now returns the session time at device time d, the present, and never less
// than it returned before: after a step back of up to a second it stands still
// until session time has caught up. A step back by more is taken.
func (f *Follower) Now(d DeviceTime) SessionTime {
	s := f.Session(d)
	if behind := f.latest.Sub(s); behind > 0 && behind <= holdStill {
		return f.latest
	}
	f.latest = s
	return s
}

// Device returns the device time at session time s, the inverse of Session: what
// to set a timer for.
func (f *Follower) Device(s SessionTime) DeviceTime {
	if f.residual == 0 {
		return f.m.Inverse(s)
	}
	ahead := s.Sub(f.Session(f.from))
	if ahead <= 0 {
		return f.m.Inverse(s.Add(-time.Duration(math.Round(f.residual))))
	}
	rate := f.m.Rate - math.Copysign(SlewRate, f.residual)
	slewing := math.Abs(f.residual) / SlewRate
	if d := float64(ahead) - math.Round(float64(ahead)*rate/(1+rate)); d < slewing {
		return f.from.Add(time.Duration(d))
	}
	return f.m.Inverse(s)
}

// Bound returns the 99 % bound at device time d, what is still being slewed included.
func (f *Follower) Bound(d DeviceTime) time.Duration {
	return f.m.BoundAt(d) + time.Duration(math.Ceil(math.Abs(f.left(d))))
}

// Hard returns the hard bound at device time d, what is still being slewed included.
func (f *Follower) Hard(d DeviceTime) time.Duration {
	return f.m.HardAt(d) + time.Duration(math.Ceil(math.Abs(f.left(d))))
}

// left returns how far Session is ahead of the map at device time d, in ns.
func (f *Follower) left(d DeviceTime) float64 {
	if f.residual == 0 {
		return 0
	}
	slewed := SlewRate * float64(max(d.Sub(f.from), 0))
	return math.Copysign(max(math.Abs(f.residual)-slewed, 0), f.residual)
}
