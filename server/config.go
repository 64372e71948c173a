package server

import (
	"cmp"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"runtime/debug"
	"time"

	"github.com/pion/transport/v5"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/api"
	"github.com/downbeat-sync/downbeat/store/nats"
)

// Config says what a Server is like. Only Log is required; every other field may be left out.
type Config struct {
	Log *slog.Logger // slog.New(slog.DiscardHandler) for silence

	// Addr is the address to listen on: HTTP over TCP, WebRTC over UDP on the same port. Listener is used
	// for HTTP instead, and closed by Run. With neither, Run serves no HTTP: the Server is a handler in
	// somebody else's mux.
	Addr     string
	Listener net.Listener

	RTCAddr    string // address of WebRTC over UDP; default: that of HTTP, or any free port where the mux is somebody else's
	RTCTCPPort int    // TCP port for devices whose UDP is blocked; default: the one after RTCAddr's, any free one where that is free to choose

	Prefix    string         // path that the server is below, such as /beat; requests may have it or not
	URLs      []string       // where devices reach the server, the best first; default: found from what it listens on
	Hosts     []string       // names under which the server is known, beside addresses and .local names
	Advertise []string       // further IP addresses under which devices reach this machine (behind a NAT, say)
	Proxies   []netip.Prefix // whose X-Forwarded-… and Forwarded headers are believed
	Origins   []string       // other servers whose pages may use this one, such as https://app.example

	NoSocketIO bool // serve no clients of Socket.IO, at /socket.io/

	TLS TLS // of Addr or Listener

	MaxConnections int // over HTTP, WebSockets included; default: half the files that the process may open, 16384 at most
	MaxPerAddress  int // of one IPv4 address or IPv6 network of 64 bits, Proxies exempt; default 1500, at most three quarters of all

	// Access says who may do what. Its Mode is by default Open where HTTP listens on loopback alone, else Link; its
	// AdminKey is by default kept in Data, or a new one; its Log is Config's.
	Access access.Config

	MinLead     time.Duration // least time from a command to its instant; default 100 ms
	MaxLead     time.Duration // most time that the server chooses; default 5 s
	MaxDevices  int           // connected to one session; default 1000
	MaxSessions int           // that there may be, on all instances together; default 10,000, math.MaxInt: no limit
	// Drain is how long the end of Run waits at most for what is under way: commands that lie ahead, takes,
	// requests of uploads. 0: not at all. DrainTo is the URL of another instance, to which devices are sent
	// then; empty: they come back to where they were.
	Drain       time.Duration
	DrainTo     string
	SessionIdle time.Duration // how long a session without activity is kept; default 24 h, at most nats.MaxIdle
	NTP         []string      // servers, host or host:port, that keep session time near UTC; none: it follows this machine's clock

	// NTPListen is where NTP clients are told session time, over UDP, such as :123; empty: nowhere.
	NTPListen string

	// Data is the directory of sessions and recordings. Without it sessions are in memory and uploads are
	// refused. It is one Server's alone.
	Data             string
	NATS             string // servers with JetStream that keep the sessions instead, for several instances: nats://host:4222,…
	InstanceURL      string // where the other instances on NATS reach this one, such as http://10.0.0.2:8080; default: at each address of this machine, on HTTP's port
	NATSReplicas     int    // how many servers of a NATS cluster keep each session; default: three in a cluster, else one
	AcceptLoss       bool   // start with a Data that has lost what was acknowledged; else that is refused
	Files            string // where recordings are kept instead of in Data, for all instances: s3://bucket/prefix?endpoint=https://s3.example, as objects.Parse reads it
	Media            string // directory of films and music that the server offers; empty: none
	UploadMax        int64  // bytes of one recording; default 64 GiB
	DiskReserve      int64  // bytes of the disk that uploads leave free; default 1 GiB, negative: none
	ForgetRecordings bool   // remove the files of a session's recordings with the session

	Instance string           // names this Server among those that share NATS, and no other before or after it; default: a random UUID
	Now      func() time.Time // this machine's wall and monotonic clock; default: time.Now
	Version  string           // that the server tells; default: that of this module in the build

	fake // what tests replace
}

// fake is a network that isn't the machine's.
type fake struct {
	udp  net.PacketConn
	net  transport.Net
	seed func() uint64 // of the pings' jitter; nil: unpredictable
}

// ConfigError is what is wrong with a Config. The names of its fields are in braces in Format.
type ConfigError struct {
	Format string
	Args   []any
	// Usable is whether the setting itself is right, and only this machine doesn't allow it now: a port is taken, say.
	Usable bool
}

func (e *ConfigError) Error() string {
	return e.Named(func(field string) string { return "server.Config." + field })
}

