package signaling

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// Peer is the WebRTC side of one device, as signaling needs it.
type Peer interface {
	// Run measures the device until ctx ends, and joins all that it started.
	Run(ctx context.Context)
	// Close ends a Peer that is never run.
	Close()
	// Accept answers an SDP offer.
	Accept(ctx context.Context, offer string) (answer string, err error)
	AddCandidate(candidate string) error
	// HandleFrame takes a clock frame that came over the WebSocket at t4.
	HandleFrame(frame []byte, t4 clock.SessionTime) error
	// SendControl sends a message over the control channel; it never blocks.
	SendControl(message []byte) error
	Resync()
}

// Line is what a Peer needs of its connection: a way to send clock frames, and
// somebody to take the control channel's messages and, if the device asked for
// them, its exchanges.
type Line struct {
	SendFrame  func(frame []byte) error
	OnControl  func(message []byte)
	OnExchange func(path string, x clock.Exchange) // nil: not asked for
}

// Config sets a Server up. Sessions, OpenPeer and Now are required.
type Config struct {
	Sessions *session.Service
	// OpenPeer makes the Peer of a device that is about to join; it is run once
	// the device has, and closed if it doesn't.
	OpenPeer func(deviceID string, line Line) Peer
	Now      func() clock.SessionTime
	Access   *access.Policy // who may join as what; nil: anybody everything
	Observe  Observer       // nil: nobody
	// Refuse answers a request that becomes no WebSocket with an error; a status of 0 is that of
	// its code. nil: in plain text.
	Refuse func(w http.ResponseWriter, status int, err error)

	// Elsewhere is the URL of another instance, to which devices are sent when the server closes; empty: they
	// come back to this one's address.
	Elsewhere string

	WebSockets int          // open at once; 0: no limit
	PerAddress int          // of them from one address; 0: 1200
	Log        *slog.Logger // nil: silence
}

// Server is the WebSocket side of the service: an [http.Handler] for requests that become
// WebSockets. It takes them from any page: package api, which has it at /ws, looks at the page's
// origin first, and leaves word of the client's address ([access.WithAsked]). Safe for concurrent use.
type Server struct {
	cfg      Config
	log      *slog.Logger
	upgrader websocket.Upgrader
	observe  Observer
	access   *access.Policy

	ctx    context.Context // ends when the server closes
	cancel context.CancelFunc
	links  sync.WaitGroup

	perAddress int // connections

	mu      sync.Mutex
	open    map[*conn]bool
	count   map[netip.Prefix]int // of connections, by the network that counts as one address
	claimed int                  // connections in all
	closing bool
}

// New returns a Server that has started nothing.
func New(cfg Config) *Server {
	s := &Server{
		cfg: cfg, log: cfg.Log, observe: cfg.Observe, access: cfg.Access, perAddress: cmp.Or(cfg.PerAddress, maxConnections),
		open: map[*conn]bool{}, count: map[netip.Prefix]int{},
	}
	if s.access == nil {
		s.access, _ = access.New(access.Config{}) // the open one is always right
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.observe == nil {
		s.observe = nobody{}
	}
	if s.cfg.Refuse == nil {
		s.cfg.Refuse = refuseInText
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.upgrader = websocket.Upgrader{
		CheckOrigin: func(*http.Request) bool { return true }, HandshakeTimeout: joinTimeout,
		ReadBufferSize: 4096, WriteBufferSize: 4096, WriteBufferPool: &sync.Pool{},
		Error: func(w http.ResponseWriter, _ *http.Request, status int, _ error) {
			s.cfg.Refuse(w, status, notWebSocket)
		},
	}
	return s
}

var notWebSocket = &session.Error{Code: wire.CodeNotWebsocket, Message: "this address is for WebSockets of version 13 alone"}

func refuseInText(w http.ResponseWriter, status int, err error) {
	var e *session.Error
	if status == 0 && errors.As(err, &e) {
		status = wire.StatusOf(e.Code)
	}
	http.Error(w, err.Error(), cmp.Or(status, http.StatusInternalServerError))
}

// Drain refuses new connections from now on: this instance is about to go away.
func (s *Server) Drain() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing = true
}

// Close tells every connection that this instance goes away, closes them and
// waits for them to end. New ones are refused. Where they are many they go one after the other: they
// arrive elsewhere all together otherwise.
func (s *Server) Close() {
	bye, _ := encode(wire.Goodbye, Goodbye{Reason: "shutdown", RetryAfterMs: 1000, URL: s.cfg.Elsewhere}, 0)
	s.Drain()
	s.mu.Lock()
	all := slices.Collect(maps.Keys(s.open))
	s.mu.Unlock()
	gap := min(closeGap, closeSpread/time.Duration(max(len(all), 1)))
	for i, c := range all {
		if i > closeAtOnce {
			time.Sleep(gap)
		}
		c.send(session.Whole(bye))
		c.close(websocket.CloseGoingAway, "shutdown")
	}
	s.links.Wait()
	s.cancel()
}

const (
	closeAtOnce = 50                   // connections may come back together
	closeGap    = 4 * time.Millisecond // between two of more
	closeSpread = 2 * time.Second      // in which all are told
)

// Goodbye is what an instance says that goes away.
type Goodbye struct {
	Reason       string `json:"reason"`
	RetryAfterMs int    `json:"retryAfterMs"`  // when to come back
	URL          string `json:"url,omitempty"` // another instance, to go to instead
}

// ServeHTTP runs one connection; its goroutine is the connection's reader.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	addr := access.AskedOf(r).Addr
	if s.isClosing() {
		s.cfg.Refuse(w, 0, goingAway)
		return
	}
	if !s.claim(addr) {
		s.cfg.Refuse(w, 0, tooManyConnections)
		return
	}
	defer s.unclaim(addr)
	ws, err := s.upgrader.Upgrade(batching{w}, r, nil)
	if err != nil {
		s.log.Debug("websocket refused", "from", r.RemoteAddr, "err", err)
		return
	}
	c := newConn(ws, maxMessage)
	c.word = s.stillHere
	if !s.admit(c) {
		_ = ws.Close()
		return
	}
	defer s.dismiss(c)
	written := make(chan struct{})
	go func() { defer close(written); c.writeLoop() }()
	c.alive(joinTimeout)
	(&link{server: s, conn: c, addr: addr}).run()
	c.close(websocket.CloseNormalClosure, "")
	<-written
}

// stillHere is what a client hears while its request takes long: pages don't see pings.
func (s *Server) stillHere() []byte {
	b, _ := encode(wire.HeartbeatAck, HeartbeatAck{s.cfg.Now()}, 0)
	return b
}

// goingAway refuses who comes while the server is drained.
var goingAway = &session.Error{Code: wire.CodeUnavailable, Message: "this instance goes away", Retry: true}

func (s *Server) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

func (s *Server) admit(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	s.open[c] = true
	s.links.Add(1)
	return true
}

func (s *Server) dismiss(c *conn) {
	s.mu.Lock()
	delete(s.open, c)
	s.mu.Unlock()
	s.links.Done()
}

// requestTimeout bounds what one request may take of the store.
const requestTimeout = 10 * time.Second
