package signaling

import (
	"bufio"
	"net"
	"net/http"
	"sync"
)

// batchLimit is how many bytes are written together at most, but for the last message's.
const batchLimit = 32 << 10

// helds are buffers of what is held back: few connections are being written to at once.
var helds = sync.Pool{New: func() any { b := make([]byte, 0, 2*batchLimit); return &b }}

// batch is a connection whose writes can be held back, to be one write: of a thousand
// members each hears of every other one, and a write costs more than what is in it.
type batch struct {
	net.Conn

	mu      sync.Mutex
	holding bool
	held    *[]byte // nil when nothing is held back
	large   bool    // something was written past it
}

func (b *batch) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.holding {
		return b.Conn.Write(p)
	}
	if len(p) >= batchLimit { // it is worth a write of its own, and isn't copied
		b.large = true
		if err := b.flush(); err != nil {
			return 0, err
		}
		return b.Conn.Write(p)
	}
	if b.held == nil {
		b.held = helds.Get().(*[]byte)
	}
	*b.held = append(*b.held, p...)
	return len(p), nil
}

func (b *batch) hold() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.holding, b.large = true, false
}

func (b *batch) full() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.large || b.held != nil && len(*b.held) >= batchLimit
}

// release writes what was held back.
func (b *batch) release() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.holding = false
	return b.flush()
}

// flush writes what was held back. The caller holds mu.
func (b *batch) flush() error {
	if b.held == nil {
		return nil
	}
	_, err := b.Conn.Write(*b.held)
	if cap(*b.held) <= 2*batchLimit {
		*b.held = (*b.held)[:0]
		helds.Put(b.held)
	}
	b.held = nil
	return err
}

// batching is a ResponseWriter whose connection can hold writes back.
type batching struct{ http.ResponseWriter }

// Unwrap is for http.ResponseController.
func (w batching) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w batching) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	return &batch{Conn: conn}, rw, nil
}
