package main

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"slices"

	"golang.org/x/sync/errgroup"
)

// tlsFlags say how connections are encrypted.
type tlsFlags struct {
	TLS       string `name:"tls" enum:",local,acme,files" default:"" help:"Encrypt: local (a certificate authority of this server's own, which devices install once), acme (a public one, for --host) or files (--tls-cert, --tls-key)."`
	TLSCert   string `name:"tls-cert" type:"path" placeholder:"FILE" help:"Certificate and its chain, PEM, for --tls files; read again when it changes."`
	TLSKey    string `name:"tls-key" type:"path" placeholder:"FILE" help:"The certificate's key, PEM, for --tls files."`
	SetupAddr string `placeholder:"ADDR" help:"Address of the unencrypted page that leads devices through installing the authority of --tls local. Default: that of --addr, two ports up; port 80 where that is 443."`
	ACMEEmail string `name:"acme-email" help:"Where the authority of --tls acme may write to."`
	ACMECA    string `name:"acme-ca" placeholder:"URL" help:"Directory of another ACME authority than Let's Encrypt."`
	ACMERoot  string `name:"acme-root" type:"path" placeholder:"FILE" help:"Certificate of the authority that --acme-ca itself is served with, PEM."`
	ACMEHTTP  int    `name:"acme-http-port" default:"80" help:"Port on which challenges over HTTP arrive, from port 80 of --host; 0: only those over TLS, from its port 443 to that of --addr."`
}

// served is what the flags of a server have come to, as encryption needs it.
type served struct {
	at        *net.TCPAddr
	prefix    string // path that the server is below
	data      string
	hosts     []string // --host
	advertise []string
	log       *slog.Logger
}

// security is how connections are encrypted; the zero value: not at all.
type security struct {
	config    *tls.Config
	prefix    string   // path that the server is below
	names     []string // further ones for the URLs that people are told
	namesOnly bool     // the certificate is for no address
	hosts     []string // further ones that requests may name
	run       []func(context.Context) error
	setup     func() string     // URL of the page for devices; nil: there is none
	greet     func(w io.Writer) // nil: nothing to say
	close     func() error      // gives back what open took, where run isn't run; nil: nothing
}

// open makes what the flags ask for, and listens on the page's port; --data is ours by then.
func (f *tlsFlags) open(s served) (*security, error) {
	if err := f.check(s); err != nil {
		return nil, usageError{err}
	}
	sec, err := &security{}, error(nil)
	switch f.TLS {
	case "local":
		sec, err = f.local(s)
	case "acme":
		sec, err = f.acme(s)
	case "files":
		sec, err = f.files(s)
	}
	if err != nil {
		return nil, err
	}
	sec.prefix = s.prefix
	return sec, nil
}

// check refuses flags that don't go together.
func (f *tlsFlags) check(s served) error {
	switch {
	case f.TLS == "local" && s.data == "":
		return errors.New("--tls local needs --data DIR: devices install the certificate authority once, so it must be the same after a restart")
	case f.TLS == "acme" && s.data == "":
		return errors.New("--tls acme needs --data DIR: authorities limit how many certificates one may ask for, so they must be kept")
	case f.TLS == "acme" && !slices.ContainsFunc(s.hosts, isDNSName):
		return errors.New("--tls acme needs --host NAME: the public name that the certificate is for")
	case f.TLS == "files" && (f.TLSCert == "" || f.TLSKey == ""):
		return errors.New("--tls files needs --tls-cert FILE and --tls-key FILE")
	case f.TLS != "files" && (f.TLSCert != "" || f.TLSKey != ""):
		return errors.New("--tls-cert and --tls-key belong to --tls files")
	case f.TLS != "local" && f.SetupAddr != "":
		return errors.New("--setup-addr belongs to --tls local")
	case f.TLS != "acme" && (f.ACMECA != "" || f.ACMEEmail != "" || f.ACMERoot != ""):
		return errors.New("--acme-… belong to --tls acme")
	}
	return nil
}

func isDNSName(s string) bool {
	_, err := netip.ParseAddr(s)
	return err != nil && s != ""
}

// urls are those under which the server is reached, the best first.
func (s *security) urls(at *net.TCPAddr) (urls []string) {
	switch {
	case s.config == nil:
		urls = addresses("http", at.IP, at.Port)
	case !s.namesOnly:
		urls = addresses("https", at.IP, at.Port, s.names...)
	default:
		for _, name := range s.names {
			urls = append(urls, baseURL("https", name, at.Port))
		}
	}
	for i := range urls {
		urls[i] += s.prefix
	}
	return urls
}

// wrap returns the listener with encryption.
func (s *security) wrap(l net.Listener) net.Listener {
	if s.config == nil {
		return l
	}
	return tls.NewListener(l, s.config)
}

// beside runs what encryption needs while main runs, and ends it afterwards.
func (s *security) beside(ctx context.Context, main func(context.Context) error) error {
	group, ctx := errgroup.WithContext(ctx)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	for _, run := range s.run {
		group.Go(func() error { return run(ctx) })
	}
	group.Go(func() error { defer stop(); return main(ctx) })
	return group.Wait()
}

// drop gives back what open took, where nothing is run.
func (s *security) drop() error {
	if s.close == nil {
		return nil
	}
	return s.close()
}

// say adds to the greeting, and returns what a terminal's QR code is for, and in words: the
// page for devices, where there is one.
func (s *security) say(w io.Writer, url string) (code, opens string) {
	if s.greet != nil {
		s.greet(w)
	}
	if s.setup != nil {
		return s.setup(), "This code leads a new phone through trusting this server"
	}
	return url, "This code opens the console"
}
