package httplimit

import (
	"container/list"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// conn is a connection that is counted.
type conn struct {
	net.Conn
	listener *Listener
	own      *group       // nil: it counts for none
	moved    atomic.Int64 // when bytes were last read or written, ns of Unix time

	// The listener's lock guards what follows.
	stage        stage
	inAll, inOwn *list.Element
	removed      bool
	answered     bool // a request
}

func (c *conn) Read(p []byte) (int, error) { return c.progress(c.Conn.Read(p)) }

func (c *conn) Write(p []byte) (int, error) { return c.progress(c.Conn.Write(p)) }

func (c *conn) progress(n int, err error) (int, error) {
	if n > 0 {
		c.moved.Store(time.Now().UnixNano())
	}
	return n, err
}

// ReadFrom lets the system send files by itself where it can.
func (c *conn) ReadFrom(src io.Reader) (int64, error) {
	to, ok := c.Conn.(io.ReaderFrom)
	if !ok {
		return io.Copy(struct{ io.Writer }{c}, src)
	}
	return inPieces(src, chunkBytes, func(piece io.Reader) (int64, error) {
		n, err := to.ReadFrom(piece)
		_, _ = c.progress(int(n), err)
		return n, err
	})
}

// chunkBytes is how much is sent at once, so that it is seen that something moves.
const chunkBytes = 128 << 10

// CloseWrite lets the server end its side first, so that its last answer is read.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

func (c *conn) Close() error {
	err := c.Conn.Close() // first, so that never more are open than are counted
	c.listener.mu.Lock()
	defer c.listener.mu.Unlock()
	c.listener.remove(c)
	return err
}
