package peer

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
)

// filterUDP returns a socket of which only what the filter passes is read. It reads
// without memory for addresses where the socket can.
func filterUDP(c net.PacketConn, f *filter) net.PacketConn {
	slow := &filteredUDP{PacketConn: c, filter: f}
	if udp, ok := c.(*net.UDPConn); ok {
		return &filteredAddrPort{filteredUDP: slow, udp: udp}
	}
	return slow
}

type filteredUDP struct {
	net.PacketConn
	filter *filter
	closed atomic.Bool
	faults int // reads in a row that failed; the reader's
}

// ReadFrom reads the next packet that passes.
func (c *filteredUDP) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := c.PacketConn.ReadFrom(b)
		if c.ends(err) || err == nil && c.filter.pass(b[:n], sourceOf(from)) {
			return n, from, err
		}
	}
}

// filteredAddrPort is one whose addresses cost nothing.
type filteredAddrPort struct {
	*filteredUDP
	udp *net.UDPConn
}

// ReadFromAddrPort reads the next packet that passes.
func (c *filteredAddrPort) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	for {
		n, from, err := c.udp.ReadFromUDPAddrPort(b)
		if c.ends(err) || err == nil && c.filter.pass(b[:n], udpSource(from)) {
			return n, from, err
		}
	}
}

// WriteToAddrPort sends a packet.
func (c *filteredAddrPort) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	return c.udp.WriteToUDPAddrPort(b, to)
}

// Close ends reading.
func (c *filteredUDP) Close() error {
	c.closed.Store(true)
	return c.PacketConn.Close()
}

// ends reports whether an error ends reading. Some systems report with a read what is
// about one packet alone: that it was too long, or that an earlier one of ours found a
// closed port. pion's mux would stop for good.
func (c *filteredUDP) ends(err error) bool {
	if err == nil {
		c.faults = 0
		return false
	}
	if c.closed.Load() || errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) {
		return true
	}
	if c.faults++; c.faults > 100 {
		time.Sleep(10 * time.Millisecond) // not at full speed, should it last
	}
	return false
}

// guardedUDP is a mux whose agents don't send to the addresses of others.
type guardedUDP struct {
	ice.UDPMux
	filter *filter
}

// GetConn returns the connection of an agent.
func (m *guardedUDP) GetConn(ufrag string, at net.Addr) (net.PacketConn, error) {
	c, err := m.UDPMux.GetConn(ufrag, at)
	if err != nil {
		return nil, err
	}
	slow := guardedConn{PacketConn: c, filter: m.filter, ufrag: ufrag}
	if fast, ok := c.(ice.AddrPortReaderWriter); ok {
		return &guardedAddrPort{guardedConn: slow, AddrPortReaderWriter: fast}, nil
	}
	return &slow, nil
}

type guardedConn struct {
	net.PacketConn
	filter *filter
	ufrag  string
}

// WriteTo sends a packet, unless the address is another agent's.
func (c *guardedConn) WriteTo(b []byte, to net.Addr) (int, error) {
	if !c.filter.maySend(c.ufrag, sourceOf(to)) {
		return len(b), nil
	}
	return c.PacketConn.WriteTo(b, to)
}

// guardedAddrPort is one whose addresses cost nothing.
type guardedAddrPort struct {
	guardedConn
	ice.AddrPortReaderWriter
}

// WriteToAddrPort sends a packet, unless the address is another agent's.
func (c *guardedAddrPort) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	if !c.filter.maySend(c.ufrag, udpSource(to)) {
		return len(b), nil
	}
	return c.AddrPortReaderWriter.WriteToAddrPort(b, to)
}
