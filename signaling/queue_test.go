package signaling

import (
	"sync"
	"testing"
)

func TestQueue(t *testing.T) {
	q := newQueue[int](3)
	for i := range 4 {
		if q.put(i) != (i < 3) {
			t.Errorf("put %d", i)
		}
	}
	for i := range 3 {
		select {
		case <-q.wake:
		default:
			t.Errorf("nothing wakes the reader of %d", i)
		}
		if v, ok := q.take(); v != i || !ok {
			t.Errorf("took %d %v, want %d", v, ok, i)
		}
	}
	if _, ok := q.take(); ok || q.items != nil || !q.put(9) {
		t.Error("an empty queue keeps memory or gives something")
	}
}

// TestQueueLosesNothing: a reader that takes one for each time it is woken gets all, in order.
func TestQueueLosesNothing(t *testing.T) {
	const n = 20_000
	q := newQueue[int](n)
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := range n {
			q.put(i)
		}
	})
	for want := 0; want < n; {
		<-q.wake
		if v, ok := q.take(); ok {
			if v != want {
				t.Fatalf("took %d, want %d", v, want)
			}
			want++
		}
	}
	writer.Wait()
}
