package testnet

import (
	"context"
	"net"
	"sync"
)

// Pipes is a listener whose connections are pipes that Dial makes.
type Pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once

	mu   sync.Mutex
	last net.Conn // the dialling end of the latest connection
}

// NewPipes returns a listener that is ready.
func NewPipes() *Pipes { return &Pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

// Dial connects to the listener; network and address are of no account.
func (l *Pipes) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case l.conns <- there:
		l.mu.Lock()
		defer l.mu.Unlock()
		l.last = here
		return here, nil
	case <-l.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Cut breaks the latest connection.
func (l *Pipes) Cut() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last.Close()
}

// Accept waits for the next Dial.
func (l *Pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close ends the listener; connections stay.
func (l *Pipes) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// Addr is an address that means nothing.
func (l *Pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 80} }
