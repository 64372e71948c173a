package httplimit

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a server in a bubble, whose connections are pipes from addresses of the test's choice.
type world struct {
	t        *testing.T
	incoming chan net.Conn
	done     chan struct{}
}

// addressed is a pipe's end that has an address.
type addressed struct {
	net.Conn
	from net.Addr
}

func (a addressed) RemoteAddr() net.Addr { return a.from }

func (w *world) Accept() (net.Conn, error) {
	select {
	case c := <-w.incoming:
		return c, nil
	case <-w.done:
		return nil, net.ErrClosed
	}
}

func (w *world) Close() error   { return nil }
func (w *world) Addr() net.Addr { return &net.TCPAddr{} }

// inBubble runs a test with a server of handler.
func inBubble(t *testing.T, cfg Config, handler http.Handler, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, incoming: make(chan net.Conn), done: make(chan struct{})}
		limited := Listen(w, cfg)
		server := NewServer(Unread(handler), limited)
		served := make(chan struct{})
		go func() { defer close(served); _ = server.Serve(limited) }()
		test(w)
		close(w.done)
		_ = server.Close()
		<-served
		synctest.Wait()
	})
}

// client is the other end of a connection.
type client struct {
	net.Conn
	w    *world
	read *bufio.Reader
}

func (w *world) dial(from string) *client {
	w.t.Helper()
	here, there := net.Pipe()
	w.incoming <- addressed{there, net.TCPAddrFromAddrPort(netip.MustParseAddrPort(from))}
	synctest.Wait()
	return &client{Conn: here, w: w, read: bufio.NewReader(here)}
}

// send writes what the server reads of a text.
func (c *client) send(text string) *client {
	go func() { _, _ = io.WriteString(c.Conn, text) }()
	synctest.Wait()
	return c
}

// answer returns the status of the next answer, 0 when the connection ends without, and the rest of it.
func (c *client) answer() (status int, body string) {
	r, err := http.ReadResponse(c.read, nil)
	if err != nil {
		return 0, ""
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, string(b)
	}
	return r.StatusCode, string(b)
}

// ends waits for the connection to be closed, and tells how long that takes.
func (c *client) ends() time.Duration {
	began := time.Now()
	_, _ = io.Copy(io.Discard, c.read)
	return time.Since(began)
}

// isOpen reports whether the server still has the connection.
func (c *client) isOpen() bool {
	_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := c.read.Peek(1)
	_ = c.SetReadDeadline(time.Time{})
	return err == nil || os.IsTimeout(err) || strings.Contains(err.Error(), "timeout")
}

func get(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n" }
