package api

import (
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/testnet"
	"github.com/downbeat-sync/downbeat/internal/testsocket"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
)

// world is a server with a real session service, its WebSocket, and peers that only pretend.
type world struct {
	testsocket.World
	t      testing.TB
	server *Server
	signal *signaling.Server
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
	w.URL, w.Dial = "http://"+l.Addr().String(), new(net.Dialer).DialContext
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
		w.URL, w.Dial = "http://127.0.0.1", l.Dial
		test(t, w)
	})
}

func (s setup) on(t testing.TB, l net.Listener) *world {
	t.Helper()
	w := &world{t: t, now: clock.NewSource(time.Now).Now, peers: map[string]*testsocket.Peer{}}
	s.sessions.Now = w.now
	var err error
	w.Sessions, err = session.New(s.sessions)
	must(t, err)
	may, err := access.New(s.access)
	must(t, err)
	w.signal = signaling.New(signaling.Config{Sessions: w.Sessions, OpenPeer: w.open, Now: w.now, Access: may, Refuse: Refuse, PerAddress: s.perAddress})
	w.server = New(Config{
		Sessions: w.Sessions, WebSocket: w.signal, Access: may, Version: "test",
		Hosts: []string{"Studio.Example"}, URLs: func() []string { return []string{"http://192.168.1.20:8080"} },
	})
	w.Serve(t, l, w.server, w.signal.Close)
	return w
}

func (w *world) open(deviceID string, _ signaling.Line) signaling.Peer {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := &testsocket.Peer{}
	w.peers[deviceID] = p
	return p
}

func (w *world) peer(deviceID string) *testsocket.Peer {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.peers[deviceID]
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
