package server

import (
	"errors"
	"io"
	"math"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// sockets are what one instance listens on.
type sockets struct {
	http net.Listener // nil: somebody else serves
	udp  net.PacketConn
	tcp  net.Listener // nil: none
	ntp  *net.UDPConn // nil: none
}

func (s *sockets) close() error {
	var errs []error
	for _, c := range []io.Closer{s.http, s.udp, s.tcp} {
		if c != nil {
			errs = append(errs, c.Close())
		}
	}
	if s.ntp != nil {
		errs = append(errs, s.ntp.Close())
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

// checkAddresses refuses what is no address on any machine. Whether this machine has it shows when it is listened on.
func (c *Config) checkAddresses() error {
	for field, addr := range map[string]string{"{Addr}": c.Addr, "{RTCAddr}": c.RTCAddr, "{TLS.SetupAddr}": c.TLS.SetupAddr, "{NTPListen}": c.NTPListen} {
		if addr == "" {
			continue
		}
		_, port, err := net.SplitHostPort(addr)
		if err == nil {
			_, err = net.LookupPort("tcp", port)
		}
		if err != nil {
			return wrong(field+" %s: it must be a port behind a colon, or host:port, such as :8080 or 127.0.0.1:8080", addr)
		}
	}
	for at := range strings.SplitSeq(c.NATS, ",") {
		if c.NATS != "" && !isNATS(strings.TrimSpace(at)) {
			return wrong("{NATS} %s: it must be the address of a NATS server, such as nats://host:4222", at)
		}
	}
	for field, port := range map[string]int{"{RTCTCPPort}": c.RTCTCPPort, "{TLS.ACMEHTTPPort}": max(0, c.TLS.ACMEHTTPPort)} {
		if port < 0 || port > math.MaxUint16 {
			return wrong(field+" %d: a port is 0 to %d", port, math.MaxUint16)
		}
	}
	return nil
}

// isNATS reports whether s may be the address of a NATS server, as its client reads it.
func isNATS(s string) bool {
	if !strings.Contains(s, "://") {
		s = "nats://" + s
	}
	u, err := url.Parse(s)
	if err != nil || !slices.Contains([]string{"nats", "tls", "ws", "wss"}, u.Scheme) {
		return false
	}
	host := u.Host
	if u.Port() == "" {
		host += ":4222"
	}
	host, _, err = net.SplitHostPort(host)
	return err == nil && host != ""
}

// freeTries is how many ports are tried where any will do.
const freeTries = 16

// listen opens HTTP's TCP port, the same UDP port for WebRTC, and WebRTC's TCP
// port: the next one where none is asked for. Where port 0 is asked for all three are any free ones.
func (c *Config) listen() (s *sockets, err error) {
	tries := 1
	if c.Addr != "" && portOf(c.Addr) == "0" {
		tries = freeTries // the system chooses a port that is free over TCP: it may be taken over UDP
	}
	for range tries {
		if s, err = c.listenOnce(); !errors.Is(err, errTaken) {
			break
		}
	}
	return s, err
}

func (c *Config) listenOnce() (*sockets, error) {
	s := &sockets{http: c.Listener}
	if c.udp != nil {
		s.udp = c.udp
		return s, nil
	}
	if err := s.listenNTP(c); err != nil {
		return nil, err
	}
	if c.Addr != "" {
		l, err := net.Listen("tcp", c.Addr)
		if err != nil {
			return nil, errors.Join(taken("{Addr} %s: %w", c.Addr, plainError(err)), s.close())
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

// listenNTP opens the port of NTP clients, where one is wanted.
func (s *sockets) listenNTP(c *Config) error {
	if c.NTPListen == "" {
		return nil
	}
	conn, err := net.ListenPacket("udp", c.NTPListen)
	if err != nil {
		return taken("{NTPListen} %s: %w", c.NTPListen, plainError(err))
	}
	s.ntp = conn.(*net.UDPConn)
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

var errTaken = errors.New("another program listens there; give another port (or end that one)")

// plainError takes the address off a network error: it is said already.
func plainError(err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return errTaken
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err
	}
	return err
}
