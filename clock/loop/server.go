package loop

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/frame"
)

// Config says what a Server measures against, and how it reaches the device. Source and Send are required.
type Config struct {
	Source *clock.Source
	// Send hands a frame to the transport, at once or not at all: one that waits in a queue spoils
	// its stamp. It must not keep the frame. An error counts the ping as lost.
	Send func(frame []byte) error
	// OnExchange gets every exchange, and why it wasn't used, from Receive; it must not block or call the
	// Server. nil: nobody does.
	OnExchange func(x clock.Exchange, err error)
	Seed       uint64 // of the jitter between pings; 0: unpredictable
}

// Server measures one device. Its methods are safe for concurrent use.
type Server struct {
	cfg  Config
	wake chan struct{}

	mu    sync.Mutex
	est   *clock.Estimator
	pings clock.Pings
	last  clock.SessionTime // when the last ping left, by the steady clock
	told  clock.Told
	epoch uint16 // added to the estimator's, so that a device tells this Server's maps from another's
}

// least is the least time between two pings.
const least = 2 * time.Millisecond

// NewServer returns a Server that Run starts.
func NewServer(cfg Config) *Server {
	if cfg.Seed == 0 {
		cfg.Seed = random()
	}
	return &Server{
		cfg: cfg, wake: make(chan struct{}, 1), est: clock.NewEstimator(clock.Config{Seed: cfg.Seed}), epoch: uint16(random()),
	}
}

// random is a number that nobody can guess. crypto/rand never fails.
func random() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return binary.BigEndian.Uint64(b[:])
}

// Run pings the device until ctx ends.
func (s *Server) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	buf := make([]byte, 0, frame.Size)
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-s.wake:
		}
		if wait := s.wait(); wait > 0 {
			timer.Reset(wait)
			continue
		}
		buf = s.ping(buf)
		timer.Reset(s.wait())
	}
}

// wait returns how long it is until the next ping.
func (s *Server) wait() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.cfg.Source.Steady()
	soonest := s.last.Add(least)
	due := s.told.Due(max(s.est.Due(), soonest), soonest, s.cfg.Source.Line(now), now)
	return max(due.Sub(now), 0)
}

// ping makes the frame first, so that T1 is read right before it is sent.
func (s *Server) ping(buf []byte) []byte {
	nonce := random()
	s.mu.Lock()
	now := s.cfg.Source.Steady()
	buf = frame.Ping{Nonce: nonce, Map: s.told.Tell(s.estimate(now).Map, s.cfg.Source.Line, now)}.Append(buf[:0])
	t1 := s.cfg.Source.Steady()
	s.pings.Begin(nonce, t1)
	s.est.Sent(t1)
	s.last = t1
	s.mu.Unlock()
	if s.cfg.Send(buf) != nil {
		s.mu.Lock()
		s.pings.Unsent(nonce)
		s.mu.Unlock()
	}
	return buf
}

// Receive takes in a frame from the device; call it as the first thing after reading one. It fails with
// [frame.ErrBad] for bytes that are no pong; a pong that no ping waits for is dropped.
func (s *Server) Receive(b []byte) error {
	t4 := s.cfg.Source.Steady()
	p, err := frame.ParsePong(b)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t1, ok := s.pings.Answered(p.Nonce)
	if !ok {
		return nil
	}
	if p.Stopped {
		s.est.Reset()
	}
	s.est.SetResolution(p.Resolution)
	x := clock.Exchange{T1: t1, T2: p.T2, T3: p.T3, T4: t4}
	err = s.est.Add(x)
	if s.cfg.OnExchange != nil {
		s.cfg.OnExchange(x, err)
	}
	s.Kick()
	return nil
}

// Burst has pings come quickly right before a session time: that of a command.
func (s *Server) Burst(before clock.SessionTime) {
	s.mu.Lock()
	s.est.Burst(s.cfg.Source.Line(s.cfg.Source.Steady()).Inverse(before))
	s.mu.Unlock()
	s.Kick()
}

// Kick has Run look again when the next ping is due; call it when session time was steered.
func (s *Server) Kick() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Estimate returns what is known of the device's clock now, as one of session time.
func (s *Server) Estimate() clock.Estimate {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.estimate(s.cfg.Source.Steady())
}

// estimate is that at a steady time. The caller holds mu.
func (s *Server) estimate(now clock.SessionTime) clock.Estimate {
	e := s.cfg.Source.Uncertainty(now).Widen(s.est.Estimate(now).Over(s.cfg.Source.Line(now)))
	e.Map.Epoch += s.epoch
	return e
}
