package signaling

import (
	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/wire"
)

// Exchange is the data of an exchange event: the four stamps of one of the
// device's own exchanges in ns, in JSON as strings, since numbers lose bits.
type Exchange struct {
	Path string `json:"path"`
	T1   int64  `json:"t1,string"`
	T2   int64  `json:"t2,string"`
	T3   int64  `json:"t3,string"`
	T4   int64  `json:"t4,string"`
}

// Stamps returns the exchange that e tells of.
func (e Exchange) Stamps() clock.Exchange {
	return clock.Exchange{
		T1: clock.SessionTime(e.T1), T2: clock.DeviceTime(e.T2), T3: clock.DeviceTime(e.T3), T4: clock.SessionTime(e.T4),
	}
}

// exchange is called by the peer of a device that asked for it.
func (l *link) exchange(path string, x clock.Exchange) {
	l.reply(wire.Exchange, Exchange{path, int64(x.T1), int64(x.T2), int64(x.T3), int64(x.T4)}, 0)
}
