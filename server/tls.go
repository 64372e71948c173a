package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"os"
	"slices"

	"golang.org/x/sync/errgroup"
)

// TLS says how connections are encrypted; the zero value: not at all.
type TLS struct {
	// Mode is local (a certificate authority of this server's own, which devices install once), acme (a
	// public one, for Hosts) or files (Cert and Key).
	Mode string

	Cert, Key string           // files of mode files, PEM, with the chain in Cert; read again when they change
	Reload    <-chan os.Signal // read them again at once; nil: never

	SetupAddr string // of mode local: address of the unencrypted page that leads devices through installing the authority; default: that of HTTP, two ports up, port 80 where that is 443

	ACMEEmail    string // of mode acme: where the authority may write to
	ACMECA       string // directory of another authority than Let's Encrypt
	ACMERoot     string // file with the certificate that ACMECA itself is served with, PEM
	ACMEHTTPPort int    // on which challenges over HTTP arrive, from port 80 of Hosts; default 80; negative: only those over TLS, from its port 443 to that of HTTP
}

// served is what the settings of a server have come to, as encryption needs it.
type served struct {
	at        *net.TCPAddr
	prefix    string // path that the server is below
	data      string
	hosts     []string // its names
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
	authority string            // fingerprint of the server's own; empty: there is none
	root      *x509.Certificate // of the server's own authority; nil: there is none
	close     func() error      // gives back what open took, where run isn't run; nil: nothing
}

// openTLS makes what encrypts.
func (s *Server) openTLS(context.Context) (err error) {
	s.secure, err = s.cfg.TLS.open(served{
		at: s.sockets.at(), prefix: s.cfg.Prefix, data: s.cfg.Data, hosts: s.cfg.Hosts, advertise: s.cfg.Advertise, log: s.log,
	})
	return err
}

// SetupURL is where a device that doesn't trust the server yet begins; empty where none needs to.
func (s *Server) SetupURL() string {
	if s.secure.setup == nil {
		return ""
	}
	return s.secure.setup()
}

// Fingerprint is the SHA-256 of the server's own certificate authority; empty where there is none.
func (s *Server) Fingerprint() string { return s.secure.authority }

// open makes what the settings ask for, and listens on the page's port; the data directory is ours by then.
func (f *TLS) open(s served) (*security, error) {
	if err := f.check(s); err != nil {
		return nil, err
	}
	sec, err := &security{}, error(nil)
	switch f.Mode {
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

// check refuses settings that don't go together.
func (f *TLS) check(s served) error {
	switch {
	case !slices.Contains([]string{"", "local", "acme", "files"}, f.Mode):
		return wrong("{TLS.Mode} %s: it is local, acme or files, or empty", f.Mode)
	case f.Mode != "" && s.at == nil:
		return wrong("{TLS.Mode} %s needs a {Listener} of TCP", f.Mode)
	case f.Mode == "local" && s.data == "":
		return wrong("{TLS.Mode} local needs {Data}: devices install the certificate authority once, so it must be the same after a restart")
	case f.Mode == "acme" && s.data == "":
		return wrong("{TLS.Mode} acme needs {Data}: authorities limit how many certificates one may ask for, so they must be kept")
	case f.Mode == "acme" && !slices.ContainsFunc(s.hosts, isDNSName):
		return wrong("{TLS.Mode} acme needs {Hosts}: the public name that the certificate is for")
	case f.Mode == "files" && (f.Cert == "" || f.Key == ""):
		return wrong("{TLS.Mode} files needs {TLS.Cert} and {TLS.Key}")
	case f.Mode != "files" && (f.Cert != "" || f.Key != ""):
		return wrong("{TLS.Cert} and {TLS.Key} belong to {TLS.Mode} files")
	case f.Mode != "local" && f.SetupAddr != "":
		return wrong("{TLS.SetupAddr} belongs to {TLS.Mode} local")
	case f.ACMECA != "" && !isURL(f.ACMECA):
		return wrong("{TLS.ACMECA} %s: it must be an address that begins with https:// or http://", f.ACMECA)
	case f.ACMEEmail != "" && !isMail(f.ACMEEmail):
		return wrong("{TLS.ACMEEmail} %s: it must be an address of mail, such as me@beat.example", f.ACMEEmail)
	case f.Mode != "acme" && (f.ACMECA != "" || f.ACMEEmail != "" || f.ACMERoot != ""):
		return wrong("{TLS.ACMECA}, {TLS.ACMEEmail} and {TLS.ACMERoot} belong to {TLS.Mode} acme")
	}
	return nil
}

func isDNSName(s string) bool {
	_, err := netip.ParseAddr(s)
	return err != nil && s != ""
}

func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

func isMail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s
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
	if s == nil || s.close == nil {
		return nil
	}
	return s.close()
}
