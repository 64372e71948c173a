package httplimit

import (
	"container/list"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Config says how many connections a Listener has open at most.
type Config struct {
	Connections int // in all; 0: no limit
	PerAddress  int // of one group; 0: no limit
	// Group returns the addresses that count as one; the zero Prefix is for those that
	// PerAddress doesn't hold for, such as proxies. Nil: it holds for nobody.
	Group func(netip.Addr) netip.Prefix
	Log   *slog.Logger // nil: silence
}

// Listener hands out connections as long as there are fewer than allowed. After that one that is
// doing nothing is closed for each new one; where there is none, the new one is. Its methods are
// safe for concurrent use.
type Listener struct {
	net.Listener
	cfg Config

	mu     sync.Mutex
	all    group
	groups map[netip.Prefix]*group

	dropped, refused int       // since it was logged
	logged           time.Time // when it was
	total            Counts    // since the beginning
}

// group is some of the connections, in the order in which they came into their stages.
type group struct {
	of     netip.Prefix
	open   int
	stages [stages]list.List
}

// stage is what a connection is doing.
type stage int

const (
	fresh stage = iota // no request of it has come whole
	idle               // between two requests
	busy               // with a request
	stages
	kept // taken over: a WebSocket has limits of its own
)

// Listen limits the connections of l.
func Listen(l net.Listener, cfg Config) *Listener {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Listener{Listener: l, cfg: cfg, groups: map[netip.Prefix]*group{}}
}

// Accept returns the next connection that there is room for.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		admitted, closed := l.admit(c)
		if closed != nil {
			_ = closed.Close()
		}
		if admitted != nil {
			return admitted, nil
		}
	}
}

// admit counts a connection, and returns what has to be closed for it: another one that has
// been taken off already, or itself.
func (l *Listener) admit(c net.Conn) (admitted *conn, closed net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	own := l.groupOf(c.RemoteAddr())
	var full *group
	switch {
	case own != nil && l.cfg.PerAddress > 0 && own.open >= l.cfg.PerAddress:
		full = own
	case l.cfg.Connections > 0 && l.all.open >= l.cfg.Connections:
		full = &l.all
	}
	if full != nil {
		least := full.leastUseful(now)
		l.report(now, least != nil)
		if least == nil {
			return nil, c
		}
		l.remove(least)
		closed = least.Conn
	}
	admitted = &conn{Conn: c, listener: l, own: own}
	admitted.moved.Store(now.UnixNano())
	l.add(admitted)
	return admitted, closed
}

// groupOf returns the group of an address, nil where none counts.
func (l *Listener) groupOf(at net.Addr) *group {
	tcp, ok := at.(*net.TCPAddr)
	if !ok || l.cfg.Group == nil {
		return nil
	}
	of := l.cfg.Group(tcp.AddrPort().Addr().Unmap())
	if !of.IsValid() {
		return nil
	}
	if own := l.groups[of]; own != nil {
		return own
	}
	return &group{of: of}
}

func (l *Listener) add(c *conn) {
	l.all.open++
	if c.own != nil {
		c.own.open++
		l.groups[c.own.of] = c.own
	}
	l.enter(c, fresh)
}

// remove counts a connection no more. It may have been removed before.
func (l *Listener) remove(c *conn) {
	if c.removed {
		return
	}
	l.enter(c, kept)
	c.removed = true
	l.all.open--
	if c.own == nil {
		return
	}
	if c.own.open--; c.own.open == 0 {
		delete(l.groups, c.own.of)
	}
}

// enter puts a connection into a stage.
func (l *Listener) enter(c *conn, to stage) {
	if c.inAll != nil {
		l.all.stages[c.stage].Remove(c.inAll)
		if c.own != nil {
			c.own.stages[c.stage].Remove(c.inOwn)
		}
		c.inAll, c.inOwn = nil, nil
	}
	if c.stage = to; to == kept || c.removed {
		return
	}
	c.inAll = l.all.stages[to].PushBack(c)
	if c.own != nil {
		c.inOwn = c.own.stages[to].PushBack(c)
	}
}

// connState is told by the server what its connections are doing.
func (l *Listener) connState(at net.Conn, state http.ConnState) {
	if over, ok := at.(interface{ NetConn() net.Conn }); ok { // TLS
		at = over.NetConn()
	}
	c, ok := at.(*conn)
	if !ok {
		return
	}
	to, ok := map[http.ConnState]stage{http.StateActive: busy, http.StateIdle: idle, http.StateHijacked: kept}[state]
	if !ok {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	c.answered = c.answered || to == idle
	l.enter(c, to)
}

const (
	// stall is how long nothing moves in a request before its connection may make room, once
	// an earlier request of it has been answered.
	stall = time.Second
	// looks is how many requests are compared.
	looks = 64
)

// leastUseful returns the connection of a group that makes room: the one that has been without a
// whole request for longest, else the one that has been idle for longest, else of some with a
// request the one in which nothing has moved for longest; nil for none.
func (g *group) leastUseful(now time.Time) (least *conn) {
	for _, s := range []stage{fresh, idle} {
		if first := g.stages[s].Front(); first != nil {
			return first.Value.(*conn)
		}
	}
	at := &g.stages[busy]
	for range min(looks, at.Len()) {
		first := at.Front()
		at.MoveToBack(first) // so that the next look is at others
		c := first.Value.(*conn)
		if moved := c.moved.Load(); c.answered && now.UnixNano()-moved < int64(stall) || least != nil && moved >= least.moved.Load() {
			continue
		}
		least = c
	}
	return least
}

// reportEvery is how often it is logged at most that connections are too many.
const reportEvery = 10 * time.Second

func (l *Listener) report(now time.Time, dropped bool) {
	if dropped {
		l.dropped++
		l.total.Closed++
	} else {
		l.refused++
		l.total.Refused++
	}
	if now.Sub(l.logged) < reportEvery {
		return
	}
	l.cfg.Log.Warn("connections_refused", "open", l.all.open, "refused", l.refused, "idle_ones_closed", l.dropped)
	l.dropped, l.refused, l.logged = 0, 0, now
}

// Counts is how many connections there are, and how many there was no room for.
type Counts struct {
	Open    int
	Refused uint64 // at once
	Closed  uint64 // idle ones, for others
}

// Counts tells how many there are now.
func (l *Listener) Counts() Counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.total
	n.Open = l.all.open
	return n
}
