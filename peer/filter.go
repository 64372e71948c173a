package peer

import (
	"bytes"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"
	"golang.org/x/time/rate"
)

// What one connection may make pion do. pion/ice keeps every address from which
// a check came as a candidate for as long as the connection lasts, and looks through all of
// them at each further message.
const (
	sourceBurst = 16               // addresses at once
	sourceEvery = 10 * time.Second // then one more each
	maxSources  = 256              // in all; after that the device needs a new offer

	stunRate    = 200 // STUN messages a second, of each class
	stunBurst   = 400
	packetRate  = 2000 // other packets a second; a device that is measured sends some 100
	packetBurst = 4000

	// sourceKept is for how long an address that nothing came from stays its
	// connection's: no check of another one is taken from it, nor anything of another
	// one sent to it.
	sourceKept = 10 * time.Second

	// movedAfter is how long nothing has come from a device's other addresses when
	// it is taken to have moved.
	movedAfter = 3 * time.Second
)

// filter decides which packets pion gets to see. Those of an address from which no
// authenticated check has come are dropped, and so are checks that don't prove that
// the sender has the password, which the server itself has given to the device. Safe for
// concurrent use.
type filter struct {
	mu      sync.Mutex
	agents  map[string]*agent // by their ufrag
	sources map[source]*holder
	check   stun.Message                             // the one that is looked at; its memory is used again
	others  func(b []byte, from netip.AddrPort) bool // get UDP's packets first; nil: nobody
}

// agent is the server's end of one connection, in the words of ICE.
type agent struct {
	password  stun.MessageIntegrity
	sources   []source // that it has had
	moved     time.Time
	tcp       int  // connections that are open
	udpAlone  bool // there are to be no others
	more      *rate.Limiter
	requests  *rate.Limiter
	responses *rate.Limiter
	packets   *rate.Limiter
}

// source is where packets come from.
type source struct {
	at  netip.AddrPort
	tcp bool
}

// holder is the agent that an address belongs to.
type holder struct {
	agent *agent
	heard time.Time
}

func newFilter() *filter {
	return &filter{agents: map[string]*agent{}, sources: map[source]*holder{}}
}

// add lets checks for an agent in.
func (f *filter) add(ufrag, password string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.agents[ufrag] = &agent{
		password:  stun.NewShortTermIntegrity(password),
		more:      rate.NewLimiter(rate.Every(sourceEvery), sourceBurst),
		requests:  rate.NewLimiter(stunRate, stunBurst),
		responses: rate.NewLimiter(stunRate, stunBurst),
		packets:   rate.NewLimiter(packetRate, packetBurst),
	}
}

// remove forgets an agent and its addresses.
func (f *filter) remove(ufrag string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.agents[ufrag]
	if a == nil {
		return
	}
	delete(f.agents, ufrag)
	for _, s := range a.sources {
		if f.sources[s].agent == a {
			delete(f.sources, s)
		}
	}
}

// pass reports whether pion is to see a packet. It may change b behind its length.
func (f *filter) pass(b []byte, from source) bool {
	if f.others != nil && !from.tcp && f.others(b, from.at) {
		return false
	}
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	o := f.sources[from]
	switch {
	case !stun.IsMessage(b):
		return o.hear(now) && o.agent.packets.AllowN(now, 1)
	case !isRequest(b):
		return o.hear(now) && o.agent.responses.AllowN(now, 1)
	}
	a := f.authenticate(b)
	if a == nil || !a.requests.AllowN(now, 1) {
		return false
	}
	return f.take(from, a, now)
}

// take enters that an address is an agent's; false where it may not have it.
// The caller holds mu.
func (f *filter) take(from source, a *agent, now time.Time) bool {
	o := f.sources[from]
	if o != nil && o.agent == a {
		return o.hear(now)
	}
	if o.holds(now) || len(a.sources) == maxSources || !a.more.AllowN(now, 1) {
		return false
	}
	f.sources[from] = &holder{agent: a, heard: now}
	a.sources = append(a.sources, from)
	return true
}

// connected counts a TCP connection whose first check has passed, and returns whose
// it is; nil where that device has enough.
func (f *filter) connected(from source) *agent {
	f.mu.Lock()
	defer f.mu.Unlock()
	o := f.sources[from]
	if o == nil || o.agent.udpAlone || o.agent.tcp == maxTCPOfDevice {
		return nil
	}
	o.agent.tcp++
	return o.agent
}

// refuseTCP lets an agent have no further connection over TCP.
func (f *filter) refuseTCP(ufrag string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if a := f.agents[ufrag]; a != nil {
		a.udpAlone = true
	}
}

func (f *filter) disconnected(a *agent) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a.tcp--
}

// moved reports, once, that a device goes on from another address: one whose NAT
// changed its port doesn't notice, and pion would go on sending to the old one.
func (f *filter) moved(check *stun.Message, to source) bool {
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.agents[ufragOf(check)]
	if a == nil {
		return false
	}
	var last time.Time
	for _, s := range a.sources {
		if o := f.sources[s]; s != to && o.agent == a && o.heard.After(last) {
			last = o.heard
		}
	}
	if !last.After(a.moved) || now.Sub(last) < movedAfter {
		return false
	}
	a.moved = now
	return true
}

// authenticate returns the agent whose password a check proves, nil without one.
// The caller holds mu.
func (f *filter) authenticate(b []byte) *agent {
	f.check.Raw = b
	if f.check.Decode() != nil {
		return nil
	}
	a := f.agents[ufragOf(&f.check)]
	if a == nil || a.password.Check(&f.check) != nil {
		return nil
	}
	return a
}

// maySend reports whether an agent may send to an address: pion's mux gives
// what comes from it to whoever sent there last.
func (f *filter) maySend(ufrag string, to source) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	o := f.sources[to]
	return o == nil || o.agent == f.agents[ufrag] || !o.holds(time.Now())
}

// hear notes that something came from an address that is somebody's.
func (o *holder) hear(now time.Time) bool {
	if o != nil {
		o.heard = now
	}
	return o != nil
}

// holds reports whether the address is in use.
func (o *holder) holds(now time.Time) bool { return o != nil && now.Sub(o.heard) < sourceKept }

// ufragOf returns which agent a check is for.
func ufragOf(m *stun.Message) string {
	username, err := m.Get(stun.AttrUsername)
	if err != nil {
		return ""
	}
	ufrag, _, _ := bytes.Cut(username, []byte(":"))
	return string(ufrag)
}

// isRequest reports whether a STUN message is a binding request.
func isRequest(b []byte) bool { return b[0] == 0 && b[1] == 1 }

// sourceOf returns the source that an address of pion's means.
func sourceOf(a net.Addr) source {
	switch a := a.(type) {
	case *net.UDPAddr:
		return udpSource(a.AddrPort())
	case *net.TCPAddr:
		s := udpSource(a.AddrPort())
		s.tcp = true
		return s
	}
	return source{}
}

// sourceOfCandidate returns the source that a candidate means.
func sourceOfCandidate(c ice.Candidate) source {
	addr, err := netip.ParseAddr(c.Address())
	if err != nil {
		return source{}
	}
	s := udpSource(netip.AddrPortFrom(addr, uint16(c.Port())))
	s.tcp = c.NetworkType().IsTCP()
	return s
}

// udpSource makes one spelling of an address that has several.
func udpSource(a netip.AddrPort) source {
	addr := a.Addr().Unmap()
	if !addr.IsLinkLocalUnicast() {
		addr = addr.WithZone("")
	}
	return source{at: netip.AddrPortFrom(addr, a.Port())}
}
