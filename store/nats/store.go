package nats

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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
// concurrent use; Watch waits until Run has begun.
type Store struct {
	cfg       Config
	link      atomic.Pointer[link]
	interests *interests
	dir       *dataDir // nil without one
	journal   *journal // nil without the engine
	engine    *engine  // nil when the NATS server is somebody else's

	life context.Context // until Run ends
	end  context.CancelFunc

	alone    atomic.Bool   // no other instance is heard
	failures atomic.Int32  // of writes that weren't answered, since the last one that was
	ailing   chan struct{} // of capacity 1: there are many of them

	mu       sync.Mutex
	newest   store.Entry // that was seen or written here, without its value
	created  time.Time   // when the stream was
	behind   time.Time   // since when the stream has been older than what was seen
	replaced chan error  // of capacity 1

	renewed uint64 // up to where the stream has nothing that is to be written anew; renew's own
}

// link is a connection with what goes over it.
type link struct {
	conn   *nats.Conn
	js     jetstream.JetStream
	stream jetstream.Stream
}

// Run follows what is watched until ctx ends, or until the store can't be gone on with. It may be called once.
func (s *Store) Run(ctx context.Context) error {
	defer s.end()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { s.followAll(ctx); return nil })
	group.Go(func() error { s.renewAll(ctx); return nil })
	group.Go(func() error {
		select {
		case err := <-s.replaced:
			return err
		case <-ctx.Done():
			return nil
		}
	})
	if s.engine != nil {
		group.Go(func() error { return s.mendAll(ctx) })
	}
	return group.Wait()
}

// Get implements store.Store.
func (s *Store) Get(ctx context.Context, key string) (store.Entry, error) {
	e, err := s.last(ctx, key)
	if err == nil && e.Deleted() {
		return store.Entry{}, store.ErrNotFound
	}
	return e, err
}

// List implements store.Store. What is watched is known; for the rest the NATS server is asked.
func (s *Store) List(ctx context.Context, filters ...string) ([]store.Entry, error) {
	if len(filters) == 1 {
		if is := s.interests.known(followed(filters[0])); is != nil {
			defer s.interests.release(is)
			if is.isLoaded() {
				return is.table.List(filters[0]), ctx.Err()
			}
		}
	}
	return s.ask(ctx, filters, false)
}

// Keys implements store.Store.
func (s *Store) Keys(ctx context.Context, filter string) ([]store.Entry, error) {
	return s.ask(ctx, []string{filter}, true)
}

// ask reads what there is once. In a cluster the server that answers may know less than this instance does: it is
// asked again then.
func (s *Store) ask(ctx context.Context, filters []string, keysOnly bool) ([]store.Entry, error) {
	within, cancel := context.WithTimeout(ctx, s.cfg.Patience)
	defer cancel()
	for {
		l := s.link.Load()
		known := s.known(l)
		found, upTo, err := l.list(within, filters, known.Key, keysOnly)
		if err == nil && upTo >= known.Revision {
			found = slices.DeleteFunc(found, func(e store.Entry) bool { return e.Deleted() || !matchAny(filters, e.Key) })
			slices.SortFunc(found, func(a, b store.Entry) int { return cmp.Compare(a.Revision, b.Revision) })
			found = slices.CompactFunc(found, func(a, b store.Entry) bool { return a.Revision == b.Revision }) // known is asked for each time
			return found, ctx.Err()
		}
		if err == nil {
			err = errBehind
		}
		if !pause.For(within, retryEvery/4) {
			return nil, fmt.Errorf("store: list %s: %w", strings.Join(filters, ", "), err)
		}
	}
}

// errBehind says that the NATS server that answered knows less than this instance.
var errBehind = errors.New("the NATS server that answers is behind")

