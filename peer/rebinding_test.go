package peer

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/transport/v5"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/testnet"
)

// rebinding is a host behind a NAT that changes the ports of its sockets.
type rebinding struct {
	*testnet.Host
	t testing.TB

	mu      sync.Mutex
	sockets []*rebound
}

// ListenUDP opens a socket whose port changes with rebind.
func (n *rebinding) ListenUDP(network string, local *net.UDPAddr) (transport.UDPConn, error) {
	c, err := n.Host.ListenUDP(network, local)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	s := &rebound{UDPConn: c, now: c}
	n.sockets = append(n.sockets, s)
	return s, nil
}

// rebind gives all sockets new ports; what is sent to the old ones is lost.
func (n *rebinding) rebind() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range n.sockets {
		fresh, err := n.Host.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(deviceIP)})
		must(n.t, err)
		s.become(fresh)
	}
}

type rebound struct {
	transport.UDPConn // of the beginning

	mu  sync.Mutex
	now transport.UDPConn
}

func (s *rebound) become(fresh transport.UDPConn) {
	s.mu.Lock()
	old := s.now
	s.now = fresh
	s.mu.Unlock()
	_ = old.Close()
}

func (s *rebound) socket() transport.UDPConn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *rebound) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		c := s.socket()
		n, from, err := c.ReadFrom(b)
		if err == nil || c == s.socket() {
			return n, from, err
		}
	}
}

func (s *rebound) WriteTo(b []byte, to net.Addr) (int, error) { return s.socket().WriteTo(b, to) }
func (s *rebound) Close() error                               { return s.socket().Close() }

// TestNewPorts: a device whose NAT gives it a new port is measured again, also after
// somebody who has its ICE password has sent checks from a thousand others.
func TestNewPorts(t *testing.T) {
	for name, strange := range map[string]int{"a NAT": 0, "a NAT and a thousand others": 1000} {
		t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { newPorts(t, strange) }) })
	}
}

func newPorts(t *testing.T, strange int) {
	var exchanges atomic.Int64
	var nat *rebinding
	path := testnet.Constant(3 * time.Millisecond)
	s := newSimulatedOn(t, path, path,
		DeviceConfig{OnExchange: func(Path, clock.Exchange) { exchanges.Add(1) }},
		func(device *testnet.Host) transport.Net { nat = &rebinding{Host: device, t: t}; return nat })
	defer s.close(t)
	h := connectHostile(t, s.rig)
	s.waitConnected(t)
	time.Sleep(20 * time.Second)
	check := h.check(t)
	for range strange {
		c, err := s.stranger.ListenPacket("udp4", strangerIP+":0")
		must(t, err)
		_, err = c.WriteTo(check, h.server)
		must(t, err)
		must(t, c.Close())
	}
	time.Sleep(time.Second)
	if n := s.server.filter.sourcesOf(h.ufrag()); n > sourceBurst+3 {
		t.Errorf("%d addresses", n)
	}
	nat.rebind()
	before := exchanges.Load()
	time.Sleep(movedAfter + sourceEvery + 5*time.Second)
	if n := exchanges.Load() - before; n == 0 {
		t.Error("not measured any more")
	}
	if p := s.device.Status().Path; p != PathUDP {
		t.Errorf("path %q", p)
	}
	checkClient(t, s)
}

// TestStrangersGetNoAnswer: nothing is sent to an address that hasn't proved that it
// knows the password, so that nobody can have somebody else flooded, or DTLS worked.
func TestStrangersGetNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := testnet.Constant(3 * time.Millisecond)
		s := newSimulated(t, path, path, DeviceConfig{})
		defer s.close(t)
		h := connectHostile(t, s.rig)
		s.waitConnected(t)
		hello := append([]byte{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 60, 1, 0, 0, 48, 0, 0, 0, 0, 0, 0, 0, 48, 254, 253}, make([]byte, 46)...)
		answered := func(b []byte) bool {
			c, err := s.stranger.ListenPacket("udp4", strangerIP+":0")
			must(t, err)
			defer c.Close()
			for range 10 {
				_, err = c.WriteTo(b, h.server)
				must(t, err)
			}
			must(t, c.SetReadDeadline(time.Now().Add(5*time.Second)))
			_, _, err = c.ReadFrom(make([]byte, 2048))
			return err == nil
		}
		for name, b := range map[string][]byte{
			"a DTLS hello": hello, "a check with another password": h.checkWith(t, h.username, "another"),
			"a check for nobody": h.checkWith(t, "nobody:x", h.password), "an empty packet": {}, "zeros": make([]byte, 1200),
		} {
			if answered(b) {
				t.Errorf("%s is answered", name)
			}
		}
		if !answered(h.check(t)) {
			t.Error("the device's own check isn't answered")
		}
	})
}
