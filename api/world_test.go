package api

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/plainjson"
	"github.com/downbeat-sync/downbeat/internal/testnet"
	"github.com/downbeat-sync/downbeat/internal/testsocket"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
	"github.com/downbeat-sync/downbeat/wire"
)

// world is a server with a real session service, its WebSocket, and peers that only pretend.
type world struct {
	t      testing.TB
	url    string
	dial   func(ctx context.Context, network, addr string) (net.Conn, error)
	server *Server
	signal *signaling.Server
	svc    *session.Service
	now    func() clock.SessionTime

	mu    sync.Mutex
	peers map[string]*testsocket.Peer // the latest of each device
}

type socket = testsocket.Socket

func message(event, data string, id int) string { return testsocket.Text(event, data, id) }

// onSockets returns a world that listens on this machine.
func onSockets(t testing.TB, sessions session.Config) *world {
	t.Helper()
	return setup{sessions: sessions}.onSockets(t)
}

// setup is what a world is made of.
type setup struct {
	sessions   session.Config
	access     access.Config
	perAddress int // WebSockets; 0: signaling's default
}

func (s setup) onSockets(t testing.TB) *world {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	w := s.on(t, l)
	w.url, w.dial = "http://"+l.Addr().String(), new(net.Dialer).DialContext
	return w
}

// inBubble runs a test in a world of pipes and fake time.
func inBubble(t *testing.T, sessions session.Config, test func(t *testing.T, w *world)) {
	t.Helper()
	setup{sessions: sessions}.inBubble(t, test)
}

func (s setup) inBubble(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := testnet.NewPipes()
		w := s.on(t, l)
		w.url, w.dial = "http://127.0.0.1", l.Dial
		test(t, w)
	})
}

func (s setup) on(t testing.TB, l net.Listener) *world {
	t.Helper()
	w := &world{t: t, now: clock.NewSource(time.Now).Now, peers: map[string]*testsocket.Peer{}}
	s.sessions.Now = w.now
	var err error
	w.svc, err = session.New(s.sessions)
	must(t, err)
	may, err := access.New(s.access)
	must(t, err)
	w.signal = signaling.New(signaling.Config{Sessions: w.svc, OpenPeer: w.open, Now: w.now, Access: may, Refuse: Refuse, PerAddress: s.perAddress})
	w.server = New(Config{
		Sessions: w.svc, WebSocket: w.signal, Access: may, Version: "test",
		Hosts: []string{"Studio.Example"}, URLs: func() []string { return []string{"http://192.168.1.20:8080"} },
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
		w.signal.Close()
		_ = httpServer.Close()
		stop()
		running.Wait()
	})
}

func (w *world) open(deviceID string, _ signaling.Line) signaling.Peer {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := &testsocket.Peer{}
	w.peers[deviceID] = p
	return p
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

func (w *world) peer(deviceID string) *testsocket.Peer {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.peers[deviceID]
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
	return testsocket.Dial(t, w.url, w.dial, nil)
}

// join joins a session and waits for the answer.
func (w *world) join(t testing.TB, data string) *socket {
	t.Helper()
	return w.connect(t).Join(data)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
