package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/uuid"
	"github.com/mdp/qrterminal/v3"
	"golang.org/x/term"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/api"
)

type serveCmd struct {
	Addr       string        `default:":8080" help:"Address to listen on: HTTP over TCP, WebRTC over UDP on the same port."`
	RTCTCPPort int           `name:"rtc-tcp-port" default:"0" help:"TCP port for devices whose UDP is blocked; 0: the port after that of --addr."`
	Advertise  []string      `help:"Further IP addresses under which devices reach this machine (behind a NAT, say)."`
	Host       []string      `help:"Names under which this server is known, beside addresses and .local names."`
	BasePath   string        `placeholder:"/PATH" help:"Path that this server is below, where a proxy serves it there: /beat for https://host/beat/. Requests may have it or not."`
	MinLead    time.Duration `default:"100ms" help:"Least time between a command and its instant."`
	MaxLead    time.Duration `default:"5s" help:"Most time between a command and its instant, when the server chooses it."`
	MaxDevices int           `default:"1000" help:"Devices that a session may have."`
	NTP        []string      `name:"ntp" help:"NTP servers, host or host:port, that keep session time near UTC; at least three can outvote a wrong one."`
	Data       string        `placeholder:"DIR" type:"path" help:"Directory of what the server keeps: sessions (in memory without it), and recordings, in DIR/recordings (uploads are refused without it)."`
	Media      string        `placeholder:"DIR" type:"existingdir" help:"Directory with films and music that the server offers to whoever leads a session, and sends to its devices; nothing else in it can be reached."`
	UploadMax  size          `default:"64GiB" help:"Most that one recording may have: 64GiB, 500MB, or bytes."`
	Reserve    size          `name:"disk-reserve" default:"1GiB" help:"How much of the disk uploads leave free; 0: nothing."`
	Forget     bool          `name:"forget-recordings" help:"Remove the files of a session's recordings with the session; else they stay."`
	QR         bool          `default:"true" negatable:"" help:"Draw a QR code of the address in the terminal."`

	FakeClock string `placeholder:"SHIFT,DRIFT" help:"For tests alone: believe a clock that is ahead of this machine's and gains, as in +50ms,+20ppm."`

	connectionFlags `embed:""`
	storeFlags      `embed:""`
	accessFlags     `embed:""`
	tlsFlags        `embed:""`
}

func (c *serveCmd) Run(ctx context.Context, app *kong.Kong, log *slog.Logger) error {
	prefix, proxies, err := c.check()
	if err != nil {
		return usageError{err}
	}
	connections, err := c.limits()
	if err != nil {
		return usageError{err}
	}
	now, err := fakeClock(c.FakeClock)
	if err != nil {
		return usageError{fmt.Errorf("--fake-clock: %w", err)}
	}
	instance := uuid.NewString()
	if c.NATS != "" {
		log = log.With("instance", instance)
	}
	lines := newLineLimit(log)
	log = lines.calm()
	for _, name := range ignoredVariables(app) {
		log.Warn("env_ignored", "name", name)
	}
	logFakeClock(c.FakeClock, log)
	s, err := listen(c.Addr, c.RTCTCPPort)
	if err != nil {
		return err
	}
	store, err := c.storeFlags.open(ctx, c.Data, log) // the directory is ours from here on
	if err != nil {
		s.close()
		return err
	}
	policy, adminKey, err := c.policy(s.http.Addr().(*net.TCPAddr).IP, c.Data, log)
	if err != nil {
		s.close()
		return errors.Join(err, closeStore(store))
	}
	at := s.http.Addr().(*net.TCPAddr)
	secure, err := c.tlsFlags.open(served{at: at, prefix: prefix, data: c.Data, hosts: c.Host, advertise: c.Advertise, log: log})
	if err != nil {
		s.close()
		return errors.Join(err, closeStore(store))
	}
	urls := func() []string { return secure.urls(at) }
	svc, err := newService(serviceConfig{
		udp: s.udp, tcp: s.tcp, advertise: c.Advertise, hosts: slices.Concat(c.Host, secure.hosts), urls: urls, prefix: prefix, setupURL: secure.setup,
		minLead: c.MinLead, maxLead: c.MaxLead, maxDevices: c.MaxDevices, ntp: c.NTP,
		data: c.Data, uploadMax: int64(c.UploadMax), diskReserve: cmp.Or(int64(c.Reserve), -1), media: c.Media, forgetFiles: c.Forget, log: log,
		access: policy, proxies: proxies, origins: c.Origin, store: store, keepIdle: c.SessionIdle, instance: instance, lines: lines,
		connections: connections, encrypt: secure.wrap, now: now,
	})
	if err != nil {
		s.close()
		return errors.Join(err, secure.drop(), closeStore(store))
	}
	log.Info("server_starting", "version", thisBuild().Version, "access", string(policy.Mode()), "store", c.storeFlags.kind(c.Data))
	c.greet(os.Stdout, urls(), policy.Mode(), adminKey, secure)
	err = secure.beside(ctx, func(ctx context.Context) error { return svc.run(ctx, s.http) })
	log.Info("server_stopped")
	return err
}

