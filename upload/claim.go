package upload

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// claim is one request's hold on an upload. The newest request has the right
// to it: the others are interrupted, whether they hold the upload or wait for it.
type claim struct {
	turn *turn
	over chan struct{} // closed when a newer request came
	conn *http.ResponseController
	idle time.Duration

	mu          sync.Mutex
	interrupted bool
}

// turn is whose turn it is with an upload.
type turn struct {
	held chan struct{} // has an element while somebody holds the upload

	mu     sync.Mutex
	newest *claim
}

func newTurn() *turn { return &turn{held: make(chan struct{}, 1)} }

// take interrupts who holds the upload, waits until that has let go, and holds
// it. It fails when ctx ends or a still newer request comes first.
func (t *turn) take(ctx context.Context, w http.ResponseWriter, idle time.Duration) (*claim, error) {
	c := &claim{turn: t, over: make(chan struct{}), conn: http.NewResponseController(w), idle: idle}
	t.mu.Lock()
	before := t.newest
	t.newest = c
	t.mu.Unlock()
	if before != nil {
		before.interrupt()
	}
	select {
	case t.held <- struct{}{}:
		return c, nil
	case <-c.over:
		return nil, errSuperseded
	case <-ctx.Done():
		c.forget()
		return nil, errSuperseded
	}
}

// interrupt interrupts the newest request, if there is one.
func (t *turn) interrupt() {
	t.mu.Lock()
	c := t.newest
	t.mu.Unlock()
	if c != nil {
		c.interrupt()
	}
}

// try holds the upload if nobody does; release by the function returned.
func (t *turn) try() (release func(), ok bool) {
	select {
	case t.held <- struct{}{}:
		return func() { <-t.held }, true
	default:
		return nil, false
	}
}

// interrupt makes the request's reads of its body end at once.
func (c *claim) interrupt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.interrupted {
		c.interrupted = true
		close(c.over)
		_ = c.conn.SetReadDeadline(time.Unix(1, 0))
	}
}

// alive gives the next read of the body its time; false once the request is
// interrupted.
func (c *claim) alive() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.interrupted {
		_ = c.conn.SetReadDeadline(time.Now().Add(c.idle))
	}
	return !c.interrupted
}

// release lets the upload go. Nothing interrupts the request any more: its
// connection may be another's next.
func (c *claim) release() {
	c.forget()
	<-c.turn.held
}

func (c *claim) forget() {
	c.mu.Lock()
	c.interrupted = true
	c.mu.Unlock()
	c.turn.mu.Lock()
	defer c.turn.mu.Unlock()
	if c.turn.newest == c {
		c.turn.newest = nil
	}
}
