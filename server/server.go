package server

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/api"
	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/utc"
	"github.com/downbeat-sync/downbeat/disks"
	"github.com/downbeat-sync/downbeat/internal/httplimit"
	"github.com/downbeat-sync/downbeat/ntpserver"
	"github.com/downbeat-sync/downbeat/objects"
	"github.com/downbeat-sync/downbeat/peer"
	"github.com/downbeat-sync/downbeat/reference"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
	"github.com/downbeat-sync/downbeat/socketio"
	"github.com/downbeat-sync/downbeat/store/nats"
	"github.com/downbeat-sync/downbeat/web"
)

// Server is one instance: the packages wired together. It is the [http.Handler] of all that
// Downbeat serves. Its methods are safe for concurrent use.
type Server struct {
	cfg       Config
	sockets   *sockets
	limits    connectionLimits
	policy    *access.Policy
	secure    *security
	clock     *clock.Source
	peers     *peer.Server
	devices   *devices
	sessions  *session.Service
	store     *nats.Store // nil: in memory
	observer  *observer
	accepted  atomic.Pointer[httplimit.Listener] // nil before it serves, and where somebody else does
	ntp       *utc.Discipline                    // nil without servers
	ntpServer *ntpserver.Server                  // nil: no NTP clients are answered
	keeper    *reference.Keeper                  // nil where there can't be other instances
	keeping   atomic.Bool                        // keeper runs
	outdated  atomic.Bool                        // a newer version uses the store
	draining  atomic.Bool                        // it is about to end, and finishes what is under way
	kept      *keptClock                         // nil where session time isn't kept with the data
	signal    *signaling.Server
	socketio  *socketio.Server // nil: none
	handler   http.Handler
	bucket    *objects.Bucket // where recordings are instead of in cfg.Data; nil: they aren't
	storage   *storage
	films     *films // nil: none
	lines     *lineLimit
	log       *slog.Logger
	disks     *disks.Disks // nil where there can't be other instances

	mu       sync.Mutex
	stage    stage
	requests int           // that are being answered
	idle     chan struct{} // closed once the Server has ended and none is
}

// stage is how far a Server's life has come.
type stage int

const (
	made stage = iota
	starting
	serving
	ended
)

// ErrRan is returned by Run if it was called before, or Close: a Server runs once.
var ErrRan = errors.New("server: it ran before, or was closed: a Server runs once")

// New makes a Server: it opens the ports, the data directory and the store, for which ctx counts
// until New returns, and starts to serve nothing. It fails with a *[ConfigError] where a setting can't be
// had, and gives back all that it took then; a Listener stays the caller's.
func New(ctx context.Context, cfg Config) (_ *Server, err error) {
	s := &Server{idle: make(chan struct{})}
	if s.cfg, err = cfg.withDefaults(); err != nil {
		return nil, err
	}
	if s.limits, err = s.cfg.connections(); err != nil {
		return nil, err
	}
	s.cfg.Instance = cmp.Or(s.cfg.Instance, uuid.NewString())
	log := s.cfg.Log
	if s.cfg.NATS != "" {
		log = log.With("instance", s.cfg.Instance)
	}
	s.lines = newLineLimit(log)
	s.log = s.lines.calm()
	if s.sockets, err = s.cfg.listen(); err != nil {
		return nil, err
	}
	for _, open := range []func(context.Context) error{s.openStore, s.openClock, s.openAccess, s.openTLS, s.openSessions, s.openNTP, s.openFiles, s.openHTTP} {
		if err := open(ctx); err != nil {
			if cfg.Listener != nil {
				s.sockets.http = nil
			}
			return nil, errors.Join(err, s.release())
		}
	}
	return s, nil
}

// release gives back what New took.
func (s *Server) release() error {
	err := errors.Join(s.secure.drop(), s.kept.close(), closeStore(s.store))
	if s.peers != nil {
		err = errors.Join(err, s.peers.Close())
	}
	_ = s.sockets.close() // peers has closed some of them
	return err
}

// Close gives back what New took, of a Server that isn't to be run. It fails with [ErrRan] after Run.
func (s *Server) Close() error {
	if !s.become(made, ended) {
		return ErrRan
	}
	return s.release()
}