// check refuses flags that don't make sense, and returns what two of them say.
func (c *serveCmd) check() (prefix string, proxies []netip.Prefix, err error) {
	if c.MinLead <= 0 || c.MaxLead < c.MinLead {
		return "", nil, fmt.Errorf("--min-lead %v and --max-lead %v: they must be positive, the second not less than the first", c.MinLead, c.MaxLead)
	}
	for _, ip := range c.Advertise {
		if net.ParseIP(ip) == nil {
			return "", nil, fmt.Errorf("--advertise %s: not an IP address", ip)
		}
	}
	if c.UploadMax <= 0 || c.Reserve < 0 {
		return "", nil, fmt.Errorf("--upload-max %d and --disk-reserve %d: the first must be positive, the second not negative", c.UploadMax, c.Reserve)
	}
	if prefix, err = api.CleanPrefix(c.BasePath); err != nil {
		return "", nil, fmt.Errorf("--base-path %s: %w", c.BasePath, err)
	}
	if err = c.origins(); err == nil {
		proxies, err = c.proxies()
	}
	return prefix, proxies, err
}

// greet says where to go.
func (c *serveCmd) greet(w io.Writer, urls []string, mode access.Mode, adminKey string, secure *security) {
	if adminKey != "" {
		for i, u := range urls {
			urls[i] = strings.TrimSuffix(u, "/") + "/#admin=" + url.QueryEscape(adminKey)
		}
	}
	fmt.Fprintln(w, "Downbeat is ready. Open one of these in a browser:")
	for _, u := range urls {
		fmt.Fprintln(w, "  "+u)
	}
	fmt.Fprintln(w, "Ctrl-C stops it. "+words(mode))
	c.storeFlags.greet(w, c.Data)
	code, opens := secure.say(w, urls[0])
	if c.QR && term.IsTerminal(int(os.Stdout.Fd())) {
		if adminKey != "" && code == urls[0] {
			opens += ", admin key included: keep it off other people’s cameras"
		}
		fmt.Fprintln(w, opens+".")
		qrterminal.GenerateHalfBlock(code, qrterminal.L, w)
	}
}

// sockets are what one instance listens on.
type sockets struct {
	http net.Listener
	udp  *net.UDPConn
	tcp  net.Listener
}

func (s *sockets) close() {
	for _, c := range []io.Closer{s.http, s.udp, s.tcp} {
		_ = c.Close()
	}
}

// listen opens HTTP's TCP port, the same UDP port for WebRTC, and WebRTC's TCP
// port: the next one where tcpPort is 0. With port 0 all three are any free ones.
func listen(addr string, tcpPort int) (*sockets, error) {
	var s sockets
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("--addr %s: %w", addr, plainError(err))
	}
	s.http = l
	at := l.Addr().(*net.TCPAddr)
	_, asked, _ := net.SplitHostPort(addr)
	s.udp, err = net.ListenUDP("udp", &net.UDPAddr{IP: at.IP, Port: at.Port, Zone: at.Zone})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("UDP port %d: %w", at.Port, plainError(err)), l.Close())
	}
	if tcpPort == 0 && asked != "0" {
		tcpPort = at.Port + 1
	}
	s.tcp, err = net.Listen("tcp", net.JoinHostPort(hostOf(at.IP), strconv.Itoa(tcpPort)))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("TCP port %d for WebRTC (--rtc-tcp-port): %w", tcpPort, plainError(err)), l.Close(), s.udp.Close())
	}
	return &s, nil
}

func hostOf(ip net.IP) string {
	if ip.IsUnspecified() {
		return ""
	}
	return ip.String()
}

// plainError takes the address off a network error: it is said already.
func plainError(err error) error {
	var op *net.OpError
	if errors.Is(err, syscall.EADDRINUSE) {
		return errors.New("another program listens there; give another port (or end that one)")
	}
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}
