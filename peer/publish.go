package peer

import (
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// stepAbove is by how much the maps of two paths may differ and still be
// slewed into each other: what 500 ppm makes good in a second.
const stepAbove = 500 * time.Microsecond

// publisher makes one map of those of two paths. Their epochs are unrelated,
// so it counts its own, from a number of the server's on. Not safe for concurrent use.
type publisher struct {
	from  *track
	epoch uint16 // published
	in    uint16 // of from's map
	last  clock.Map
}

// publish returns est with the epoch that a device is to see.
func (p *publisher) publish(est clock.Estimate, from *track) clock.Estimate {
	m := est.Map
	if m.Valid {
		if p.steps(m, from) {
			p.epoch++
		}
		p.from, p.in, p.last = from, m.Epoch, m
	}
	est.Map.Epoch = p.epoch
	return est
}

func (p *publisher) steps(m clock.Map, from *track) bool {
	switch {
	case !p.last.Valid:
		return true
	case p.from == from:
		return p.in != m.Epoch
	}
	return p.last.At(m.Device).Sub(m.Session).Abs() > stepAbove
}

// prefer reports whether the data channel's estimate is to be published rather
// than the WebSocket's. While the channel works: once its bound is no worse or
// its joining burst is over, and from then on. While it is down or silent: as
// long as its bound is no worse; a silent one that was left is not gone back to.
func prefer(data, ws clock.Estimate, up, already bool) bool {
	switch {
	case !data.Map.Valid:
		return false
	case !ws.Map.Valid:
		return true
	case up && data.State == clock.Tracking, up && already && data.State == clock.Settling:
		return true
	case data.State == clock.Holdover && !already:
		return false // it was left for its silence
	}
	return data.Bound <= ws.Bound
}
