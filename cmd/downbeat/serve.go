package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/internal/shell"
	"github.com/downbeat-sync/downbeat/server"
)

// serveCmd has the flags of the server; config says which of a server.Config's fields is which.
type serveCmd struct {
	Addr        string        `default:":8080" help:"Address to listen on: HTTP over TCP, WebRTC over UDP on the same port."`
	RTCTCPPort  int           `name:"rtc-tcp-port" default:"0" help:"TCP port for devices whose UDP is blocked; 0: the port after that of --addr."`
	Advertise   []string      `help:"Further IP addresses under which devices reach this machine (behind a NAT, say)."`
	Host        []string      `help:"Names under which this server is known, beside addresses and .local names."`
	BasePath    string        `placeholder:"/PATH" help:"Path that this server is below, where a proxy serves it there: /beat for https://host/beat/. Requests may have it or not."`
	MinLead     time.Duration `default:"100ms" help:"Least time between a command and its instant."`
	MaxLead     time.Duration `default:"5s" help:"Most time between a command and its instant, when the server chooses it."`
	MaxDevices  int           `default:"1000" help:"Devices that a session may have."`
	MaxSessions int           `default:"10000" help:"Sessions that there may be, on all instances together; 0: no limit."`
	Drain       time.Duration `default:"5s" help:"How long the end waits at most, after SIGTERM, for commands that lie ahead, takes and uploads; 0: not at all."`
	DrainTo     string        `placeholder:"URL" help:"Another instance, to which devices are sent at the end. Default: they come back to where they were."`
	NTP         []string      `name:"ntp" help:"NTP servers, host or host:port, that keep session time near UTC; at least three can outvote a wrong one."`
	NTPListen   string        `name:"ntp-listen" placeholder:"ADDR" help:"Address of an NTP server that tells session time, over UDP, such as :123. Default: none."`
	Data        string        `placeholder:"DIR" type:"path" help:"Directory of what the server keeps: sessions (in memory without it), and recordings, in DIR/recordings (uploads are refused without it)."`
	Media       string        `placeholder:"DIR" type:"existingdir" help:"Directory with films and music that the server offers to whoever leads a session, and sends to its devices; nothing else in it can be reached."`
	UploadMax   shell.Size    `default:"64GiB" help:"Most that one recording may have: 64GiB, 500MB, or bytes."`
	Reserve     shell.Size    `name:"disk-reserve" default:"1GiB" help:"How much of the disk uploads leave free; 0: nothing."`
	Forget      bool          `name:"forget-recordings" help:"Remove the files of a session's recordings with the session; else they stay."`
	QR          bool          `default:"true" negatable:"" help:"Draw a QR code of the address in the terminal."`

	FakeClock string `placeholder:"SHIFT,DRIFT" help:"For tests alone: believe a clock that is ahead of this machine's and gains, as in +50ms,+20ppm."`

	MaxConnections int `placeholder:"N" help:"Connections over HTTP that may be open at once, WebSockets included. Default: from the number of files that the process may have open, 16384 at most."`
	MaxPerAddress  int `name:"max-connections-per-address" default:"1500" help:"How many of them may come from one IPv4 address or one IPv6 network of 64 bits, at most three quarters of all. Proxies that are trusted are exempt."`

	NATS         string        `name:"nats" placeholder:"URL" help:"NATS servers with JetStream that keep the sessions instead, for several instances: nats://host:4222,…"`
	InstanceURL  string        `name:"instance-url" placeholder:"URL" help:"Where the other instances on --nats reach this one, such as http://10.0.0.2:8080. Default: at each address of this machine, on the port of --addr."`
	NATSReplicas int           `name:"nats-replicas" default:"0" help:"How many servers of a NATS cluster keep each session; 0: three in a cluster, else one."`
	Files        string        `placeholder:"URL" help:"Bucket of S3 that keeps the recordings instead, for all instances: s3://bucket/prefix?endpoint=https://s3.example&region=REGION&path-style=true; credentials, and what is left out, by the AWS_… variables."`
	AcceptLoss   bool          `name:"accept-data-loss" help:"Start with a data directory that has lost what was acknowledged; else that is refused."`
	SessionIdle  time.Duration `default:"24h" help:"How long a session without activity is kept, 84h at most."`

	Access       string        `enum:",open,link,token" default:"" help:"Who may do what: open (anybody everything), link (keys in links) or token (JSON Web Tokens). Default: open while listening on loopback, else link."`
	AdminKey     string        `help:"Key that creates and lists sessions in mode link, 16 bytes or more; default: the one kept with the data, or a new one."`
	JWTKeyFile   string        `name:"jwt-key-file" help:"File with the key of HS256 for mode token, 32 bytes or more."`
	JWKS         string        `name:"jwks" help:"File or URL of the public keys (JWKS: RSA, P-256, P-384, P-521, Ed25519) for mode token."`
	JWTLeeway    time.Duration `name:"jwt-leeway" default:"30s" help:"By how much exp, nbf and iat of tokens may be off."`
	JWTAudience  []string      `name:"jwt-audience" help:"Who tokens must be for: one of these in aud. Default: aud isn't looked at."`
	JWTIssuer    []string      `name:"jwt-issuer" help:"Who tokens must be from: one of these as iss. Default: iss isn't looked at."`
	TrustedProxy []string      `help:"Addresses or networks (10.0.0.0/8) of proxies whose X-Forwarded-… and Forwarded headers are believed."`
	SocketIO     bool          `name:"socket-io" default:"true" negatable:"" help:"Let clients of Socket.IO in, at /socket.io/; --no-socket-io: don't."`
	Origin       []string      `help:"Origins of other servers whose pages may use this one, such as https://app.example."`

	TLS       string `name:"tls" enum:",local,acme,files" default:"" help:"Encrypt: local (a certificate authority of this server's own, which devices install once), acme (a public one, for --host) or files (--tls-cert, --tls-key)."`
	TLSCert   string `name:"tls-cert" type:"path" placeholder:"FILE" help:"Certificate and its chain, PEM, for --tls files; read again when it changes."`
	TLSKey    string `name:"tls-key" type:"path" placeholder:"FILE" help:"The certificate's key, PEM, for --tls files."`
	SetupAddr string `placeholder:"ADDR" help:"Address of the unencrypted page that leads devices through installing the authority of --tls local. Default: that of --addr, two ports up; port 80 where that is 443."`
	ACMEEmail string `name:"acme-email" help:"Where the authority of --tls acme may write to."`
	ACMECA    string `name:"acme-ca" placeholder:"URL" help:"Directory of another ACME authority than Let's Encrypt."`
	ACMERoot  string `name:"acme-root" type:"path" placeholder:"FILE" help:"Certificate of the authority that --acme-ca itself is served with, PEM."`
	ACMEHTTP  int    `name:"acme-http-port" default:"80" help:"Port on which challenges over HTTP arrive, from port 80 of --host; 0: only those over TLS, from its port 443 to that of --addr."`
}

