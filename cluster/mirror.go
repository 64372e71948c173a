package cluster

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/session"
)

// mirror is what this instance has read of the stream.
type mirror struct {
	mu       sync.Mutex
	seen     uint64                       // the newest revision that was read
	entries  map[string]map[string]record // by scope and key
	watchers map[string]map[*watcher]bool // by scope
	waiting  map[chan struct{}]uint64     // for a revision to be seen
	loaded   chan struct{}                // closed once all that was there at first is here
}

// record is an entry that isn't deleted, and when it was written by the NATS server's clock.
type record struct {
	session.Entry
	written time.Time
}

// watcher queues what one Watch has not yet handed over.
type watcher struct {
	filter string
	queue  []session.Entry // guarded by mirror.mu
	wake   chan struct{}   // of capacity 1
}

func newMirror() *mirror {
	return &mirror{
		entries:  map[string]map[string]record{},
		watchers: map[string]map[*watcher]bool{},
		waiting:  map[chan struct{}]uint64{},
		loaded:   make(chan struct{}),
	}
}

// apply takes an entry in and passes it on to who watches it.
func (m *mirror) apply(e session.Entry, written time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e.Revision <= m.seen {
		return
	}
	m.seen = e.Revision
	scope := session.Scope(e.Key)
	m.keep(scope, record{e, written})
	for _, s := range []string{scope, ""} {
		for w := range m.watchers[s] {
			if session.Match(w.filter, e.Key) {
				w.add(e)
			}
		}
	}
	for met, revision := range m.waiting {
		if revision <= m.seen {
			delete(m.waiting, met)
			close(met)
		}
	}
}

func (m *mirror) keep(scope string, r record) {
	of := m.entries[scope]
	if r.Deleted() {
		delete(of, r.Key)
		if len(of) == 0 {
			delete(m.entries, scope)
		}
		return
	}
	if of == nil {
		of = map[string]record{}
		m.entries[scope] = of
	}
	of[r.Key] = r
}

func (w *watcher) add(e session.Entry) {
	w.queue = append(w.queue, e)
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// list returns what matches the filter, by revision. Called with mu held.
func (m *mirror) list(filter string) []session.Entry {
	var found []session.Entry
	collect := func(of map[string]record) {
		for key, r := range of {
			if session.Match(filter, key) {
				found = append(found, r.Entry)
			}
		}
	}
	if scope := session.Scope(filter); scope != "" {
		collect(m.entries[scope])
	} else {
		for _, of := range m.entries {
			collect(of)
		}
	}
	slices.SortFunc(found, func(a, b session.Entry) int { return cmp.Compare(a.Revision, b.Revision) })
	return found
}

// olderThan returns what was written before an instant.
func (m *mirror) olderThan(t time.Time) []session.Entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	var old []session.Entry
	for _, of := range m.entries {
		for _, r := range of {
			if r.written.Before(t) {
				old = append(old, r.Entry)
			}
		}
	}
	return old
}

// await blocks until a revision has been seen; it reports whether it has.
func (m *mirror) await(ctx context.Context, revision uint64) bool {
	m.mu.Lock()
	if revision <= m.seen {
		m.mu.Unlock()
		return true
	}
	met := make(chan struct{})
	m.waiting[met] = revision
	m.mu.Unlock()
	select {
	case <-met:
		return true
	case <-ctx.Done():
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.waiting, met)
		return false
	}
}

// watch begins to queue what matches the filter and returns what is there.
func (m *mirror) watch(filter string) (*watcher, []session.Entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	w := &watcher{filter: filter, wake: make(chan struct{}, 1)}
	scope := session.Scope(filter)
	if m.watchers[scope] == nil {
		m.watchers[scope] = map[*watcher]bool{}
	}
	m.watchers[scope][w] = true
	return w, m.list(filter)
}

func (m *mirror) take(w *watcher) []session.Entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	queue := w.queue
	w.queue = nil
	return queue
}

func (m *mirror) forget(w *watcher) {
	m.mu.Lock()
	defer m.mu.Unlock()
	scope := session.Scope(w.filter)
	delete(m.watchers[scope], w)
	if len(m.watchers[scope]) == 0 {
		delete(m.watchers, scope)
	}
}

func (m *mirror) lastSeen() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.seen
}
