package signaling

import (
	"net/netip"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// maxConnections is how many may be open from one address.
const maxConnections = 1200

var tooManyConnections = &session.Error{Code: wire.CodeTooManyConnections, Message: "too many connections from this address", Retry: true}

// claim counts a connection of an address, unless it or all together have as many as they
// may; unclaim is the counterpart.
func (s *Server) claim(addr netip.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := access.Network(addr)
	if s.count[at] >= s.perAddress || s.cfg.WebSockets > 0 && s.claimed >= s.cfg.WebSockets {
		return false
	}
	s.count[at]++
	s.claimed++
	return true
}

func (s *Server) unclaim(addr netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := access.Network(addr)
	s.claimed--
	if s.count[at]--; s.count[at] == 0 {
		delete(s.count, at)
	}
}
