package store

import (
	"bytes"
	"context"
	"sync"
)

// Memory is a Store that lives and dies with the process. Its methods fail
// only as the Store interface says, or when their context has ended.
type Memory struct {
	writing sync.Mutex // held between the look at a key and its change
	table   *Table

	mu        sync.Mutex
	listeners map[*listener]bool
}

// listener is one who listens to what others on the store say.
type listener struct {
	name  string
	mu    sync.Mutex // held while heard is called
	heard func(message []byte)
}

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{table: NewTable(), listeners: map[*listener]bool{}} }

// Publish says something to all who Listen under a name now.
func (m *Memory) Publish(name string, message []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for l := range m.listeners {
		if l.name == name {
			go func() {
				l.mu.Lock()
				defer l.mu.Unlock()
				l.heard(message)
			}()
		}
	}
	return nil
}

// Listen has heard called, once at a time, with what is Published under a name, until stop is called.
func (m *Memory) Listen(name string, heard func(message []byte)) (stop func(), err error) {
	l := &listener{name: name, heard: heard}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.listeners[l] = true
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.listeners, l)
	}, nil
}

// Get implements Store.
func (m *Memory) Get(ctx context.Context, key string) (Entry, error) {
	if err := ctx.Err(); err != nil {
		return Entry{}, err
	}
	e, ok := m.table.Get(key)
	if !ok {
		return Entry{}, ErrNotFound
	}
	return e, nil
}

// List implements Store.
func (m *Memory) List(ctx context.Context, filters ...string) ([]Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return m.table.List(filters...), nil
}

// Keys implements Store.
func (m *Memory) Keys(ctx context.Context, filter string) ([]Entry, error) {
	all, err := m.List(ctx, filter)
	for i := range all {
		all[i].Value = []byte{}
	}
	return all, err
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
	m.writing.Lock()
	defer m.writing.Unlock()
	if is, _ := m.table.Get(e.Key); is.Revision != revision {
		return 0, ErrConflict
	}
	e.Revision = m.table.Seen() + 1
	m.table.Apply(e)
	return e.Revision, nil
}

// Watch implements Store. It doesn't fail.
func (m *Memory) Watch(ctx context.Context, filter string, changed func(Entry), loaded func()) error {
	m.table.Watch(ctx, filter, changed, loaded)
	return nil
}
