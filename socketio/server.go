package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/loop"
	"github.com/downbeat-sync/downbeat/internal/engineio"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
	"github.com/downbeat-sync/downbeat/wire"
)

const (
	// maxMessage bounds a message to the server in bytes, its binary parts included.
	maxMessage = 64 << 10
	// connectTime is how long a connection may be in no namespace.
	connectTime = 10 * time.Second
	// pingEvery is how often the round trip is measured.
	pingEvery = 5 * time.Second

	joinEvery = 3 * time.Second
	joinBurst = 20
)

// Config sets a Server up. Sessions, Signaling and Now are required.
type Config struct {
	Sessions  *session.Service
	Signaling *signaling.Server // whose limits and access hold here too, and which carries requests out
	Now       func() clock.SessionTime
	Measure   func(send func(frame []byte) error) *loop.Server // measures the clock of a client that asks for it; nil: none's
	Observe   signaling.Observer                               // nil: nobody
	Refuse    func(w http.ResponseWriter, _ int, _ error)      // answers a connection too many; nil: with its status alone
	Client    http.Handler                                     // of /socket.io/socket.io.js and its like; nil: 404
	Log       *slog.Logger                                     // nil: silence
}

// Server is an [http.Handler] for all below /socket.io/. It serves any page: package api looks at the
// page's origin first. Safe for concurrent use.
type Server struct {
	cfg     Config
	engine  *engineio.Server
	log     *slog.Logger
	ctx     context.Context // ends when the server closes
	cancel  context.CancelFunc
	running sync.WaitGroup

	asides struct {
		sync.Mutex
		over bool
	}
	clocks  sync.Map // the loop.Servers of clients whose clocks are measured
	devices sync.Map // seats that are taken, by device: it is asked by sessions that are locked

	mu      sync.Mutex
	closing bool
	seats   map[string]*seat // by pid: those that are taken, and those that wait for their clients
}

// New returns a Server that has started nothing.
func New(cfg Config) *Server {
	s := &Server{cfg: cfg, log: cfg.Log, seats: map[string]*seat{}}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.cfg.Observe == nil {
		s.cfg.Observe = nobody{}
	}
	if s.cfg.Refuse == nil {
		s.cfg.Refuse = func(w http.ResponseWriter, _ int, _ error) { w.WriteHeader(http.StatusTooManyRequests) }
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.engine = engineio.New(engineio.Config{
		PingEvery: pingEvery, MaxPayload: maxMessage,
		Open: func(socket *engineio.Socket, r *http.Request) engineio.Handler {
			q := r.URL.Query()
			return newConn(socket, &door{s, access.AskedOf(r).Addr, credentials{Key: q.Get("key"), Token: q.Get("token")}}, connectTime)
		},
		Claim:  func(r *http.Request) (func(), error) { return cfg.Signaling.Claim(access.AskedOf(r).Addr) },
		Refuse: func(w http.ResponseWriter, err error) { s.cfg.Refuse(w, 0, err) },
	})
	return s
}

// ServeHTTP serves Engine.IO at /socket.io/, and files below it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/socket.io/" || r.URL.Path == "/socket.io":
		s.engine.ServeHTTP(w, r)
	case s.cfg.Client != nil:
		s.cfg.Client.ServeHTTP(w, r)
	default:
		http.NotFound(w, r)
	}
}

// Close closes every connection and joins all that was started. Clients come back by themselves.
func (s *Server) Close() {
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	s.engine.Close()
	s.mu.Lock()
	away := slices.Collect(maps.Values(s.seats))
	s.mu.Unlock()
	for _, seat := range away {
		s.give(seat)
	}
	s.asides.Lock()
	s.asides.over = true
	s.asides.Unlock()
	s.cancel()
	s.running.Wait()
}

// aside does something that takes a while, apart from whoever asks; nothing once the server closes.
func (s *Server) aside(do func()) {
	s.asides.Lock()
	defer s.asides.Unlock()
	if !s.asides.over {
		s.running.Go(do)
	}
}

// Quality is what is known of the way to a device that is connected here; ok is false for others.
func (s *Server) Quality(deviceID string) (q session.Quality, ok bool) {
	found, ok := s.devices.Load(deviceID)
	if !ok {
		return q, false
	}
	least, spread, _ := found.(*seat).conn.RTT()
	return session.Quality{Estimate: clock.Estimate{Delay: least, Jitter: spread}, Path: "socket.io", NoClock: true}, true
}

// credentials are what a client brings besides its requests, in auth or in its URL's query.
type credentials struct {
	Key    string `json:"key"`
	Token  string `json:"token"`
	PID    string `json:"pid"`    // of a connection before
	Offset string `json:"offset"` // of the last event that it had then
}

// door is what a connection finds: the main namespace.
type door struct {
	server *Server
	addr   netip.Addr
	query  credentials
}

//lint:ignore ST1005 clients are sent it, in the reference server's words
var errNamespace = errors.New("Invalid namespace")

// connect lets a client in, to the seat that it had before if it had one.
func (d *door) connect(c *conn, namespace string, auth json.RawMessage) (space, any, error) {
	if namespace != mainNamespace {
		return nil, nil, errNamespace
	}
	g := &guest{
		server: d.server, conn: c, addr: d.addr, auth: d.query, faults: signaling.NewFaultLimit(),
		joins: rate.NewLimiter(rate.Every(joinEvery), joinBurst), pid: newID(), sid: newID(),
	}
	g.auth.read(auth)
	if g.auth.PID != "" {
		g.comeBack(g.auth.PID, g.auth.Offset)
	}
	return g, struct {
		SID string `json:"sid"`
		PID string `json:"pid"`
	}{g.sid, g.pid}, nil
}

// refusalOf says why a namespace isn't entered.
func refusalOf(err error) refusal {
	var e *session.Error
	if errors.As(err, &e) {
		return refusal{e.Message, &refusalExtra{e.Code, e.Retry}}
	}
	return refusal{err.Error(), nil}
}

var (
	notJoined   = &session.Error{Code: wire.CodeNotJoined, Message: "join a session first: " + wire.JoinSession}
	tooManyJoin = &session.Error{Code: wire.CodeTooManyMessages, Message: "more than one " + wire.JoinSession + " in 3 s", Retry: true}
)

// nobody observes nothing.
type nobody struct{}

func (nobody) Joined(signaling.Visit)                   {}
func (nobody) Left(signaling.Visit, signaling.Farewell) {}
func (nobody) Refused(signaling.Refusal)                {}
