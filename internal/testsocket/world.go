package testsocket

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/downbeat-sync/downbeat/internal/plainjson"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// World is a server under test with the sessions that it serves, as sockets reach it.
type World struct {
	URL      string
	Dial     func(ctx context.Context, network, addr string) (net.Conn, error)
	Sessions *session.Service
	Check    func(testing.TB, Message) // called with each message that comes; nil: nobody
}

// Serve runs the sessions and serves h until the test ends. It calls closing first then, and joins everything.
func (w *World) Serve(t testing.TB, l net.Listener, h http.Handler, closing func()) {
	ctx, stop := context.WithCancel(context.Background())
	httpServer := &http.Server{Handler: h}
	var running sync.WaitGroup
	running.Go(func() { _ = w.Sessions.Run(ctx) })
	running.Go(func() { _ = httpServer.Serve(l) })
	t.Cleanup(func() {
		closing()
		_ = httpServer.Close()
		stop()
		running.Wait()
	})
}

// State returns a session as JSON; "" when there is none.
func (w *World) State(t testing.TB, sessionID string) string {
	t.Helper()
	snap, err := w.Sessions.Snapshot(t.Context(), sessionID)
	var e *session.Error
	if errors.As(err, &e) && e.Code == wire.CodeSessionNotFound {
		return ""
	}
	must(t, err)
	b, err := plainjson.Marshal(snap)
	must(t, err)
	return string(b)
}

// Connect opens a socket that reads.
func (w *World) Connect(t testing.TB) *Socket {
	t.Helper()
	c := w.ConnectSilent(t)
	c.Read()
	return c
}

// ConnectSilent opens a socket that doesn't read before it is told to.
func (w *World) ConnectSilent(t testing.TB) *Socket {
	t.Helper()
	return Dial(t, w.URL, w.Dial, w.Check)
}

// Join joins a session and waits for the answer.
func (w *World) Join(t testing.TB, data string) *Socket {
	t.Helper()
	return w.Connect(t).Join(data)
}
