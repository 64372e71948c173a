package server

import (
	"errors"
	"io"
	"net"
	"strconv"
	"syscall"
)

// sockets are what one instance listens on.
type sockets struct {
	http net.Listener // nil: somebody else serves
	udp  net.PacketConn
	tcp  net.Listener // nil: none
}

func (s *sockets) close() error {
	var errs []error
	for _, c := range []io.Closer{s.http, s.udp, s.tcp} {
		if c != nil {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

// at is where HTTP is; nil where somebody else serves it, or it isn't TCP.
func (s *sockets) at() *net.TCPAddr {
	if s.http == nil {
		return nil
	}
	at, _ := s.http.Addr().(*net.TCPAddr)
	return at
}

// listen opens HTTP's TCP port, the same UDP port for WebRTC, and WebRTC's TCP
// port: the next one where none is asked for. Where port 0 is asked for all three are any free ones.
func (c *Config) listen() (*sockets, error) {
	s := &sockets{http: c.Listener}
	if c.udp != nil {
		s.udp = c.udp
		return s, nil
	}
	if c.Addr != "" {
		l, err := net.Listen("tcp", c.Addr)
		if err != nil {
			return nil, taken("{Addr} %s: %w", c.Addr, plainError(err))
		}
		s.http = l
	}
	if err := s.listenRTC(c); err != nil {
		if c.Listener != nil {
			s.http = nil // it stays whose it is
		}
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// listenRTC opens WebRTC's ports.
func (s *sockets) listenRTC(c *Config) error {
	addr, free := c.RTCAddr, c.Addr != "" && portOf(c.Addr) == "0"
	if at := s.at(); addr == "" && at != nil {
		addr = at.String()
	} else if addr == "" {
		addr, free = ":0", true
	}
	free = free || portOf(addr) == "0"
	udp, err := net.ListenPacket("udp", addr)
	if err != nil {
		return taken("UDP port %s: %w", portOf(addr), plainError(err))
	}
	s.udp = udp
	at := udp.LocalAddr().(*net.UDPAddr)
	port := c.RTCTCPPort
	if port == 0 && !free {
		port = at.Port + 1
	}
	tcp, err := net.Listen("tcp", net.JoinHostPort(hostOf(at.IP), strconv.Itoa(port)))
	if err != nil {
		return taken("TCP port %d for WebRTC ({RTCTCPPort}): %w", port, plainError(err))
	}
	s.tcp = tcp
	return nil
}

func portOf(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}

func hostOf(ip net.IP) string {
	if ip.IsUnspecified() {
		return ""
	}
	return ip.String()
}

// plainError takes the address off a network error: it is said already.
func plainError(err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return errors.New("another program listens there; give another port (or end that one)")
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err
	}
	return err
}
