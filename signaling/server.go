package signaling

import (
	"cmp"
	"compress/gzip"
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/httplimit"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// Peer is the WebRTC side of one device, as signaling needs it.
type Peer interface {
	// Run measures the device until ctx ends, and joins all that it started.
	Run(ctx context.Context)
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
	// the device has, and with a context that has ended if it hasn't.
	OpenPeer func(deviceID string, line Line) Peer
	Now      func() clock.SessionTime
	Time     func() TimeStatus // what session time follows; nil: the local clock
	Unready  func() string     // why this server should get no new devices; nil or empty: it may
	Starting func() bool       // whether session time isn't known yet, so that nothing is served; nil: it is
	Pages    http.Handler      // everything that isn't this package's; nil: 404
	Uploads  Uploads           // what lies at /api/uploads; nil: 404 no_storage
	Files    Files             // where recordings are kept; nil: nowhere
	Exports  Exports           // documents of a take; nil: none
	DiskFull func() bool       // whether recordings can't be taken in for want of space; nil: never
	Films    Films             // media that the server sends itself; nil: none
	Access   *access.Policy    // who may do what; nil: anybody everything
	Proxies  []netip.Prefix    // whose X-Forwarded-… and Forwarded headers are believed
	Origins  []string          // pages of which other servers may use this one, such as https://app.example
	Hosts    []string          // names beside addresses and local ones
	URLs     func() []string   // where devices reach this server, the best first
	Prefix   string            // path that this server is below, as CleanPrefix has it
	SetupURL func() string     // where devices that don't trust this server yet begin; nil: nowhere
	Metrics  http.Handler      // GET /metrics; nil: 404
	Observe  Observer          // nil: nobody
	Version  string

	WebSockets int          // open at once; 0: no limit
	PerAddress int          // of them from one address; 0: 1200
	Log        *slog.Logger // nil: silence
}

// Server is the HTTP and WebSocket side of the service. It is an
// [http.Handler]; safe for concurrent use.
type Server struct {
	cfg      Config
	log      *slog.Logger
	handler  http.Handler
	upgrader websocket.Upgrader
	observe  Observer
	access   *access.Policy
	calls    *access.Throttle // of each address
	costly   *access.Throttle // calls of each address that cost more than others
	failures *access.Throttle // wrong keys and tokens of each address
	heavy    heavy            // large answers that are being sent

	compressors chan *gzip.Writer // that are free; nil for one that is yet to be made

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
	s := &Server{cfg: cfg, log: cfg.Log, observe: cfg.Observe, open: map[*conn]bool{}, count: map[netip.Prefix]int{}, perAddress: cmp.Or(cfg.PerAddress, maxConnections), access: cfg.Access}
	if s.access == nil {
		s.access, _ = access.New(access.Config{}) // the open one is always right
	}
	s.calls = access.NewThrottle(callRate, callBurst)
	s.costly = access.NewThrottle(costlyRate, costlyBurst)
	s.failures = access.NewThrottle(failureRate, failureBurst)
	s.heavy.of, s.compressors = map[netip.Prefix]int64{}, newCompressors()
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.observe == nil {
		s.observe = nobody{}
	}
	for i, h := range s.cfg.Hosts {
		s.cfg.Hosts[i] = strings.ToLower(h)
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.upgrader = websocket.Upgrader{
		CheckOrigin: s.originAllowed, HandshakeTimeout: joinTimeout,
		ReadBufferSize: 4096, WriteBufferSize: 4096,
		Error: func(w http.ResponseWriter, _ *http.Request, status int, _ error) {
			writeError(w, status, &httpError{wire.CodeNotWebsocket, "this address is for WebSockets of version 13 alone"})
		},
	}
	s.handler = httplimit.Unread(s.prefixed(s.watched(s.checkHost(s.timed(s.routes())))))
	return s
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Close tells every connection that this instance goes away, closes them and
// waits for them to end. New ones are refused.
func (s *Server) Close() {
	bye, _ := encode(wire.Goodbye, goodbye{Reason: "shutdown", RetryAfterMs: 1000}, 0)
	s.mu.Lock()
	s.closing = true
	for c := range s.open {
		c.send(session.Whole(bye))
		c.close(websocket.CloseGoingAway, "shutdown")
	}
	s.mu.Unlock()
	s.links.Wait()
	s.cancel()
}

type goodbye struct {
	Reason       string `json:"reason"`
	RetryAfterMs int    `json:"retryAfterMs"`
}

// serveWebSocket runs one connection; its goroutine is the connection's reader.
func (s *Server) serveWebSocket(w http.ResponseWriter, r *http.Request) {
	if !s.originAllowed(r) {
		writeError(w, http.StatusForbidden, badOrigin(r))
		return
	}
	addr := access.Address(r, s.cfg.Proxies)
	if !s.claim(addr) {
		writeError(w, 0, tooManyConnections)
		return
	}
	defer s.unclaim(addr)
	ws, err := s.upgrader.Upgrade(batching{w}, r, nil)
	if err != nil {
		s.log.Debug("websocket refused", "from", r.RemoteAddr, "err", err)
		return
	}
	c := newConn(ws, maxMessage)
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