// known returns the newest entry that this instance knows of, without its value, where a server may know less: in a
// cluster.
func (s *Store) known(l *link) store.Entry {
	if l.conn.ConnectedClusterName() == "" {
		return store.Entry{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.newest
}

// and returns filters that match a key, too.
func and(filters []string, key string) []string {
	if key == "" || matchAny(filters, key) {
		return filters
	}
	return append(slices.Clip(filters), key)
}

func matchAny(filters []string, key string) bool {
	return slices.ContainsFunc(filters, func(f string) bool { return store.Match(f, key) })
}

// list returns the entries that match, and perhaps one besides, and up to which revision that is known to be all.
func (l *link) list(ctx context.Context, filters []string, besides string, keysOnly bool) (found []store.Entry, upTo uint64, err error) {
	if !keysOnly {
		found, upTo, err = l.newestOf(ctx, filters, besides)
		if err == nil || errors.Is(err, errNothing) && besides == "" {
			for _, e := range found { // of a half that was empty nobody said up to where
				upTo = max(upTo, e.Revision)
			}
			return found, upTo, nil
		}
	}
	found, upTo = nil, 0
	for some := range slices.Chunk(and(filters, besides), mostScopes) {
		cfg := latest(some)
		cfg.HeadersOnly = keysOnly
		r, err := l.newReader(ctx, cfg)
		if err != nil {
			return nil, 0, err
		}
		for r.pending > 0 && err == nil {
			var e store.Entry
			if e, _, err = r.next(ctx); err == nil {
				found, upTo = append(found, e), max(upTo, e.Revision)
			}
		}
		r.stop()
		if err != nil {
			return nil, 0, err
		}
	}
	return found, upTo, nil
}

// Watch implements store.Store. It doesn't fail: while the store is away
// there is nothing to tell, and when it is back it is gone on with.
func (s *Store) Watch(ctx context.Context, filter string, changed func(store.Entry), loaded func()) error {
	scope := followed(filter)
	if scope == "" {
		s.watchMany(ctx, filter, changed, loaded)
		return nil
	}
	is := s.interests.want(scope)
	defer s.interests.release(is)
	select {
	case <-is.loaded:
	case <-ctx.Done():
		return nil
	}
	is.table.Watch(ctx, filter, changed, loaded)
	return nil
}

// watchMany watches keys of many scopes, with a reader of its own that keeps nothing.
func (s *Store) watchMany(ctx context.Context, filter string, changed func(store.Entry), loaded func()) {
	told, isLoaded := uint64(0), false
	s.again(ctx, []string{filter}, func(e store.Entry) {
		if e.Revision <= told {
			return
		}
		told = e.Revision
		s.await(ctx, e.Key, e.Revision) // a list of its scope has it by now
		if isLoaded || !e.Deleted() {
			changed(e)
		}
	}, func() {
		if !isLoaded {
			isLoaded = true
			loaded()
		}
	})
}

// renewAll writes anew what is alive and would be taken away for its age. All
// instances try; for each key the first one does it.
func (s *Store) renewAll(ctx context.Context) {
	for pause.For(ctx, time.Hour) {
		if err := s.renew(ctx, time.Now().Add(-renewAge)); err != nil && ctx.Err() == nil {
			s.cfg.Log.Warn("store_not_renewed", "err", err)
		}
	}
}

// renew writes anew what was written before an instant: the stream begins with it.
func (s *Store) renew(ctx context.Context, before time.Time) error {
	l := s.link.Load()
	info, err := l.stream.Info(ctx)
	if err != nil {
		return err
	}
	r, err := l.newReader(ctx, everything(s.renewed))
	if err != nil {
		return err
	}
	defer r.stop()
	for r.pending > 0 {
		e, written, err := r.next(ctx)
		if err != nil {
			return err
		}
		if e.Revision > info.State.LastSeq || !written.Before(before) {
			return nil
		}
		if !e.Deleted() {
			if _, err := s.Put(ctx, e.Key, e.Value, e.Revision); err != nil && !errors.Is(err, store.ErrConflict) {
				return err // there are days to try again
			}
		}
		s.renewed = e.Revision
	}
	return nil
}
