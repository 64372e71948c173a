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

const (
	minGap         = 2 * time.Millisecond // between two pings of one path
	maxOutstanding = 128                  // pings of one path without their pong
	pongTimeout    = 5 * time.Second      // then a ping counts as lost
)

// track is the measuring of one path: its estimator and the pings that are
// under way. Not safe for concurrent use.
type track struct {
	est  *clock.Estimator
	out  []ping // oldest first
	last clock.SessionTime
	any  bool // last holds
	counts
}

// counts are of pings sent, pings lost, and pongs that nothing waited for.
type counts struct{ sent, lost, stray uint64 }

// ping is one that is under way.
type ping struct {
	nonce uint64
	t1    clock.SessionTime
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
	t.expire(t1)
	if len(t.out) == maxOutstanding {
		t.drop(1)
	}
	t.out = append(t.out, ping{nonce, t1})
	t.last, t.any = t1, true
	t.sent++
	t.est.Sent(t1)
}

// expire counts the pings as lost whose pong is overdue.
func (t *track) expire(now clock.SessionTime) {
	n := 0
	for n < len(t.out) && now.Sub(t.out[n].t1) > pongTimeout {
		n++
	}
	t.drop(n)
}

func (t *track) drop(n int) {
	t.out = append(t.out[:0], t.out[n:]...)
	t.lost += uint64(n)
}

// take returns when the ping with this nonce left, once; false when there is
// none that still waits.
func (t *track) take(nonce uint64) (clock.SessionTime, bool) {
	for i, s := range t.out {
		if s.nonce == nonce {
			t.out = append(t.out[:i], t.out[i+1:]...)
			return s.t1, true
		}
	}
	t.stray++
	return 0, false
}

// unsent takes back the ping with this nonce, which could not be written.
func (t *track) unsent(nonce uint64) {
	if _, ok := t.take(nonce); ok {
		t.lost++
	}
}