// openSessions makes the sessions, and what measures the clocks of their devices.
func (s *Server) openSessions(context.Context) (err error) {
	cfg := &s.cfg
	s.clock = clock.NewSource(cfg.Now)
	s.observer = &observer{Metrics: s.measure(), log: s.log, limit: s.lines, proxies: cfg.Proxies}
	s.peers, err = peer.NewServer(peer.Config{
		UDP: s.sockets.udp, TCP: s.sockets.tcp, TCPConnections: webRTC(s.limits.all), Advertise: cfg.Advertise, Net: cfg.net, Now: s.clock.Steady, Line: s.clock.Line, Off: s.clock.Uncertainty, Seed: cfg.seed, Log: s.log,
		Packet:  s.fromInstance,
		Observe: s.observer.Exchange,
	})
	if err != nil {
		return err
	}
	s.devices = &devices{server: s.peers, byID: map[string]*peer.Device{}}
	s.clock.OnSteer(s.steered)
	if s.ntp, err = s.discipline(); err != nil {
		return err
	}
	if s.keeper, err = s.newKeeper(); err != nil {
		return err
	}
	s.sessions, err = session.New(session.Config{
		Store: s.watch(storeOf(s.store)), Clocks: s.devices, Now: s.clock.Now, Log: s.log, Observe: s.observer, Instance: cfg.Instance,
		MinLead: cfg.MinLead, MaxLead: cfg.MaxLead, MaxDevices: cfg.MaxDevices, MaxSessions: cfg.MaxSessions, KeepIdle: cfg.SessionIdle,
		Messages: s.messages(),
	})
	s.hearOthers()
	return err
}

// openFiles makes what keeps recordings, here and at other instances, and offers films.
func (s *Server) openFiles(ctx context.Context) (err error) {
	if err = s.openBucket(ctx); err != nil {
		return err
	}
	if err = s.openDisks(); err != nil {
		return err
	}
	if s.storage, err = s.newStorage(); err != nil {
		return err
	}
	s.films, err = openFilms(s.cfg.Media)
	return err
}

func (s *Server) openHTTP(context.Context) error {
	cfg := &s.cfg
	s.signal = signaling.New(signaling.Config{
		Sessions: s.sessions, OpenPeer: s.devices.open, Now: s.clock.Now, Access: s.policy, Observe: s.observer, Refuse: api.Refuse, Log: s.log,
		Elsewhere: cfg.DrainTo, WebSockets: webSockets(s.limits.all), PerAddress: webSockets(s.limits.perAddress),
	})
	s.handler = api.New(api.Config{
		Sessions: s.sessions, WebSocket: s.signal, SocketIO: s.openSocketIO(), Pages: web.Handler(web.Config{}),
		Hosts: append(s.secure.hosts, cfg.Hosts...), URLs: s.URLs, Prefix: cfg.Prefix, SetupURL: s.secure.setup, Time: s.followed, Unready: s.unready, Starting: s.starting, Metrics: s.observer.Handler(), Version: cfg.version(), Log: s.log,
		Observe: s.observer,
		Uploads: s.storage.takesIn(), Files: s.files(), Instances: s.disks, Exports: exports{}, DiskFull: s.storage.full(), Films: s.films.offered(),
		Access: s.policy, Proxies: cfg.Proxies, Origins: cfg.Origins,
	})
	return nil
}

// Sessions are the sessions of this instance, for programs that command or read them without a connection.
func (s *Server) Sessions() *session.Service { return s.sessions }

// Clock is what tells session time. It is the Server's to steer.
func (s *Server) Clock() *clock.Source { return s.clock }

// Device tells how a connected device is measured; ok is false for one that isn't connected here.
func (s *Server) Device(id string) (status peer.Status, ok bool) {
	p := s.devices.get(id)
	if p == nil {
		return peer.Status{}, false
	}
	return p.Status(), true
}

// URLs are those under which devices reach the server, the best first; none where somebody else's mux
// has it and Config doesn't say.
func (s *Server) URLs() []string {
	if at := s.sockets.at(); len(s.cfg.URLs) == 0 && at != nil {
		return s.secure.urls(at)
	}
	return append([]string(nil), s.cfg.URLs...)
}

// RTCAddr is where WebRTC is, over UDP.
func (s *Server) RTCAddr() net.Addr { return s.sockets.udp.LocalAddr() }

// become goes on from one stage to another, and reports whether it was in the first.
func (s *Server) become(from, to stage) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stage != from {
		return false
	}
	s.stage = to
	if to == ended && s.requests == 0 {
		close(s.idle)
	}
	return true
}