// gcPercent has the garbage collected at half of Go's usual surplus: devices at rest make little, so that this costs
// next to nothing, and saves a fifth of the memory of many.
const gcPercent = 50

func (c *serveCmd) Run(ctx context.Context, app *kong.Kong, log *slog.Logger) error {
	cfg, err := c.config(log)
	if err != nil {
		return usageError(err)
	}
	for _, name := range shell.IgnoredVariables(app) {
		log.Warn("env_ignored", "name", name)
	}
	shell.LogFakeClock(c.FakeClock, log)
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	s, err := server.New(ctx, cfg)
	if err != nil {
		return ofFlags(err)
	}
	shell.Greet(app.Stdout, s, shell.Greeting{Data: c.Data, NATS: c.NATS != "", ACME: c.TLS == "acme", QR: c.QR})
	return ofFlags(s.Run(ctx))
}

// checkNumbers refuses what would mean something else in a Config: a default where a flag has 0, nothing where it is
// negative.
func (c *serveCmd) checkNumbers() error {
	for flag, value := range map[string]int64{
		"min-lead": int64(c.MinLead), "max-lead": int64(c.MaxLead), "upload-max": int64(c.UploadMax), "session-idle": int64(c.SessionIdle),
		"max-devices": int64(c.MaxDevices), "max-connections-per-address": int64(c.MaxPerAddress),
	} {
		if value == 0 {
			return fmt.Errorf("--%s 0: it must be positive", flag)
		}
	}
	switch {
	case c.JWTLeeway < 0:
		return fmt.Errorf("--jwt-leeway %v: it must not be negative", c.JWTLeeway)
	case c.ACMEHTTP < 0:
		return fmt.Errorf("--acme-http-port %d: it must not be negative", c.ACMEHTTP)
	}
	return nil
}

