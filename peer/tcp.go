package peer

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/pion/ice/v4"
)

const (
	defaultTCP        = 1024
	maxTCPOfDevice    = 4
	firstCheckTimeout = 5 * time.Second
	tcpIdleTimeout    = 60 * time.Second
	maxFirstCheck     = 512 // bytes
	frameHeader       = 2   // bytes: the length, RFC 4571
	acceptPause       = 5 * time.Millisecond
	maxAcceptPause    = time.Second
)

// tcpLimits are how many connections there may be. One that waits has not yet proved by
// a check that it is a device's. An IPv6 network of 64 bits counts as one address.
type tcpLimits struct{ all, ofAddress, waiting, waitingOfAddress int }

// limitsOf returns what is left to each out of all.
func limitsOf(all int) tcpLimits {
	return tcpLimits{all, max(1, all*3/4), max(1, all/8), max(1, all/16)}
}

var errRefused = errors.New("peer: the connection doesn't begin with a device's check")

// listener gives pion the connections that may be devices'. The oldest that waits
// makes room for a new one: a device's check comes at once.
type listener struct {
	net.Listener
	limits tcpLimits
	filter *filter

	mu      sync.Mutex
	count   int
	of      map[netip.Prefix]int
	waiting []*conn // oldest first
}

func newListener(l net.Listener, all int, f *filter) *listener {
	return &listener{Listener: l, limits: limitsOf(all), filter: f, of: map[netip.Prefix]int{}}
}

// Accept returns the next connection. What a system without descriptors says
// is no end: pion's mux would never accept again.
func (l *listener) Accept() (net.Conn, error) {
	pause := acceptPause
	for {
		inner, err := l.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		if err != nil {
			time.Sleep(pause)
			pause = min(2*pause, maxAcceptPause)
			continue
		}
		c := &conn{Conn: inner, listener: l, from: sourceOf(inner.RemoteAddr())}
		over, ok := l.enter(c)
		if over != nil {
			_ = over.Close()
		}
		if ok {
			return c, nil
		}
		_ = inner.Close()
	}
}

// enter counts a connection, and returns the one that makes room for it; false
// where there is none.
func (l *listener) enter(c *conn) (over *conn, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := c.network()
	if l.count >= l.limits.all || l.of[n] >= l.limits.ofAddress {
		return nil, false
	}
	over = l.surplus(n)
	l.count++
	l.of[n]++
	l.waiting = append(l.waiting, c)
	return over, true
}

// surplus returns the oldest of those that wait, if no more may: of a network, else
// of all. The caller holds mu.
func (l *listener) surplus(n netip.Prefix) *conn {
	var first *conn
	same := 0
	for _, c := range l.waiting {
		if c.network() != n {
			continue
		}
		if same++; first == nil {
			first = c
		}
	}
	switch {
	case same >= l.limits.waitingOfAddress:
		return first
	case len(l.waiting) >= l.limits.waiting:
		return l.waiting[0]
	}
	return nil
}

// admit ends a connection's waiting.
func (l *listener) admit(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unwait(c)
}

func (l *listener) leave(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unwait(c)
	l.count--
	n := c.network()
	if l.of[n]--; l.of[n] == 0 {
		delete(l.of, n)
	}
}

// unwait takes a connection off the list. The caller holds mu.
func (l *listener) unwait(c *conn) {
	if i := slices.Index(l.waiting, c); i >= 0 {
		l.waiting = slices.Delete(l.waiting, i, i+1)
	}
}

// conn is a connection that must begin with a device's check. One goroutine
// reads it.
type conn struct {
	net.Conn
	listener *listener
	from     source
	first    []byte // of the first frame, what hasn't been read

	mu     sync.Mutex
	closed bool
	agent  *agent // whose it is; nil while it waits
}

// Read returns nothing before the whole first frame has come and passed.
func (c *conn) Read(b []byte) (int, error) {
	if c.agent == nil {
		if err := c.begin(); err != nil {
			return 0, err
		}
	}
	if len(c.first) > 0 {
		n := copy(b, c.first)
		c.first = c.first[n:]
		return n, nil
	}
	if err := c.SetReadDeadline(time.Now().Add(tcpIdleTimeout)); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

func (c *conn) begin() error {
	if err := c.SetReadDeadline(time.Now().Add(firstCheckTimeout)); err != nil {
		return err
	}
	frame := make([]byte, frameHeader, frameHeader+maxFirstCheck)
	if _, err := io.ReadFull(c.Conn, frame); err != nil {
		return err
	}
	n := int(binary.BigEndian.Uint16(frame))
	if n > maxFirstCheck {
		return errRefused
	}
	frame = frame[:frameHeader+n]
	if _, err := io.ReadFull(c.Conn, frame[frameHeader:]); err != nil {
		return err
	}
	if body := frame[frameHeader:]; len(body) == 0 || !c.listener.filter.pass(body, c.from) {
		return errRefused
	}
	c.first = frame
	return c.become(c.listener.filter.connected(c.from))
}

// become enters whose the connection is.
func (c *conn) become(a *agent) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a == nil {
		return errRefused
	}
	if c.closed {
		c.listener.filter.disconnected(a)
		return net.ErrClosed
	}
	c.agent = a
	c.listener.admit(c)
	return nil
}

// Close closes the connection and makes room for another.
func (c *conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.closed = true
		c.listener.leave(c)
		if c.agent != nil {
			c.listener.filter.disconnected(c.agent)
		}
	}
	return c.Conn.Close()
}

// network is what counts as one address.
func (c *conn) network() netip.Prefix {
	bits := 64
	if c.from.at.Addr().Is4() {
		bits = 32
	}
	p, _ := c.from.at.Addr().WithZone("").Prefix(bits)
	return p
}

// filteredTCP is a mux whose agents read only what passes.
type filteredTCP struct {
	*ice.TCPMuxDefault
	filter *filter
}

// GetConnByUfrag returns the connections of an agent, as one.
func (m *filteredTCP) GetConnByUfrag(ufrag string, isIPv6 bool, local net.IP) (net.PacketConn, error) {
	c, err := m.TCPMuxDefault.GetConnByUfrag(ufrag, isIPv6, local)
	if err != nil {
		return nil, err
	}
	return &filteredFrames{PacketConn: c, filter: m.filter}, nil
}

type filteredFrames struct {
	net.PacketConn
	filter *filter
}

// ReadFrom reads the next frame that passes.
func (c *filteredFrames) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := c.PacketConn.ReadFrom(b)
		if err != nil || c.filter.pass(b[:n], sourceOf(from)) {
			return n, from, err
		}
	}
}
