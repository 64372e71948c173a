package testnet

import (
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/logging"
	"github.com/pion/transport/v5"
	"github.com/pion/transport/v5/vnet"
)

// Network is a virtual UDP network of hosts in 10.0.0.0/24. What one sends
// leaves it late, after the delay of its path: so that datagrams overtake one
// another where their delays say so.
type Network struct {
	t      testing.TB
	router *vnet.Router
	paths  map[[2]string]Path // from, to
	late   late
}

// New returns a network without hosts. Add hosts and paths, then Start it.
func New(t testing.TB) *Network {
	t.Helper()
	factory := logging.NewDefaultLoggerFactory()
	factory.DefaultLogLevel = logging.LogLevelDisabled
	router, err := vnet.NewRouter(&vnet.RouterConfig{CIDR: "10.0.0.0/24", LoggerFactory: factory})
	n := &Network{t: t, router: router, paths: map[[2]string]Path{}}
	n.must(err)
	return n
}

// Host adds a host.
func (n *Network) Host(ip string) *Host {
	n.t.Helper()
	host, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{ip}})
	n.must(err)
	n.must(n.router.AddNet(host))
	return &Host{Net: host, ip: ip, network: n}
}

// Connect sets the two directions between two hosts. Without it nothing
// between them takes any time. Not after Start.
func (n *Network) Connect(a, b string, there, back Path) {
	n.paths[[2]string{a, b}], n.paths[[2]string{b, a}] = there, back
}

// Start begins to route.
func (n *Network) Start() {
	n.t.Helper()
	n.must(n.router.Start())
}

// Close ends the network's goroutine; nothing may be sent any more.
func (n *Network) Close() {
	n.t.Helper()
	n.must(n.router.Stop())
	synctest.Wait()
}

func (n *Network) must(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

// Host is one of a Network's, a network of its own to what runs on it.
type Host struct {
	*vnet.Net
	ip      string
	network *Network
}

// ListenPacket opens a socket whose datagrams take the paths of the host.
func (h *Host) ListenPacket(network, address string) (net.PacketConn, error) {
	c, err := h.Net.ListenPacket(network, address)
	if err != nil {
		return nil, err
	}
	return &socket{c.(transport.UDPConn), h}, nil
}

// ListenUDP opens a socket whose datagrams take the paths of the host.
func (h *Host) ListenUDP(network string, local *net.UDPAddr) (transport.UDPConn, error) {
	c, err := h.Net.ListenUDP(network, local)
	if err != nil {
		return nil, err
	}
	return &socket{c, h}, nil
}

// socket delays what it sends.
type socket struct {
	transport.UDPConn
	host *Host
}

// WriteTo returns at once, as if all had been sent.
func (s *socket) WriteTo(b []byte, to net.Addr) (int, error) {
	path := s.host.network.paths[[2]string{s.host.ip, to.(*net.UDPAddr).IP.String()}]
	if path == nil {
		return s.UDPConn.WriteTo(b, to)
	}
	now := time.Now()
	if delay, lost := path(now); !lost {
		b := slices.Clone(b)
		s.host.network.late.add(now.Add(delay), func() { _, _ = s.UDPConn.WriteTo(b, to) }) // the socket may be closed by then
	}
	return len(b), nil
}
