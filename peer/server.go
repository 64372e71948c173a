package peer

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/stun/v4"
	"github.com/pion/transport/v5"
	"github.com/pion/webrtc/v4"

	"github.com/downbeat-sync/downbeat/clock"
)

const (
	socketBuffer  = 4 << 20 // bytes; a burst of pongs overran the default
	tcpWriteQueue = 256 << 10

	// A connection on which nothing has come for disconnectedAfter isn't used any more: two checks of a
	// device's, and the clock's packets between them, were lost. One that stays silent for failedAfter from
	// then on is given up.
	disconnectedAfter = 8 * time.Second
	failedAfter       = 25 * time.Second
	// checkEvery is how often a Go device checks its connection. pion's 2 s are a third of all packets
	// of a device at rest.
	checkEvery = 4 * time.Second
)

// Config sets a Server up. UDP and Now are required.
type Config struct {
	UDP            net.PacketConn // carries all devices; owned by the Server from now on
	TCP            net.Listener   // optional, for devices whose UDP is blocked; owned too
	TCPConnections int            // over TCP that may be open at once; 0: 1024
	Advertise      []string       // further IP addresses to offer as host candidates
	Net            transport.Net  // nil: the machine's own network
	// Now is the steady clock that devices are measured against; safe for concurrent use.
	Now func() clock.SessionTime
	// Line returns session time as a straight line over Now, valid around the given reading. It
	// turns what is measured by Now into session time. nil: Now is session time itself. Call the
	// Devices' Kick when the line changes unexpectedly.
	Line func(steady clock.SessionTime) clock.Line
	// Off returns by how much session time itself may be wrong at a reading of Now; the bounds of
	// every map include it. nil: not at all.
	Off func(steady clock.SessionTime) clock.Uncertainty
	// Packet sees each UDP packet first, as soon as it is read, and reports whether it has
	// consumed it. It must neither block nor keep the bytes. nil: all packets are WebRTC's.
	Packet   func(b []byte, from netip.AddrPort) bool
	Holdover func() bool // is session time in holdover? nil: never
	// Observe is called for each exchange with the reason why it wasn't used, or "" if it was. It
	// is called with a lock held and must return at once. May be nil.
	Observe func(clock.Reason)
	Log     *slog.Logger  // nil: silence
	Seed    func() uint64 // of the jitter of each path's pings; nil: unpredictable
	// OfferTimeout bounds the gathering of an answer's candidates. 0: 5 s.
	OfferTimeout time.Duration
}

// Server holds what all devices of one instance share: the sockets, the
// certificate, the settings. Safe for concurrent use.
type Server struct {
	cfg  Config
	api  *webrtc.API
	cert webrtc.Certificate
	udp  ice.UDPMux
	tcp  ice.TCPMux // nil without TCP

	filter *filter
	epoch  uint16 // that the maps of its devices begin after: another server's are others
}

// NewServer takes ownership of cfg's sockets, even if it fails. Close every Device (end its
// Run) before the Server.
func NewServer(cfg Config) (*Server, error) {
	s, err := newServer(cfg)
	if err != nil {
		return nil, errors.Join(err, closeSockets(cfg))
	}
	return s, nil
}

func newServer(cfg Config) (*Server, error) {
	if cfg.UDP == nil || cfg.Now == nil {
		return nil, errors.New("peer: Config needs UDP and Now")
	}
	if cfg.OfferTimeout == 0 {
		cfg.OfferTimeout = 5 * time.Second
	}
	if cfg.TCPConnections == 0 {
		cfg.TCPConnections = defaultTCP
	}
	if cfg.Holdover == nil {
		cfg.Holdover = func() bool { return false }
	}
	if cfg.Line == nil {
		cfg.Line = unsteered
	}
	if cfg.Off == nil {
		cfg.Off = exact
	}
	if cfg.Observe == nil {
		cfg.Observe = func(clock.Reason) {}
	}
	if cfg.Net == nil {
		own, err := newNetwork()
		if err != nil {
			return nil, fmt.Errorf("peer: listing the machine's interfaces: %w", err)
		}
		cfg.Net = own
	}
	cfg.Log = limitLog(orDiscard(cfg.Log))
	engine := settings(cfg.Net, cfg.Log)
	if err := serverSettings(&engine, cfg); err != nil {
		return nil, err
	}
	cert, err := newCertificate()
	if err != nil {
		return nil, err
	}
	if cfg.Seed == nil {
		cfg.Seed = nonce
	}
	s := &Server{cfg: cfg, cert: cert, filter: newFilter()}
	s.filter.others, s.epoch = cfg.Packet, uint16(nonce())
	s.listen(&engine, logFactory{cfg.Log}.NewLogger("mux"))
	s.api = newAPI(engine)
	return s, nil
}

