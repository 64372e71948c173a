package lan

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/pion/logging"
	"github.com/pion/mdns/v2"
	"golang.org/x/net/ipv4"
)

// Announcement is the answer to whoever asks the network for downbeat.local, and
// for HTTPS servers in it (mDNS and DNS-SD: RFC 6762, RFC 6763).
type Announcement struct {
	Port uint16 // of HTTPS
	// Only is the one address that the server listens on; the zero value: every one.
	Only netip.Addr
	Log  *slog.Logger // nil: silence

	loopback bool // tests have no other network
}

// askFor is how long others may take to say that the name is theirs.
const askFor = time.Second

// Run answers until ctx ends, as long as the machine has an address in a
// network. Where that can't be, or another machine has the name, it warns:
// addresses work all the same.
func (a Announcement) Run(ctx context.Context) {
	if a.Log == nil {
		a.Log = slog.New(slog.DiscardHandler)
	}
	t := time.NewTicker(lookEvery)
	defer t.Stop()
	var at []netip.Addr
	var answering *mdns.Conn
	defer func() { closeMDNS(answering) }()
	for {
		if now := a.addresses(); !slices.Equal(now, at) {
			closeMDNS(answering)
			answering, at = nil, now
			if len(at) > 0 {
				answering = a.answer(ctx, at)
			}
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}

func (a Announcement) addresses() []netip.Addr {
	all := LocalNames().IPs
	if a.Only.IsValid() && !a.Only.IsUnspecified() {
		all = []netip.Addr{a.Only}
	}
	if a.loopback {
		return all
	}
	return reachable(all)
}

// answer begins to answer, unless another machine does.
func (a Announcement) answer(ctx context.Context, own []netip.Addr) *mdns.Conn {
	if other, ok := a.ask(ctx); ok && !slices.Contains(own, other) {
		a.Log.Warn("mdns_name_taken", "name", LocalName, "addr", other)
		return nil
	}
	options := []mdns.ServerOption{mdns.WithLocalNames(LocalName), mdns.WithService(mdns.ServiceInstance{
		Instance: "Downbeat", Service: "_https._tcp", Host: LocalName + ".", Port: a.Port,
	})}
	if a.Only.IsValid() && !a.Only.IsUnspecified() {
		options = append(options, mdns.WithLocalAddress(a.Only.AsSlice()))
	}
	conn, err := a.open(options...)
	if err != nil {
		a.Log.Warn("mdns_failed", "name", LocalName, "err", err)
	}
	return conn
}

// ask looks whose the name is.
func (a Announcement) ask(ctx context.Context) (netip.Addr, bool) {
	conn, err := a.open()
	if err != nil {
		return netip.Addr{}, false // answer says so
	}
	defer closeMDNS(conn)
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	_, at, err := conn.QueryAddr(ctx, LocalName)
	return at.Unmap().WithZone(""), err == nil
}

// open joins the network's group, over IPv4: the addresses that the server
// tells are of that version.
func (a Announcement) open(options ...mdns.ServerOption) (*mdns.Conn, error) {
	group, err := net.ResolveUDPAddr("udp4", mdns.DefaultAddressIPv4)
	if err != nil {
		return nil, err
	}
	l, err := net.ListenUDP("udp4", group)
	if err != nil {
		return nil, err
	}
	options = append(options, mdns.WithLoggerFactory(quiet{}), mdns.WithIncludeLoopback(a.loopback), mdns.WithQueryInterval(askFor/4))
	conn, err := mdns.NewServer(ipv4.NewPacketConn(l), nil, options...)
	if err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("mDNS: %w", err)
	}
	return conn, nil
}

func closeMDNS(c *mdns.Conn) {
	if c != nil {
		_ = c.Close()
	}
}

// quiet keeps to itself what mDNS has to say: of packets of others, mostly.
type quiet struct{}

func (quiet) NewLogger(string) logging.LeveledLogger {
	return logging.NewDefaultLeveledLoggerForScope("mdns", logging.LogLevelDisabled, nil)
}
