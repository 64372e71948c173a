package signaling

import "sync"

// queue holds what waits for one reader, first in first out. Empty, as it usually is, it takes
// next to no memory: of a thousand devices each has two. Its methods are safe for concurrent use.
type queue[T any] struct {
	wake chan struct{} // has an element while something waits

	mu    sync.Mutex
	items []T
	limit int
}

func newQueue[T any](limit int) *queue[T] {
	return &queue[T]{wake: make(chan struct{}, 1), limit: limit}
}

// put adds v at the end; false when as many wait as may.
func (q *queue[T]) put(v T) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) >= q.limit {
		return false
	}
	q.items = append(q.items, v)
	q.signal()
	return true
}

// take removes the first; false when nothing waits.
func (q *queue[T]) take() (v T, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) == 0 {
		return v, false
	}
	v = q.items[0]
	var none T
	q.items[0] = none // for the garbage collector
	if q.items = q.items[1:]; len(q.items) == 0 {
		q.items = nil
	}
	q.signal()
	return v, true
}

// len returns how many wait.
func (q *queue[T]) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items)
}

// signal wakes the reader if something waits. The caller holds mu.
func (q *queue[T]) signal() {
	if len(q.items) == 0 {
		return
	}
	select {
	case q.wake <- struct{}{}:
	default:
	}
}