// config is what the flags come to.
func (c *serveCmd) config(log *slog.Logger) (cfg server.Config, err error) {
	if err := c.checkNumbers(); err != nil {
		return cfg, err
	}
	proxies, err := c.proxies()
	if err != nil {
		return cfg, err
	}
	now, err := shell.FakeClock(c.FakeClock)
	if err != nil {
		return cfg, fmt.Errorf("--fake-clock: %w", err)
	}
	cfg = server.Config{
		Log: log, Addr: c.Addr, RTCTCPPort: c.RTCTCPPort, Prefix: c.BasePath, Hosts: c.Host, Advertise: c.Advertise, Proxies: proxies, Origins: c.Origin, NoSocketIO: !c.SocketIO,
		MaxConnections: c.MaxConnections, MaxPerAddress: c.MaxPerAddress, MinLead: c.MinLead, MaxLead: c.MaxLead, MaxDevices: c.MaxDevices, MaxSessions: cmp.Or(c.MaxSessions, math.MaxInt),
		SessionIdle: c.SessionIdle, NTP: c.NTP, NTPListen: c.NTPListen, Drain: c.Drain, DrainTo: c.DrainTo, Data: c.Data, Files: c.Files, NATS: c.NATS, InstanceURL: c.InstanceURL, NATSReplicas: c.NATSReplicas, AcceptLoss: c.AcceptLoss,
		Media: c.Media, UploadMax: int64(c.UploadMax), DiskReserve: cmp.Or(int64(c.Reserve), -1), ForgetRecordings: c.Forget, Version: thisBuild().Version,
		Now: now,
		Access: access.Config{
			Mode: access.Mode(c.Access), AdminKey: c.AdminKey, JWKS: c.JWKS, Leeway: cmp.Or(c.JWTLeeway, -1), Audiences: c.JWTAudience, Issuers: c.JWTIssuer,
		},
		TLS: server.TLS{
			Mode: c.TLS, Cert: c.TLSCert, Key: c.TLSKey, SetupAddr: c.SetupAddr, ACMEEmail: c.ACMEEmail, ACMECA: c.ACMECA, ACMERoot: c.ACMERoot,
			ACMEHTTPPort: cmp.Or(c.ACMEHTTP, -1),
		},
	}
	if c.TLS == "files" {
		hup := make(chan os.Signal, 1)
		signal.Notify(hup, syscall.SIGHUP)
		cfg.TLS.Reload = hup
	}
	if c.JWTKeyFile != "" {
		b, err := os.ReadFile(c.JWTKeyFile)
		if err != nil {
			return cfg, fmt.Errorf("--jwt-key-file: %w", err)
		}
		cfg.Access.HMACKey = []byte(strings.TrimRight(string(b), "\r\n"))
	}
	return cfg, nil
}

func (c *serveCmd) proxies() ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, s := range c.TrustedProxy {
		p, ok := access.ParseNetwork(s)
		if !ok {
			return nil, fmt.Errorf("--trusted-proxy %s: neither an address nor a network", s)
		}
		list = append(list, p)
	}
	return list, nil
}

// flagOf are the flags whose names aren't those of a Config's fields in lower case.
var flagOf = map[string]string{
	"Prefix": "base-path", "Hosts": "host", "Origins": "origin", "RTCTCPPort": "rtc-tcp-port", "MinLead": "min-lead", "MaxLead": "max-lead",
	"MaxDevices": "max-devices", "MaxSessions": "max-sessions", "InstanceURL": "instance-url", "SessionIdle": "session-idle", "UploadMax": "upload-max", "MaxConnections": "max-connections",
	"MaxPerAddress": "max-connections-per-address", "Listener": "addr", "TLS.Mode": "tls", "TLS.Cert": "tls-cert", "TLS.Key": "tls-key",
	"TLS.ACMEHTTPPort": "acme-http-port", "NATSReplicas": "nats-replicas", "NTPListen": "ntp-listen", "DrainTo": "drain-to",
	"TLS.SetupAddr": "setup-addr", "TLS.ACMECA": "acme-ca", "TLS.ACMEEmail": "acme-email", "TLS.ACMERoot": "acme-root",
}

// ofFlags tells a server's error by the flags that it comes from.
func ofFlags(err error) error {
	wrong, ok := errors.AsType[*server.ConfigError](err)
	if !ok {
		return err
	}
	err = errors.New(wrong.Named(func(field string) string { return "--" + cmp.Or(flagOf[field], strings.ToLower(field)) }))
	if wrong.Usable {
		return err
	}
	return usageError(err)
}
