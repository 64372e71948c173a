package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/downbeat-sync/downbeat/internal/httplimit"
	"github.com/downbeat-sync/downbeat/lan"
)

// AuthorityDir is where the certificate authority of TLS mode local is, below a Config's Data.
func AuthorityDir(data string) string { return filepath.Join(data, "tls") }

// local encrypts with a certificate of an authority of the server's own.
func (f *TLS) local(s served) (*security, error) {
	more := slices.Concat(s.hosts, s.advertise)
	if !s.at.IP.IsUnspecified() {
		more = append(more, s.at.IP.String())
	}
	names := func() lan.Names { return lan.LocalNames(more...) }
	ca, err := lan.OpenAuthority(AuthorityDir(s.data), names())
	if err != nil {
		return nil, err
	}
	certs, err := lan.NewCertificates(lan.CertificatesConfig{Authority: ca, Names: names, Log: s.log})
	if err != nil {
		return nil, err
	}
	sec := &security{config: certs.TLS(), names: s.hosts, hosts: names().DNS}
	if !s.at.IP.IsLoopback() {
		sec.names = append(slices.Clone(s.hosts), lan.LocalName)
	}
	host := func() string { return hostOfURL(sec.urls(s.at)[0]) }
	page, err := lan.Setup(lan.SetupConfig{Authority: ca, Covers: certs.Covers, Host: host, Port: s.at.Port, Path: s.prefix})
	if err != nil {
		return nil, err
	}
	l, err := f.setupListener(s.at)
	if err != nil {
		return nil, err
	}
	sec.close = l.Close
	sec.setup = func() string { return baseURL("http", host(), l.Addr().(*net.TCPAddr).Port) + "/" }
	sec.authority, sec.root = ca.Fingerprint(), ca.Certificate()
	sec.run = append(sec.run,
		func(ctx context.Context) error { certs.Run(ctx); return nil },
		func(ctx context.Context) error { return serveSetup(ctx, l, page) })
	if !s.at.IP.IsLoopback() {
		only, _ := netip.AddrFromSlice(s.at.IP)
		announce := lan.Announcement{Port: uint16(s.at.Port), Only: only.Unmap(), Log: s.log}
		sec.run = append(sec.run, func(ctx context.Context) error { announce.Run(ctx); return nil })
	}
	return sec, nil
}

// setupListener is for devices that don't trust the server yet.
func (f *TLS) setupListener(at *net.TCPAddr) (net.Listener, error) {
	addr := cmp.Or(f.SetupAddr, net.JoinHostPort(hostOf(at.IP), strconv.Itoa(setupPort(at.Port))))
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, taken("{TLS.SetupAddr} %s: %w", addr, plainError(err))
	}
	return l, nil
}

// setupPort is the page's by default; the one above HTTPS's is WebRTC's.
func setupPort(https int) int {
	switch {
	case https == 443:
		return 80
	case https > 65533:
		return https - 1
	}
	return https + 2
}

func hostOfURL(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return s
	}
	return u.Hostname()
}

// setupConnections bounds how many connections the page has open.
const setupConnections = 64

// serveSetup serves the page until ctx ends.
func serveSetup(ctx context.Context, l net.Listener, page http.Handler) error {
	limited := httplimit.Listen(l, httplimit.Config{Connections: setupConnections})
	server := httplimit.NewServer(httplimit.Unread(page), limited)
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(limited); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("the page for devices: %w", err)
	}
	return nil
}
