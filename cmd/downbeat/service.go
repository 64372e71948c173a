package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/pion/transport/v5"
	"golang.org/x/sync/errgroup"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/api"
	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/utc"
	"github.com/downbeat-sync/downbeat/internal/httplimit"
	"github.com/downbeat-sync/downbeat/peer"
	"github.com/downbeat-sync/downbeat/reference"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
	"github.com/downbeat-sync/downbeat/store/nats"
	"github.com/downbeat-sync/downbeat/web"
)

// serviceConfig is what one instance is made of.
type serviceConfig struct {
	udp              net.PacketConn
	tcp              net.Listener  // may be nil
	net              transport.Net // nil: the machine's
	advertise, hosts []string
	urls             func() []string
	prefix           string        // path that the server is below, as api.CleanPrefix has it
	setupURL         func() string // of the page for devices that don't trust the server yet; nil: there is none
	minLead, maxLead time.Duration
	maxDevices       int
	store            *nats.Store    // nil: in memory; the service closes it
	keepIdle         time.Duration  // how long a session without activity is kept; 0: the default
	ntp              []string       // servers; none: session time follows the local clock
	data             string         // where recordings are kept; empty: nowhere
	media            string         // directory of films; empty: none
	uploadMax        int64          // bytes of one recording; 0: upload's default
	diskReserve      int64          // bytes that stay free; 0: upload's default, negative: none
	forgetFiles      bool           // of sessions that are removed
	access           *access.Policy // nil: open
	proxies          []netip.Prefix
	origins          []string
	wrap             func(http.Handler) http.Handler // around everything; nil: nothing
	connections      connectionLimits
	encrypt          func(net.Listener) net.Listener // nil: connections aren't encrypted
	seed             func() uint64                   // of the pings' jitter; nil: unpredictable
	now              func() time.Time                // the machine's clock; nil: time.Now
	instance         string                          // names this process among those that share a store; empty: a random name
	log              *slog.Logger
	lines            *lineLimit // that log goes through already; nil: it doesn't yet
}

// service is one instance: the packages wired together.
type service struct {
	clock    *clock.Source
	peers    *peer.Server
	devices  *devices
	sessions *session.Service
	store    *nats.Store // nil: in memory
	observer *observer
	accepted atomic.Pointer[httplimit.Listener] // nil before it serves
	ntp      *utc.Discipline                    // nil without servers
	keeper   *reference.Keeper                  // nil where there can't be other instances
	keeping  atomic.Bool                        // keeper runs
	signal   *signaling.Server
	storage  *storage
	films    *films // nil: none
	handler  http.Handler
	limits   httplimit.Config
	encrypt  func(net.Listener) net.Listener // nil: connections aren't encrypted
	log      *slog.Logger
}

