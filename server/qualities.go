package server

import (
	"context"
	"encoding/json"
	"log/slog"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/session"
)

const (
	qualityEvery   = time.Second
	qualityKept    = 5 * time.Second // without another one
	qualityAtOnce  = 500             // devices of one message
	qualitySubject = "quality."      // and the session
)

// messenger carries messages between the instances on a store; what isn't heard is lost.
type messenger interface {
	Publish(name string, message []byte) error
	Listen(name string, heard func(message []byte)) (stop func(), err error)
}

// qualities tells the other instances how well the clocks of the devices here are known, and knows
// it of theirs: of the sessions that both have devices of. Safe for concurrent use.
type qualities struct {
	instance string
	net      messenger
	shared   func() map[string][]string // devices here by session, where other instances have some too
	own      func(deviceID string) (session.Quality, bool)
	now      func() time.Time
	log      *slog.Logger

	mu     sync.Mutex
	others map[string]distant // by device
}

// distant is what another instance said of a device.
type distant struct {
	session.Quality
	at time.Time
}

// qualityMessage is what an instance says of its devices of one session.
type qualityMessage struct {
	Instance string          `json:"instance"`
	Devices  []deviceQuality `json:"devices"`
}

// deviceQuality is a session.Quality on its way; times are nanoseconds.
type deviceQuality struct {
	ID     string        `json:"id"`
	Path   string        `json:"path"`
	Hidden bool          `json:"hidden,omitempty"`
	State  clock.State   `json:"state"`
	Offset time.Duration `json:"offset"`
	Skew   float64       `json:"skew"`
	Delay  time.Duration `json:"delay"`
	Jitter time.Duration `json:"jitter"`
	Bound  time.Duration `json:"bound"`
	Hard   time.Duration `json:"hard"`
	Growth float64       `json:"growth"`
	Shared time.Duration `json:"shared"` // what of Bound is the instance's own
}

// run tells and listens until ctx ends.
func (q *qualities) run(ctx context.Context) {
	listening := map[string]func(){}
	defer func() {
		for _, stop := range listening {
			stop()
		}
	}()
	ticker := time.NewTicker(qualityEvery)
	defer ticker.Stop()
	for {
		shared := q.shared()
		q.listen(listening, shared)
		for id, devices := range shared {
			for some := range slices.Chunk(devices, qualityAtOnce) {
				q.tell(id, some)
			}
		}
		q.forget()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// listen hears of the sessions that are shared, and of no others.
func (q *qualities) listen(listening map[string]func(), shared map[string][]string) {
	for id, stop := range listening {
		if shared[id] == nil {
			stop()
			delete(listening, id)
		}
	}
	for id := range shared {
		if listening[id] != nil {
			continue
		}
		stop, err := q.net.Listen(qualitySubject+id, q.hear)
		if err != nil {
			q.log.Warn("qualities_unheard", "session", id, "err", err)
			continue
		}
		listening[id] = stop
	}
}

// tell says what is known of some devices here.
func (q *qualities) tell(sessionID string, devices []string) {
	m := qualityMessage{Instance: q.instance}
	for _, id := range devices {
		if own, ok := q.own(id); ok {
			m.Devices = append(m.Devices, sent(id, own))
		}
	}
	if b, err := json.Marshal(m); err == nil && len(m.Devices) > 0 {
		_ = q.net.Publish(qualitySubject+sessionID, b) // there will be another one
	}
}

func sent(id string, own session.Quality) deviceQuality {
	e := own.Estimate
	return deviceQuality{
		ID: id, Path: own.Path, Hidden: own.Hidden, State: e.State, Offset: e.Offset, Skew: e.Skew, Delay: e.Delay, Jitter: e.Jitter,
		Bound: e.Bound, Hard: e.Hard, Growth: e.Map.Growth, Shared: own.Shared,
	}
}

// received returns what was sent; false for what no estimator says.
func (d *deviceQuality) received() (session.Quality, bool) {
	sane := d.ID != "" && d.State <= clock.Holdover && d.Bound >= 0 && d.Hard >= 0 && d.Delay >= 0 && d.Jitter >= 0 && d.Shared >= 0 &&
		math.Abs(d.Skew) < 0.1 && d.Growth >= 0 && d.Growth < 0.1
	e := clock.Estimate{State: d.State, Offset: d.Offset, Skew: d.Skew, Delay: d.Delay, Jitter: d.Jitter, Bound: d.Bound, Hard: d.Hard}
	e.Map.Growth = d.Growth
	return session.Quality{Estimate: e, Path: d.Path, Hidden: d.Hidden, Shared: d.Shared}, sane
}

// hear takes in what another instance says.
func (q *qualities) hear(message []byte) {
	var m qualityMessage
	if json.Unmarshal(message, &m) != nil || m.Instance == q.instance || len(m.Devices) > qualityAtOnce {
		return
	}
	at := q.now()
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range m.Devices {
		if quality, ok := m.Devices[i].received(); ok {
			q.others[m.Devices[i].ID] = distant{quality, at}
		}
	}
}

// forget drops what is old.
func (q *qualities) forget() {
	now := q.now()
	q.mu.Lock()
	defer q.mu.Unlock()
	for id, e := range q.others {
		if now.Sub(e.at) > qualityKept {
			delete(q.others, id)
		}
	}
}

// of returns what another instance knows of a device, carried on to the present.
func (q *qualities) of(deviceID string) (session.Quality, bool) {
	if q == nil {
		return session.Quality{}, false
	}
	now := q.now()
	q.mu.Lock()
	e, ok := q.others[deviceID]
	q.mu.Unlock()
	age := now.Sub(e.at)
	if !ok || age > qualityKept {
		return session.Quality{}, false
	}
	est := &e.Estimate
	est.Offset += time.Duration(float64(age) * est.Skew)
	est.Bound += time.Duration(float64(age) * est.Map.Growth)
	est.Hard += time.Duration(float64(age) * clock.HardGrowth)
	return e.Quality, true
}