// Unwrap returns the first error among the arguments.
func (e *ConfigError) Unwrap() error {
	for _, a := range e.Args {
		if err, ok := a.(error); ok {
			return err
		}
	}
	return nil
}

// Named returns the text with other names for Config's fields, such as those of a program's flags.
func (e *ConfigError) Named(name func(field string) string) string {
	format := fieldName.ReplaceAllStringFunc(e.Format, func(f string) string { return name(f[1 : len(f)-1]) })
	return fmt.Errorf(format, e.Args...).Error()
}

var fieldName = regexp.MustCompile(`\{[A-Za-z.]+\}`)

// wrong is a setting, or several, that can't be had.
func wrong(format string, args ...any) error { return &ConfigError{Format: format, Args: args} }

// taken is a setting that is right, and that this machine doesn't allow now.
func taken(format string, args ...any) error {
	return &ConfigError{Format: format, Args: args, Usable: true}
}

// withDefaults checks the settings that can be judged by themselves, and fills in what was left out.
func (c Config) withDefaults() (Config, error) {
	if c.Log == nil {
		return c, wrong("{Log} is nil: give a logger, slog.New(slog.DiscardHandler) for silence")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.SessionIdle = cmp.Or(c.SessionIdle, defaultIdle)
	if c.SessionIdle < time.Second || c.SessionIdle > nats.MaxIdle {
		return c, wrong("{SessionIdle} %v: it must be from 1s to %v", c.SessionIdle, nats.MaxIdle)
	}
	least, most := cmp.Or(c.MinLead, defaultMinLead), cmp.Or(c.MaxLead, defaultMaxLead)
	if least <= 0 || most < least {
		return c, wrong("{MinLead} %v and {MaxLead} %v: they must be positive, the second not less than the first", least, most)
	}
	c.MinLead, c.MaxLead = least, most
	if c.UploadMax < 0 || c.MaxDevices < 0 || c.MaxSessions < 0 {
		return c, wrong("{UploadMax} %d, {MaxDevices} %d and {MaxSessions} %d: they must be positive", c.UploadMax, c.MaxDevices, c.MaxSessions)
	}
	if err := c.checkDrain(); err != nil {
		return c, err
	}
	if c.NATSReplicas < 0 || c.NATSReplicas > nats.MaxReplicas {
		return c, wrong("{NATSReplicas} %d: there can be 1 to %d", c.NATSReplicas, nats.MaxReplicas)
	}
	if err := c.checkAddresses(); err != nil {
		return c, err
	}
	return c, c.checkNames()
}

const (
	defaultMinLead = 100 * time.Millisecond
	defaultMaxLead = 5 * time.Second
	defaultIdle    = 24 * time.Hour
)

// checkNames checks where the server is reached, and cleans the prefix.
func (c *Config) checkNames() (err error) {
	prefix := c.Prefix
	if c.Prefix, err = api.CleanPrefix(prefix); err != nil {
		return wrong("{Prefix} %s: %w", prefix, err)
	}
	for _, host := range c.Hosts {
		if u, err := url.Parse("//" + host); err != nil || u.Host != host || access.HostName(host) == "" {
			return wrong("{Hosts} %s: not the name of a host, such as beat.example", host)
		}
	}
	for _, ip := range c.Advertise {
		if net.ParseIP(ip) == nil {
			return wrong("{Advertise} %s: not an IP address", ip)
		}
	}
	for _, o := range c.Origins {
		u, err := url.Parse(o)
		if err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != o {
			return wrong("{Origins} %s: an origin is a scheme and a host, such as https://app.example", o)
		}
	}
	if err := checkInstanceURL(c.InstanceURL); err != nil {
		return err
	}
	switch {
	case c.Addr != "" && c.Listener != nil:
		return wrong("{Addr} and {Listener}: one of them says where HTTP is")
	case c.mounted() && c.TLS.Mode != "":
		return wrong("{TLS.Mode} %s needs {Addr}: in somebody else's mux that one's server encrypts", c.TLS.Mode)
	}
	return nil
}

// mounted reports whether HTTP is served by somebody else.
func (c *Config) mounted() bool { return c.Addr == "" && c.Listener == nil }

// version is what the server tells of itself.
func (c *Config) version() string {
	if c.Version != "" {
		return c.Version
	}
	info, _ := debug.ReadBuildInfo()
	if info != nil {
		for _, m := range append(info.Deps, &info.Main) {
			if m.Path == "github.com/downbeat-sync/downbeat" && m.Version != "(devel)" {
				return cmp.Or(m.Version, "dev")
			}
		}
	}
	return "dev"
}