func serverSettings(e *webrtc.SettingEngine, cfg Config) error {
	e.SetDTLSInsecureSkipHelloVerify(true) // ICE has proved the address already
	// Devices check the connection every few seconds, and the answers tell both sides that it is
	// there: a check each way would cost as many packets again.
	e.SetICETimeouts(disconnectedAfter, failedAfter, 0)
	if err := e.SetAnsweringDTLSRole(webrtc.DTLSRoleServer); err != nil {
		return fmt.Errorf("peer: choosing the DTLS role: %w", err)
	}
	types := []webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6}
	if cfg.TCP != nil {
		types = append(types, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6)
		e.DisableActiveTCP(true) // devices call the server, never the reverse
	}
	e.SetNetworkTypes(types)
	for _, a := range cfg.Advertise {
		if net.ParseIP(a) == nil {
			return fmt.Errorf("peer: %q to advertise is no IP address", a)
		}
	}
	if len(cfg.Advertise) == 0 {
		return nil
	}
	return e.SetICEAddressRewriteRules(webrtc.ICEAddressRewriteRule{
		External:        cfg.Advertise,
		AsCandidateType: webrtc.ICECandidateTypeHost,
		Mode:            webrtc.ICEAddressRewriteAppend,
	})
}

// listen starts the muxes; they are the only goroutines of a Server's own.
func (s *Server) listen(e *webrtc.SettingEngine, log logging.LeveledLogger) {
	if c, ok := s.cfg.UDP.(interface{ SetReadBuffer(int) error }); ok {
		if err := c.SetReadBuffer(socketBuffer); err != nil {
			s.cfg.Log.Debug("receive buffer stays as it is", "err", err)
		}
	}
	udp := ice.NewUDPMuxDefault(ice.UDPMuxParams{Logger: log, UDPConn: filterUDP(s.cfg.UDP, s.filter), Net: s.cfg.Net})
	s.udp = &guardedUDP{udp, s.filter}
	e.SetICEUDPMux(s.udp)
	e.SetICEBindingRequestHandler(func(check *stun.Message, _, remote ice.Candidate, pair *ice.CandidatePair) bool {
		return pair.ResponsesReceived() > 0 && s.filter.moved(check, sourceOfCandidate(remote))
	})
	if s.cfg.TCP == nil {
		return
	}
	tcp := ice.NewTCPMuxDefault(ice.TCPMuxParams{
		Listener: newListener(s.cfg.TCP, s.cfg.TCPConnections, s.filter), Logger: log,
		ReadBufferSize: 64, WriteBufferSize: tcpWriteQueue,
		FirstStunBindTimeout: firstCheckTimeout, AliveDurationForConnFromStun: firstCheckTimeout,
	})
	s.tcp = &filteredTCP{tcp, s.filter}
	e.SetICETCPMux(s.tcp)
}

// Close closes the sockets. Devices that still run lose their data channels.
func (s *Server) Close() error {
	var tcp error
	if s.tcp != nil {
		tcp = s.tcp.Close()
	}
	return errors.Join(s.udp.Close(), tcp)
}

func closeSockets(cfg Config) error {
	var errs []error
	if cfg.UDP != nil {
		errs = append(errs, cfg.UDP.Close())
	}
	if cfg.TCP != nil {
		errs = append(errs, cfg.TCP.Close())
	}
	return errors.Join(errs...)
}