func newService(cfg serviceConfig) (*service, error) {
	if cfg.lines == nil {
		cfg.lines = newLineLimit(cfg.log)
		cfg.log = cfg.lines.calm()
	}
	if cfg.now == nil {
		cfg.now = time.Now
	}
	if cfg.instance == "" {
		cfg.instance = uuid.NewString()
	}
	s := &service{
		clock: clock.NewSource(cfg.now), store: cfg.store, log: cfg.log,
		limits: cfg.connections.listener(cfg.proxies, cfg.log), encrypt: cfg.encrypt,
	}
	var err error
	s.observer = &observer{
		Metrics: s.measure(len(cfg.ntp) > 0, cfg.data != ""), log: cfg.log, limit: cfg.lines, proxies: cfg.proxies,
	}
	s.peers, err = peer.NewServer(peer.Config{
		UDP: cfg.udp, TCP: cfg.tcp, TCPConnections: webRTC(cfg.connections.all), Advertise: cfg.advertise, Net: cfg.net, Now: s.clock.Steady, Line: s.clock.Line, Off: s.clock.Uncertainty, Seed: cfg.seed, Log: cfg.log,
		Packet:  s.fromInstance(cfg),
		Observe: s.observer.Exchange,
	})
	if err != nil {
		return nil, err
	}
	s.devices = &devices{server: s.peers, byID: map[string]*peer.Device{}}
	s.clock.OnSteer(s.devices.steered)
	if s.ntp, err = s.discipline(cfg); err != nil {
		return nil, errors.Join(err, s.peers.Close())
	}
	if s.keeper, err = s.newKeeper(cfg); err != nil {
		return nil, errors.Join(err, s.peers.Close())
	}
	s.sessions, err = session.New(session.Config{
		Store: s.watch(storeOf(cfg.store)), Clocks: s.devices, Now: s.clock.Now, Log: cfg.log, Observe: s.observer, Instance: cfg.instance,
		MinLead: cfg.minLead, MaxLead: cfg.maxLead, MaxDevices: cfg.maxDevices, KeepIdle: cfg.keepIdle,
	})
	if err != nil {
		return nil, errors.Join(err, s.peers.Close())
	}
	if s.storage, err = s.newStorage(cfg); err != nil {
		return nil, errors.Join(err, s.peers.Close())
	}
	if s.films, err = openFilms(cfg.media); err != nil {
		return nil, errors.Join(err, s.peers.Close())
	}
	s.signal = signaling.New(signaling.Config{
		Sessions: s.sessions, OpenPeer: s.devices.open, Now: s.clock.Now, Access: cfg.access, Observe: s.observer, Refuse: api.Refuse, Log: cfg.log,
		WebSockets: webSockets(cfg.connections.all), PerAddress: webSockets(cfg.connections.perAddress),
	})
	s.handler = api.New(api.Config{
		Sessions: s.sessions, WebSocket: s.signal, Pages: web.Handler(web.Config{}),
		Hosts: cfg.hosts, URLs: cfg.urls, Prefix: cfg.prefix, SetupURL: cfg.setupURL, Time: s.followed, Unready: s.unready, Starting: s.starting, Metrics: s.observer.Handler(), Version: thisBuild().Version, Log: cfg.log,
		Observe: s.observer,
		Uploads: s.storage.takesIn(), Files: s.storage.files(), Exports: exports{}, DiskFull: s.storage.full(), Films: s.films.offered(),
		Access: cfg.access, Proxies: cfg.proxies, Origins: cfg.origins,
	})
	if cfg.wrap != nil {
		s.handler = cfg.wrap(s.handler)
	}
	return s, nil
}

// run serves HTTP on l until ctx ends; it closes all that the service has.
func (s *service) run(ctx context.Context, l net.Listener) error {
	limited := httplimit.Listen(l, s.limits)
	s.accepted.Store(limited)
	defer s.observer.limit.close()
	server := httplimit.NewServer(s.handler, limited)
	server.ErrorLog = slog.NewLogLogger(s.log.With(libraryKey, "http").Handler(), slog.LevelDebug)
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	group, base := errgroup.WithContext(base)
	s.runStore(base, group)
	group.Go(func() error { return s.sessions.Run(base) })
	if s.ntp != nil {
		group.Go(func() error { s.ntp.Run(base); return nil })
	}
	s.awaitNTP(ctx)
	s.runKeeper(base, group)
	group.Go(func() error { return s.storage.run(base, s.sessions, s.log) })
	s.log.Info("server_ready", "addr", l.Addr().String())
	served := make(chan error, 1)
	go func() { served <- server.Serve(s.encrypted(limited)) }()
	var failed error
	select {
	case failed = <-served:
	case <-base.Done(): // the store can't be gone on with
	case <-ctx.Done():
	}
	s.log.Info("server_stopping", "devices", s.signal.WebSockets())
	s.signal.Close()
	s.storage.close()
	err := errors.Join(failed, shutdown(server))
	cancel()
	return errors.Join(err, group.Wait(), closeStore(s.store), s.peers.Close())
}

// encrypted returns the listener whose connections are encrypted, where they are to be.
func (s *service) encrypted(l net.Listener) net.Listener {
	if s.encrypt == nil {
		return l
	}
	return s.encrypt(l)
}

func shutdown(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return server.Close()
	}
	return nil
}
