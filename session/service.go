package session

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/google/uuid"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/wire"
)

// Config sets a Service up; its zero value is usable.
type Config struct {
	Store  store.Store              // default: store.NewMemory()
	Clocks Clocks                   // default: no device's clock is known
	Now    func() clock.SessionTime // default: anchored to time.Now once

	MinLead time.Duration // the least time from a command to its instant; default 100 ms
	MaxLead time.Duration // the most that slow devices can make of it; default 5 s

	LeaderGrace time.Duration // how long a leader may be gone; default 10 s
	ReportWait  time.Duration // how long after the instant a report waits for devices; default 2 s
	KeepIdle    time.Duration // how long a session stays without activity; default 24 h

	MaxDevices  int // connected at once to one session; default 1000
	MaxSessions int // default 10,000; math.MaxInt: no limit

	// Instance names this process among those that share the store, and never
	// another one before or after it; default: a random UUID.
	Instance string

	Messages Messages // to the other instances on the store; default: the store's own, or none

	Observe Observer // default: nobody

	Log   *slog.Logger  // default: silent
	NewID func() string // of sessions, users, devices and commands; default: random UUIDs
}

func (c Config) withDefaults() Config {
	if c.Store == nil {
		c.Store = store.NewMemory()
	}
	if c.Messages == nil {
		c.Messages, _ = c.Store.(Messages)
	}
	if c.Clocks == nil {
		c.Clocks = noClocks{}
	}
	if c.Now == nil {
		c.Now = clock.NewSource(time.Now).Now
	}
	if c.Observe == nil {
		c.Observe = nobody{}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.NewID == nil {
		c.NewID = uuid.NewString
	}
	c.Instance = cmp.Or(c.Instance, uuid.NewString())
	c.MinLead = cmp.Or(c.MinLead, 100*time.Millisecond)
	c.MaxLead = cmp.Or(c.MaxLead, 5*time.Second)
	c.LeaderGrace = cmp.Or(c.LeaderGrace, 10*time.Second)
	c.ReportWait = cmp.Or(c.ReportWait, 2*time.Second)
	c.KeepIdle = cmp.Or(c.KeepIdle, 24*time.Hour)
	c.MaxDevices = cmp.Or(c.MaxDevices, 1000)
	c.MaxSessions = cmp.Or(c.MaxSessions, 10_000)
	return c
}

// Service is the sessions of one instance. Its methods are safe for concurrent
// use, wait until Run has begun, and fail with an *Error.
type Service struct {
	cfg      Config
	started  chan struct{}
	creating chan struct{} // held while a session or a device is counted and added

	keepCommands, pageCommands int // see archive; fixed but for tests

	mu    sync.Mutex
	ctx   context.Context // of Run
	ended bool
	rooms map[string]*room
	wg    sync.WaitGroup

	index  *index
	places places
}

// New returns a service on a store. It starts nothing: that is Run's.
func New(cfg Config) (*Service, error) {
	cfg = cfg.withDefaults()
	switch {
	case cfg.MinLead < 0 || cfg.LeaderGrace < 0 || cfg.ReportWait < 0 || cfg.KeepIdle < 0:
		return nil, errors.New("session: a duration of the configuration is negative")
	case cfg.MaxLead < cfg.MinLead:
		return nil, errors.New("session: MaxLead is less than MinLead")
	case cfg.MaxDevices < 0 || cfg.MaxSessions < 0:
		return nil, errors.New("session: a limit of the configuration is negative")
	}
	return &Service{
		cfg: cfg, started: make(chan struct{}), creating: make(chan struct{}, 1), rooms: map[string]*room{}, index: newIndex(),
		keepCommands: rules.MaxCommands, pageCommands: rules.PageLen,
	}, nil
}

// Run keeps the sessions going until ctx ends, and then joins every goroutine
// of the service. It may be called once.
func (s *Service) Run(ctx context.Context) error {
	s.mu.Lock()
	if s.ctx != nil {
		s.mu.Unlock()
		return errors.New("session: Run has been called before")
	}
	s.ctx = ctx
	s.wg.Go(func() { s.index.follow(ctx, s) })
	s.mu.Unlock()
	close(s.started)

	s.sweepAll(ctx)
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.wg.Wait()
	return nil
}

func (s *Service) now() rules.Instant { return rules.InstantOf(s.cfg.Now()) }

// enter returns the room of a session, which watches the session from then on
// until every entry has been matched by an exit.
func (s *Service) enter(ctx context.Context, sessionID string) (*room, error) {
	select {
	case <-s.started:
	case <-ctx.Done():
		return nil, unavailable("the service isn't running", ctx.Err())
	}
	s.mu.Lock()
	r, err := s.room(sessionID)
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	select {
	case <-r.loaded:
		return r, nil
	case <-ctx.Done():
		err = unavailable("loading the session", ctx.Err())
	case <-s.ctx.Done():
		err = unavailable("loading the session", s.ctx.Err())
	}
	s.exit(r)
	return nil, err
}

func (s *Service) room(sessionID string) (*room, error) {
	if s.ended || s.ctx.Err() != nil {
		return nil, unavailable("the service", errEnded)
	}
	r := s.rooms[sessionID]
	if r == nil {
		ctx, stop := context.WithCancel(s.ctx)
		r = newRoom(s, sessionID, stop)
		s.rooms[sessionID] = r
		s.wg.Go(func() { r.watch(ctx) })
		s.wg.Go(func() { r.keepTime(ctx) })
	}
	r.users++
	return r, nil
}

// hold enters a room again that the caller has once entered; false when it is
// closed meanwhile.
func (s *Service) hold(r *room) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.users == 0 {
		return false
	}
	r.users++
	return true
}

// exit is the counterpart of enter and hold; the last one closes the room.
func (s *Service) exit(r *room) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.users--
	if r.users == 0 {
		r.stop()
		delete(s.rooms, r.id)
	}
}

// visit does something in an existing session's room.
func (s *Service) visit(ctx context.Context, sessionID string, do func(*room) error) error {
	if !ValidSessionID(sessionID) {
		return rules.Fault(wire.CodeBadSessionID, "sessionId must be 1 to 64 letters, digits, _ or -")
	}
	if err := s.mayVisit(ctx, sessionID); err != nil {
		return err
	}
	r, err := s.enter(ctx, sessionID)
	if err != nil {
		return err
	}
	defer s.exit(r)
	if !r.exists() {
		return rules.Fault(wire.CodeSessionNotFound, "there is no session %s", sessionID)
	}
	return do(r)
}

// mayVisit refuses a session that doesn't exist, without following it: whoever makes names up is to cost little.
func (s *Service) mayVisit(ctx context.Context, sessionID string) error {
	s.mu.Lock()
	here := s.rooms[sessionID] != nil
	s.mu.Unlock()
	if here || s.index.has(sessionID) {
		return nil
	}
	_, err := s.cfg.Store.Get(ctx, rules.KeyOf(sessionID, rules.KindMeta))
	if errors.Is(err, store.ErrNotFound) {
		return rules.Fault(wire.CodeSessionNotFound, "there is no session %s", sessionID)
	}
	return nil // be there an answer or not: the room tells
}

// alone runs do while nobody else does so, for counting before adding.
func (s *Service) alone(ctx context.Context, do func() error) error {
	select {
	case s.creating <- struct{}{}:
	case <-ctx.Done():
		return unavailable("waiting for a turn", ctx.Err())
	}
	defer func() { <-s.creating }()
	return do()
}
