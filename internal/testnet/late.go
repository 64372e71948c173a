package testnet

import (
	"slices"
	"sync"
	"time"
)

// late does things later: those of one instant in the order in which they were
// added, which timers alone don't promise.
type late struct {
	mu  sync.Mutex
	due []dueAt // in order of at
}

type dueAt struct {
	at time.Time
	do func()
}

func (l *late) add(at time.Time, do func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := len(l.due)
	for i > 0 && l.due[i-1].at.After(at) {
		i--
	}
	l.due = slices.Insert(l.due, i, dueAt{at, do})
	time.AfterFunc(time.Until(at), l.first)
}

// first does what is due first. There is a timer for each.
func (l *late) first() {
	l.mu.Lock()
	defer l.mu.Unlock()
	do := l.due[0].do
	l.due = slices.Delete(l.due, 0, 1)
	do()
}
