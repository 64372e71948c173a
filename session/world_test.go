package session

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/session/internal/rules"
)

// epoch is when every test begins in a bubble: the bubble's own epoch.
var epoch = clock.SessionTime(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano())

// world is a service in a bubble, with clocks that the test sets.
type world struct {
	t   *testing.T
	svc *Service
	ctx context.Context

	mu     sync.Mutex
	clocks map[string]Quality
	bursts []string
}

func (w *world) Quality(deviceID string) (Quality, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	q, ok := w.clocks[deviceID]
	return q, ok
}

func (w *world) Burst(deviceID string, before clock.SessionTime) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bursts = append(w.bursts, fmt.Sprintf("%s@%v", deviceID, before.Sub(epoch)))
}

func (w *world) know(deviceID string, delay, jitter, bound time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clocks[deviceID] = Quality{Path: "udp", Estimate: clock.Estimate{
		State: clock.Tracking, Delay: delay, Jitter: jitter, Bound: bound,
	}}
}

// bubble runs a test with a running service in fake time.
func bubble(t *testing.T, cfg Config, test func(w *world)) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, clocks: map[string]Quality{}}
		ids := 0
		var mu sync.Mutex
		cfg.NewID = func() string {
			mu.Lock()
			defer mu.Unlock()
			ids++
			return fmt.Sprintf("id%02d", ids)
		}
		cfg.Clocks = w
		svc, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		w.svc = svc
		ctx, stop := context.WithCancel(t.Context())
		w.ctx = ctx
		done := make(chan error)
		go func() { done <- svc.Run(ctx) }()
		test(w)
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// part is a member and what it was told.
type part struct {
	*Member
	w      *world
	joined Joined

	mu     sync.Mutex
	events []Event
}

func (p *part) hear(e Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, e)
}

// heard returns what the member was told since the last call, once everything has settled.
func (p *part) heard() []Event {
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	events := p.events
	p.events = nil
	return events
}

// names returns the names of what was heard but for sync_status.
func (p *part) names() []string {
	names := []string{}
	for _, e := range p.heard() {
		if e.Name != "sync_status" {
			names = append(names, e.Name)
		}
	}
	return names
}

func (w *world) join(q JoinRequest) *part {
	w.t.Helper()
	p, err := w.tryJoin(q)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) tryJoin(q JoinRequest) (*part, error) {
	if q.SessionID == "" {
		q.SessionID = "studio"
	}
	p := &part{w: w}
	var err error
	p.Member, p.joined, err = w.svc.Join(w.ctx, q, p.hear)
	return p, err
}

func codeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	if err != nil {
		return "not an *Error: " + err.Error()
	}
	return ""
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if got := codeOf(err); got != code {
		t.Errorf("got code %q, want %q (%v)", got, code, err)
	}
}

// sessions returns all sessions.
func (w *world) sessions() ([]Summary, error) {
	w.t.Helper()
	list, err := w.svc.List(w.ctx, ListRequest{Limit: MaxPage})
	return list.Sessions, err
}

// t0 is the instant that tests of pages begin at.
const t0 = rules.Instant(1_700_000_000_000_000_000)
