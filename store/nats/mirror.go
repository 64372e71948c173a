package nats

import (
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/store"
)

// mirror is what this instance has read of the stream.
type mirror struct {
	*store.Table
	loaded chan struct{} // closed once all that was there at first is here

	mu      sync.Mutex
	written map[string]time.Time // by key: when, by the NATS server's clock
}

func newMirror() *mirror {
	return &mirror{Table: store.NewTable(), loaded: make(chan struct{}), written: map[string]time.Time{}}
}

// apply takes an entry in and passes it on to who watches it. It is called by one goroutine at a time.
func (m *mirror) apply(e store.Entry, written time.Time) {
	if !m.Apply(e) {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if e.Deleted() {
		delete(m.written, e.Key)
	} else {
		m.written[e.Key] = written
	}
}

// olderThan returns what was written before an instant.
func (m *mirror) olderThan(t time.Time) []store.Entry {
	var old []store.Entry
	all := m.List(">")
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range all {
		if at, ok := m.written[e.Key]; ok && at.Before(t) {
			old = append(old, e)
		}
	}
	return old
}
