package nats

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/downbeat-sync/downbeat/internal/pause"
)

const (
	beats       = "downbeat.instances" // the subject on which instances say that they are there
	beatEvery   = time.Second
	silentAfter = 4 * beatEvery    // an instance that isn't heard for so long is gone
	lookAgain   = 20 * time.Second // for devices of those who died unheard
)

// Mark marks what belongs to instances that are gone, such as
// session.Service's MarkDisconnected.
type Mark func(ctx context.Context, gone func(instance string) bool) error

// Attend tells the others that instance is there, until ctx ends, and calls mark
// when one of them has fallen silent. Each instance does so for itself: whoever notices
// first has done it for all.
func (s *Store) Attend(ctx context.Context, instance string, mark Mark) error {
	if s.engine != nil { // nobody else can have the directory
		return s.attendAlone(ctx, instance, mark)
	}
	conn := s.link.Load().conn
	heard := make(chan string, 256)
	sub, err := conn.Subscribe(beats, func(m *nats.Msg) {
		select {
		case heard <- string(m.Data):
		default: // it beats again
		}
	})
	if err != nil {
		return fmt.Errorf("store: listen to the other instances: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	a := &attendance{store: s, own: instance, mark: mark, roll: newRoll(instance, time.Now())}
	return a.run(ctx, conn, heard)
}

// Alone reports whether no other instance is there: none was heard for as long as two of its beats take,
// while this one heard its own. It is false before Attend has found that out.
func (s *Store) Alone() bool { return s.alone.Load() }

// attendAlone marks what an earlier process left behind.
func (s *Store) attendAlone(ctx context.Context, instance string, mark Mark) error {
	for {
		err := mark(ctx, func(other string) bool { return other != instance })
		if err == nil || ctx.Err() != nil {
			return nil
		}
		s.cfg.Log.Warn("devices_not_marked", "err", err)
		if !pause.For(ctx, beatEvery) {
			return nil
		}
	}
}

// attendance is one instance's part in knowing who is there.
type attendance struct {
	store *Store
	own   string
	mark  Mark
	roll  *roll
}

// run beats, and has marked who is silent: beside that, since an instance that doesn't beat is silent itself.
func (a *attendance) run(ctx context.Context, conn *nats.Conn, heard <-chan string) error {
	ticker := time.NewTicker(beatEvery)
	defer ticker.Stop()
	beat := func() { _ = conn.Publish(beats, []byte(a.own)) } // lost while there is no connection, as it should be
	beat()
	var marked chan time.Time // nil while nothing is being marked
	for {
		select {
		case <-ctx.Done():
			if marked != nil {
				<-marked
			}
			return nil
		case other := <-heard:
			a.roll.hear(other, time.Now())
			a.store.alone.Store(a.roll.alone(time.Now()))
		case at := <-marked:
			if marked = nil; !at.IsZero() {
				a.roll.marked(at)
			}
		case now := <-ticker.C:
			beat()
			a.store.alone.Store(a.roll.alone(now))
			if marked == nil && a.roll.due(now) {
				marked = make(chan time.Time, 1)
				go a.call(ctx, now, a.roll.gone(now), marked)
			}
		}
	}
}

// call marks what belongs to those who were silent at now, and tells so; the zero time where that failed.
func (a *attendance) call(ctx context.Context, now time.Time, gone func(string) bool, marked chan<- time.Time) {
	err := a.mark(ctx, gone)
	if err != nil && ctx.Err() == nil {
		a.store.cfg.Log.Warn("devices_not_marked", "err", err)
	}
	if err != nil {
		now = time.Time{}
	}
	marked <- now
}
