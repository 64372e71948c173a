package signaling

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/plainjson"
	"github.com/downbeat-sync/downbeat/internal/testnet"
	"github.com/downbeat-sync/downbeat/internal/testsocket"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// world is a server with a real session service and peers that only pretend.
type world struct {
	t      testing.TB
	url    string
	dial   func(ctx context.Context, network, addr string) (net.Conn, error)
	server *Server
	svc    *session.Service
	now    func() clock.SessionTime

	mu    sync.Mutex
	peers map[string]*fakePeer // the latest of each device
}

// onSockets returns a world that listens on this machine.
func onSockets(t testing.TB, sessions session.Config) *world {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	w := newWorld(t, sessions, l)
	w.url, w.dial = "http://"+l.Addr().String(), new(net.Dialer).DialContext
	return w
}

// inBubble runs a test in a world of pipes and fake time.
func inBubble(t *testing.T, sessions session.Config, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := testnet.NewPipes()
		w := newWorld(t, sessions, l)
		w.url, w.dial = "http://127.0.0.1", l.Dial
		test(t, w)
	})
}

func newWorld(t testing.TB, sessions session.Config, l net.Listener) *world {
	t.Helper()
	w := &world{t: t, peers: map[string]*fakePeer{}, now: clock.NewSource(time.Now).Now}
	sessions.Now = w.now
	var err error
	w.svc, err = session.New(sessions)
	must(t, err)
	w.server = New(Config{
		Sessions: w.svc, OpenPeer: w.open, Now: w.now,
	})
	w.serve(l)
	return w
}

// serve serves until the test ends, and joins everything then.
func (w *world) serve(l net.Listener) {
	ctx, stop := context.WithCancel(context.Background())
	httpServer := &http.Server{Handler: w.server}
	var running sync.WaitGroup
	running.Go(func() { _ = w.svc.Run(ctx) })
	running.Go(func() { _ = httpServer.Serve(l) })
	w.t.Cleanup(func() {
		w.server.Close()
		_ = httpServer.Close()
		stop()
		running.Wait()
		w.mu.Lock()
		defer w.mu.Unlock()
		for id, p := range w.peers {
			if !p.HasEnded() {
				w.t.Errorf("the peer of %s was never ended", id)
			}
		}
	})
}

func (w *world) open(deviceID string, line Line) Peer {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := &fakePeer{line: line}
	w.peers[deviceID] = p
	return p
}

func (w *world) peer(deviceID string) *fakePeer {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.peers[deviceID]
}

// state returns a session as JSON; "" when there is none.
func (w *world) state(sessionID string) string {
	w.t.Helper()
	snap, err := w.svc.Snapshot(w.t.Context(), sessionID)
	var e *session.Error
	if errors.As(err, &e) && e.Code == wire.CodeSessionNotFound {
		return ""
	}
	must(w.t, err)
	b, err := plainjson.Marshal(snap)
	must(w.t, err)
	return string(b)
}

// fakePeer is a peer, and what it was opened with.
type fakePeer struct {
	testsocket.Peer
	line Line
}

// connect opens a socket that reads.
func (w *world) connect(t testing.TB) *socket {
	t.Helper()
	c := w.connectSilent(t)
	c.Read()
	return c
}

// connectSilent opens a socket that doesn't read before it is told to.
func (w *world) connectSilent(t testing.TB) *socket {
	t.Helper()
	return testsocket.Dial(t, w.url, w.dial, checkTold)
}

// join joins a session and waits for the answer.
func (w *world) join(t testing.TB, data string) *socket {
	t.Helper()
	return w.connect(t).Join(data)
}

type socket = testsocket.Socket

func message(event, data string, id int) string { return testsocket.Text(event, data, id) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
