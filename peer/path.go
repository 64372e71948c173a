package peer

import (
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// Path names the way that clock frames take.
type Path string

// The paths. PathNone is that of a device that nothing is known of yet.
const (
	PathNone      Path = ""
	PathWebSocket Path = "websocket"
	PathUDP       Path = "udp"
	PathTCP       Path = "tcp"
)

// minGap is the least time between two pings of one path.
const minGap = 2 * time.Millisecond

// track is the measuring of one path: its estimator and the pings that are
// under way. Not safe for concurrent use.
type track struct {
	est  *clock.Estimator
	last clock.SessionTime
	any  bool // last holds
	clock.Pings
}

func newTrack(seed uint64) *track {
	return &track{est: clock.NewEstimator(clock.Config{Seed: seed})}
}

// next returns when the next ping is to leave.
func (t *track) next() clock.SessionTime { return max(t.est.Due(), t.soonest()) }

// soonest returns when a ping may leave at all.
func (t *track) soonest() clock.SessionTime {
	if !t.any {
		return 0
	}
	return t.last.Add(minGap)
}

// begin enters a ping that leaves at t1.
func (t *track) begin(nonce uint64, t1 clock.SessionTime) {
	t.Begin(nonce, t1)
	t.last, t.any = t1, true
	t.est.Sent(t1)
}
