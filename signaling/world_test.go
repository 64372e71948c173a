package signaling

import (
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/testnet"
	"github.com/downbeat-sync/downbeat/internal/testsocket"
	"github.com/downbeat-sync/downbeat/session"
)

// world is a server with a real session service and peers that only pretend.
type world struct {
	testsocket.World
	t      testing.TB
	server *Server
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
	w.URL, w.Dial = "http://"+l.Addr().String(), new(net.Dialer).DialContext
	return w
}

// inBubble runs a test in a world of pipes and fake time.
func inBubble(t *testing.T, sessions session.Config, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := testnet.NewPipes()
		w := newWorld(t, sessions, l)
		w.URL, w.Dial = "http://127.0.0.1", l.Dial
		test(t, w)
	})
}

func newWorld(t testing.TB, sessions session.Config, l net.Listener) *world {
	t.Helper()
	w := &world{t: t, peers: map[string]*fakePeer{}, now: clock.NewSource(time.Now).Now}
	w.Check = checkTold
	sessions.Now = w.now
	var err error
	w.Sessions, err = session.New(sessions)
	must(t, err)
	w.server = New(Config{
		Sessions: w.Sessions, OpenPeer: w.open, Now: w.now,
	})
	t.Cleanup(func() { // once the server has ended
		w.mu.Lock()
		defer w.mu.Unlock()
		for id, p := range w.peers {
			if !p.HasEnded() {
				t.Errorf("the peer of %s was never ended", id)
			}
		}
	})
	w.Serve(t, l, w.server, w.server.Close)
	return w
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

// fakePeer is a peer, and what it was opened with.
type fakePeer struct {
	testsocket.Peer
	line Line
}

type socket = testsocket.Socket

func message(event, data string, id int) string { return testsocket.Text(event, data, id) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
