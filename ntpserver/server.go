package ntpserver

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// Config says what is told to whom. Every field is required.
type Config struct {
	Conn    *net.UDPConn               // closed when Run ends
	Source  *clock.Source              // session time
	Now     func() time.Time           // what Source was made with
	Quality func() Quality             // safe for concurrent use
	Allow   func(addr netip.Addr) bool // whether one more query of that address may be answered now
}

// Server answers queries. Counts is safe for concurrent use.
type Server struct {
	cfg    Config
	counts map[Outcome]*atomic.Uint64
}

// New returns a Server that Run starts.
func New(cfg Config) *Server {
	s := &Server{cfg: cfg, counts: map[Outcome]*atomic.Uint64{}}
	for _, o := range Outcomes {
		s.counts[o] = new(atomic.Uint64)
	}
	return s
}

// Counts returns what became of the packets so far.
func (s *Server) Counts() map[Outcome]uint64 {
	out := map[Outcome]uint64{}
	for o, n := range s.counts {
		out[o] = n.Load()
	}
	return out
}

// readPause keeps a socket that fails again and again from taking the whole processor.
const readPause = 100 * time.Millisecond

// Run answers until ctx ends, and closes the connection.
func (s *Server) Run(ctx context.Context) {
	conn := s.cfg.Conn
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	stampArrivals(conn)
	packet, control := make([]byte, 1024), make([]byte, 128)
	for {
		n, oob, _, from, err := conn.ReadMsgUDPAddrPort(packet, control)
		wall := time.Now() // before the other clock: a receive timestamp may be late, but never early
		read := s.cfg.Now()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			select {
			case <-ctx.Done():
			case <-time.After(readPause):
			}
		default:
			age := waited(wall, arrival(control[:oob]))
			s.counts[s.take(packet[:n], from, s.cfg.Source.At(read.Add(-age)))].Add(1)
		}
	}
}

// take answers one packet.
func (s *Server) take(packet []byte, from netip.AddrPort, received clock.SessionTime) Outcome {
	if bad := check(packet); bad != "" {
		return bad
	}
	if !s.cfg.Allow(from.Addr()) {
		return Limited
	}
	var b [Size]byte
	answer(&b, packet, s.cfg.Quality(), received)
	stampSent(&b, s.cfg.Source.Now())
	if _, err := s.cfg.Conn.WriteToUDPAddrPort(b[:], from); err != nil {
		return Unsent
	}
	return Answered
}

// longest is for how long a packet may have waited in the kernel. The kernel stamps by the wall clock, which may be
// set meanwhile: what seems to have waited longer, or less than nothing, counts as just arrived.
const longest = 100 * time.Millisecond

// waited returns how long a packet that was read when the wall clock read now had been in the kernel, by its stamp;
// 0 without one.
func waited(now, arrival time.Time) time.Duration {
	if arrival.IsZero() {
		return 0
	}
	if age := now.Round(0).Sub(arrival); age > 0 && age <= longest {
		return age
	}
	return 0
}
