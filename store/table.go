package store

import (
	"cmp"
	"context"
	"slices"
	"sync"
)

// Table holds the present entries of a store in memory and tells of changes: what
// implementations of Store are made of. It is safe for concurrent use.
type Table struct {
	mu       sync.Mutex
	seen     uint64                       // the newest revision
	entries  map[string]map[string]Entry  // by scope and key
	watchers map[string]map[*watcher]bool // by scope
	waiting  map[chan struct{}]uint64     // for a revision
}

// watcher queues what one Watch has not yet handed over.
type watcher struct {
	filter string
	queue  []Entry       // guarded by Table.mu
	wake   chan struct{} // of capacity 1
}

// NewTable returns an empty table.
func NewTable() *Table {
	return &Table{
		entries:  map[string]map[string]Entry{},
		watchers: map[string]map[*watcher]bool{},
		waiting:  map[chan struct{}]uint64{},
	}
}

// Apply sets a key to the entry, or deletes it, and tells who watches it. An entry
// that isn't newer than all before it changes nothing; Apply reports whether it is.
func (t *Table) Apply(e Entry) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e.Revision <= t.seen {
		return false
	}
	t.seen = e.Revision
	scope := Scope(e.Key)
	t.keep(scope, e)
	for _, of := range []string{scope, ""} {
		for w := range t.watchers[of] {
			if Match(w.filter, e.Key) {
				w.add(e)
			}
		}
	}
	for met, revision := range t.waiting {
		if revision <= t.seen {
			delete(t.waiting, met)
			close(met)
		}
	}
	return true
}

func (t *Table) keep(scope string, e Entry) {
	of := t.entries[scope]
	if e.Deleted() {
		delete(of, e.Key)
		if len(of) == 0 {
			delete(t.entries, scope)
		}
		return
	}
	if of == nil {
		of = map[string]Entry{}
		t.entries[scope] = of
	}
	of[e.Key] = e
}

func (w *watcher) add(e Entry) {
	w.queue = append(w.queue, e)
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Seen returns the newest revision that was applied, 0 at first.
func (t *Table) Seen() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.seen
}

// Await blocks until a revision has been applied or ctx ends, and reports whether it has.
func (t *Table) Await(ctx context.Context, revision uint64) bool {
	t.mu.Lock()
	if revision <= t.seen {
		t.mu.Unlock()
		return true
	}
	met := make(chan struct{})
	t.waiting[met] = revision
	t.mu.Unlock()
	select {
	case <-met:
		return true
	case <-ctx.Done():
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.waiting, met)
		return false
	}
}

// Get returns the key's present entry, if there is one.
func (t *Table) Get(key string) (e Entry, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e, ok = t.entries[Scope(key)][key]
	return e, ok
}

// List returns the present entries that match any of the filters, by revision.
func (t *Table) List(filters ...string) []Entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.list(filters...)
}

func (t *Table) list(filters ...string) []Entry {
	var found []Entry
	for _, filter := range filters {
		collect := func(of map[string]Entry) {
			for key, e := range of {
				if Match(filter, key) {
					found = append(found, e)
				}
			}
		}
		if scope := Scope(filter); scope != "" {
			collect(t.entries[scope])
			continue
		}
		for _, of := range t.entries {
			collect(of)
		}
	}
	slices.SortFunc(found, func(a, b Entry) int { return cmp.Compare(a.Revision, b.Revision) })
	return found
}

// Watch does what [Store] says of Watch, until ctx ends. No lock is held when changed and
// loaded are called.
func (t *Table) Watch(ctx context.Context, filter string, changed func(Entry), loaded func()) {
	w, present := t.watch(filter)
	defer t.forget(w)
	for _, e := range present {
		changed(e)
	}
	loaded()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		}
		for _, e := range t.take(w) {
			changed(e)
		}
	}
}

// watch begins to queue what matches the filter, and returns what is there.
func (t *Table) watch(filter string) (*watcher, []Entry) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := &watcher{filter: filter, wake: make(chan struct{}, 1)}
	scope := Scope(filter)
	if t.watchers[scope] == nil {
		t.watchers[scope] = map[*watcher]bool{}
	}
	t.watchers[scope][w] = true
	return w, t.list(filter)
}

func (t *Table) take(w *watcher) []Entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	queue := w.queue
	w.queue = nil
	return queue
}

func (t *Table) forget(w *watcher) {
	t.mu.Lock()
	defer t.mu.Unlock()
	scope := Scope(w.filter)
	delete(t.watchers[scope], w)
	if len(t.watchers[scope]) == 0 {
		delete(t.watchers, scope)
	}
}
