package nats

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/downbeat-sync/downbeat/internal/pause"
	"github.com/downbeat-sync/downbeat/store"
)

// Store is a store.Store on NATS JetStream. Its methods are safe for
// concurrent use; those that read wait until Run has read what is there.
type Store struct {
	cfg     Config
	link    atomic.Pointer[link]
	mirror  *mirror
	created time.Time // when the stream was; the feed's own
	loading sync.Once
	dir     *dataDir // nil without one
	journal *journal // nil without the engine
	engine  *engine  // nil when the NATS server is somebody else's

	alone    atomic.Bool   // no other instance is heard
	failures atomic.Int32  // of writes that weren't answered, since the last one that was
	ailing   chan struct{} // of capacity 1: there are many of them
}

// link is a connection with what goes over it.
type link struct {
	conn   *nats.Conn
	js     jetstream.JetStream
	stream jetstream.Stream
}

// Run reads the store and follows it until ctx ends, or until the store can't
// be gone on with. It may be called once.
func (s *Store) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.feed(ctx) })
	group.Go(func() error { s.renewAll(ctx); return nil })
	if s.engine != nil {
		group.Go(func() error { return s.mendAll(ctx) })
	}
	return group.Wait()
}

// Loaded returns a channel that is closed once all that was stored is known here.
func (s *Store) Loaded() <-chan struct{} { return s.mirror.loaded }

func (s *Store) announceLoaded() { s.loading.Do(func() { close(s.mirror.loaded) }) }

// Get implements store.Store.
func (s *Store) Get(ctx context.Context, key string) (store.Entry, error) {
	e, err := s.last(ctx, key)
	if err == nil && e.Deleted() {
		return store.Entry{}, store.ErrNotFound
	}
	return e, err
}

// List implements store.Store.
func (s *Store) List(ctx context.Context, filter string) ([]store.Entry, error) {
	select {
	case <-s.mirror.loaded:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return s.mirror.List(filter), ctx.Err()
}

// Watch implements store.Store. It doesn't fail: while the store is away
// there is nothing to tell, and when it is back it is gone on with.
func (s *Store) Watch(ctx context.Context, filter string, changed func(store.Entry), loaded func()) error {
	select {
	case <-s.mirror.loaded:
	case <-ctx.Done():
		return nil
	}
	s.mirror.Watch(ctx, filter, changed, loaded)
	return nil
}

// renewAll writes anew what is alive and would be taken away for its age. All
// instances try; for each key the first one does it.
func (s *Store) renewAll(ctx context.Context) {
	for pause.For(ctx, time.Hour) {
		s.renew(ctx, time.Now().Add(-renewAge))
	}
}

func (s *Store) renew(ctx context.Context, before time.Time) {
	for _, e := range s.mirror.olderThan(before) {
		_, _ = s.Put(ctx, e.Key, e.Value, e.Revision) // it was changed meanwhile, or there are days to try again
	}
}
