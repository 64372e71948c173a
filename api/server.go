// Package api is the HTTP side of the service: calls that read and command sessions, downloads,
// uploads, films, and what is looked at of every request: whom it is from, under which name and
// path the server was asked for, which pages may ask, and how often an address may. docs/protocol.md
// and openapi.json have the calls.
package api

import (
	"compress/gzip"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/disks"
	"github.com/downbeat-sync/downbeat/internal/httplimit"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
)

// Config sets a Server up. Sessions is required.
type Config struct {
	Sessions  *session.Service
	WebSocket http.Handler      // GET /ws, of those who may connect; nil: 404
	SocketIO  http.Handler      // what lies at /socket.io/, of those who may connect; nil: 404
	Time      func() TimeStatus // what session time follows; nil: the local clock
	Unready   func() string     // why this server should get no new devices; nil or empty: it may
	Starting  func() bool       // whether session time isn't known yet, so that nothing is served; nil: it is
	Pages     http.Handler      // everything that isn't this package's; nil: 404
	Uploads   Uploads           // what lies at /api/uploads; nil: 404 no_storage
	Files     Files             // where recordings are kept; nil: nowhere
	Exports   Exports           // documents of a take; nil: none
	Instances *disks.Disks      // the others on the store, and which of them has which disk; nil: there can't be any
	DiskFull  func() bool       // whether recordings can't be taken in for want of space; nil: never
	Films     Films             // media that the server sends itself; nil: none
	Access    *access.Policy    // who may do what; nil: anybody everything
	Proxies   []netip.Prefix    // whose X-Forwarded-… and Forwarded headers are believed
	Origins   []string          // pages of which other servers may use this one, such as https://app.example
	Hosts     []string          // names beside addresses and local ones
	URLs      func() []string   // where devices reach this server, the best first
	Prefix    string            // path that this server is below, as CleanPrefix has it
	SetupURL  func() string     // where devices that don't trust this server yet begin; nil: nowhere
	Metrics   http.Handler      // GET /metrics; nil: 404
	Observe   Observer          // nil: nobody
	Version   string
	Log       *slog.Logger // nil: silence
}

// Observer is told which calls are refused. Its methods may be called by several goroutines at
// once, and must return at once.
type Observer interface {
	Refused(signaling.Refusal)
}

// Server answers HTTP. It is an [http.Handler]; safe for concurrent use.
type Server struct {
	cfg     Config
	log     *slog.Logger
	handler http.Handler
	access  *access.Policy
	calls   *access.Throttle // of each address
	costly  *access.Throttle // calls of each address that cost more than others
	heavy   heavy            // large answers that are being sent

	compressors chan *gzip.Writer // that are free; nil for one that is yet to be made
}

// New returns a Server that has started nothing.
func New(cfg Config) *Server {
	s := &Server{cfg: cfg, log: cfg.Log, access: cfg.Access}
	if s.access == nil {
		s.access, _ = access.New(access.Config{}) // the open one is always right
	}
	s.calls = access.NewThrottle(callRate, callBurst)
	s.costly = access.NewThrottle(costlyRate, costlyBurst)
	s.heavy.of, s.compressors = map[netip.Prefix]int64{}, newCompressors()
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	for i, h := range s.cfg.Hosts {
		s.cfg.Hosts[i] = strings.ToLower(h)
	}
	s.handler = httplimit.Unread(s.prefixed(s.watched(s.fromInstance(s.checkHost(s.timed(s.routes()))))))
	return s
}

// ServeHTTP answers a request; who asks is worked out here, once.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.handler.ServeHTTP(w, access.WithAsked(r, s.cfg.Proxies))
}

// Refuse answers with an error as the protocol has it; status 0 is that of its code.
func Refuse(w http.ResponseWriter, status int, err error) { writeError(w, status, err) }
