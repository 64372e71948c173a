package session

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"sync"
)

// Memory is a Store that lives and dies with the process. Its methods fail
// only as the Store interface says, or when their context has ended.
type Memory struct {
	mu       sync.Mutex
	revision uint64
	entries  map[string]map[string]Entry      // by scope and key
	watchers map[string]map[*watcher]struct{} // by scope
}

// watcher queues what one Watch has not yet handed over.
type watcher struct {
	filter string
	queue  []Entry       // guarded by Memory.mu
	wake   chan struct{} // of capacity 1
}

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{entries: map[string]map[string]Entry{}, watchers: map[string]map[*watcher]struct{}{}}
}

// Get implements Store.
func (m *Memory) Get(ctx context.Context, key string) (Entry, error) {
	if err := ctx.Err(); err != nil {
		return Entry{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.entries[Scope(key)][key]
	if !ok {
		return Entry{}, ErrNotFound
	}
	return e, nil
}

// List implements Store.
func (m *Memory) List(ctx context.Context, filter string) ([]Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.list(filter), nil
}

func (m *Memory) list(filter string) []Entry {
	var found []Entry
	collect := func(of map[string]Entry) {
		for key, e := range of {
			if Match(filter, key) {
				found = append(found, e)
			}
		}
	}
	if scope := Scope(filter); scope != "" {
		collect(m.entries[scope])
	} else {
		for _, of := range m.entries {
			collect(of)
		}
	}
	slices.SortFunc(found, func(a, b Entry) int { return cmp.Compare(a.Revision, b.Revision) })
	return found
}

// Put implements Store.
func (m *Memory) Put(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	return m.set(ctx, Entry{Key: key, Value: bytes.Clone(value)}, revision)
}

// Delete implements Store.
func (m *Memory) Delete(ctx context.Context, key string, revision uint64) (uint64, error) {
	if revision == 0 {
		return 0, ErrConflict
	}
	return m.set(ctx, Entry{Key: key}, revision)
}

func (m *Memory) set(ctx context.Context, e Entry, revision uint64) (uint64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	scope := Scope(e.Key)
	if m.entries[scope][e.Key].Revision != revision {
		return 0, ErrConflict
	}
	m.revision++
	e.Revision = m.revision
	m.keep(scope, e)
	for _, of := range []string{scope, ""} {
		for w := range m.watchers[of] {
			if Match(w.filter, e.Key) {
				w.queue = append(w.queue, e)
				w.signal()
			}
		}
	}
	return e.Revision, nil
}

func (m *Memory) keep(scope string, e Entry) {
	of := m.entries[scope]
	if e.Deleted() {
		delete(of, e.Key)
		if len(of) == 0 {
			delete(m.entries, scope)
		}
		return
	}
	if of == nil {
		of = map[string]Entry{}
		m.entries[scope] = of
	}
	of[e.Key] = e
}

func (w *watcher) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Watch implements Store.
func (m *Memory) Watch(ctx context.Context, filter string, changed func(Entry), loaded func()) error {
	w := &watcher{filter: filter, wake: make(chan struct{}, 1)}
	m.mu.Lock()
	present := m.list(filter)
	scope := Scope(filter)
	if m.watchers[scope] == nil {
		m.watchers[scope] = map[*watcher]struct{}{}
	}
	m.watchers[scope][w] = struct{}{}
	m.mu.Unlock()
	defer m.forget(w)

	for _, e := range present {
		changed(e)
	}
	loaded()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.wake:
		}
		for _, e := range m.take(w) {
			changed(e)
		}
	}
}

func (m *Memory) take(w *watcher) []Entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	queue := w.queue
	w.queue = nil
	return queue
}

func (m *Memory) forget(w *watcher) {
	m.mu.Lock()
	defer m.mu.Unlock()
	scope := Scope(w.filter)
	delete(m.watchers[scope], w)
	if len(m.watchers[scope]) == 0 {
		delete(m.watchers, scope)
	}
}
