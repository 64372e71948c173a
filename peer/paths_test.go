package peer

import (
	"bytes"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// socket stands for the WebSocket of a simulated device: ordered, lossless,
// slower than the data channel.
type socket struct {
	s      *simulated
	ready  chan struct{} // closed once s is set
	delay  time.Duration // one way
	frames atomic.Int64  // pings sent
	paths  struct {
		sync.Mutex
		seen []Path
	}
}

func (w *socket) config() DeviceConfig {
	return DeviceConfig{SendFrame: w.send, OnPath: func(p Path) {
		w.paths.Lock()
		defer w.paths.Unlock()
		w.paths.seen = append(w.paths.seen, p)
	}}
}

func (w *socket) send(frame []byte) error {
	w.frames.Add(1)
	frame = bytes.Clone(frame)
	time.AfterFunc(w.delay, func() {
		<-w.ready
		pong, err := w.s.client.AnswerPing(frame, w.s.client.cfg.Now())
		if err != nil {
			panic(err)
		}
		time.AfterFunc(w.delay, func() {
			if err := w.s.device.HandleFrame(pong, w.s.server.cfg.Now()); err != nil {
				panic(err)
			}
		})
	})
	return nil
}

func (w *socket) sawPaths(t *testing.T, want ...Path) {
	t.Helper()
	w.paths.Lock()
	defer w.paths.Unlock()
	if !slices.Equal(w.paths.seen, want) {
		t.Errorf("paths %q, want %q", w.paths.seen, want)
	}
}

// inSimulation runs f with a device that has a WebSocket of 5 ms, over a
// network of 3 ms whose UDP is cut while cut holds.
func inSimulation(t *testing.T, f func(t *testing.T, s *simulated, w *socket, cut *atomic.Bool)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var cut atomic.Bool
		c := func(time.Time) (time.Duration, bool) { return 3 * time.Millisecond, cut.Load() }
		w := &socket{delay: 5 * time.Millisecond, ready: make(chan struct{})}
		w.s = newSimulated(t, c, c, w.config())
		close(w.ready)
		defer func() {
			cut.Store(true)
			w.s.rig.close()
			time.Sleep(time.Second) // frames under way
			w.s.close(t)
		}()
		f(t, w.s, w, &cut)
	})
}

func TestWebSocketAlone(t *testing.T) {
	inSimulation(t, func(t *testing.T, s *simulated, w *socket, _ *atomic.Bool) {
		time.Sleep(30 * time.Second)
		st := s.device.Status()
		if st.Path != PathWebSocket || st.Estimate.State != clock.Tracking || st.FirstPong != 0 {
			t.Errorf("path %q, state %v, first pong %d", st.Path, st.Estimate.State, st.FirstPong)
		}
		if off := (st.Estimate.Offset - s.offset()).Abs(); off > st.Estimate.Hard {
			t.Errorf("offset is off by %v, hard bound %v", off, st.Estimate.Hard)
		}
		if n := w.frames.Load(); n < 20 || n > 200 || uint64(n) != st.Sent || st.Lost != 0 {
			t.Errorf("%d frames, of those %d counted, %d lost", n, st.Sent, st.Lost)
		}
		checkClient(t, s)
		w.sawPaths(t, PathWebSocket)
	})
}

func TestDataChannelTakesOver(t *testing.T) {
	inSimulation(t, func(t *testing.T, s *simulated, w *socket, _ *atomic.Bool) {
		time.Sleep(time.Second)
		s.connect(t, nil)
		time.Sleep(5 * time.Second)
		before := w.frames.Load()
		time.Sleep(time.Minute)
		if n := w.frames.Load() - before; n != 0 {
			t.Errorf("%d more pings over the WebSocket", n)
		}
		w.sawPaths(t, PathWebSocket, PathUDP)
		checkClient(t, s)
	})
}

func TestWebSocketTakesOverAgain(t *testing.T) {
	inSimulation(t, func(t *testing.T, s *simulated, w *socket, cut *atomic.Bool) {
		down := make(chan struct{})
		s.client.cfg.OnDown = func() { close(down) }
		s.connect(t, nil)
		time.Sleep(20 * time.Second)
		cut.Store(true)
		<-down // ICE gave up
		cut.Store(false)
		time.Sleep(20 * time.Second)
		st := s.device.Status()
		if st.Path != PathWebSocket || st.Estimate.State != clock.Tracking {
			t.Errorf("path %q, state %v", st.Path, st.Estimate.State)
		}
		if err := s.device.SendControl(nil); !errors.Is(err, ErrNoControl) {
			t.Errorf("SendControl: %v, want ErrNoControl", err)
		}
		checkClient(t, s)

		s.connect(t, nil)
		time.Sleep(20 * time.Second)
		w.sawPaths(t, PathWebSocket, PathUDP, PathWebSocket, PathUDP)
		checkClient(t, s)
	})
}

func TestResyncForgets(t *testing.T) {
	inSimulation(t, func(t *testing.T, s *simulated, w *socket, _ *atomic.Bool) {
		time.Sleep(10 * time.Second)
		before := w.frames.Load()
		s.device.Resync()
		if e := s.device.Status().Estimate; e.State != clock.Unsynced || e.Map.Valid {
			t.Errorf("after Resync: %v, valid %v", e.State, e.Map.Valid)
		}
		time.Sleep(2 * time.Second)
		if n := w.frames.Load() - before; n < 20 {
			t.Errorf("%d pings in 2 s after Resync, want a joining burst", n)
		}
		checkClient(t, s)
	})
}

// A command costs a device whose clock is known well no pings but those of the schedule.
func TestNoBurstForAKnownClock(t *testing.T) {
	inSimulation(t, func(t *testing.T, s *simulated, w *socket, _ *atomic.Bool) {
		s.connect(t, nil)
		time.Sleep(2 * time.Minute)
		before := s.device.Status()
		s.device.Burst(s.server.cfg.Now().Add(time.Second))
		time.Sleep(time.Second)
		after := s.device.Status()
		if n := after.Sent - before.Sent; n > 1 {
			t.Errorf("%d pings before the command, the bound being %v", n, before.Estimate.Bound)
		}
	})
}
