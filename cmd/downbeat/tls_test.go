package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/lan"
)

// newTLSInstance starts a server that encrypts; what it serves with isn't looked at by i.do.
func newTLSInstance(t testing.TB, flags ...string) *instance {
	t.Helper()
	addr := freeAddr(t)
	_, rtc, err := net.SplitHostPort(freeAddr(t))
	check(t, err)
	i := &instance{t: t, url: "https://" + addr}
	i.args = append([]string{"serve", "--addr", addr, "--rtc-tcp-port", rtc}, flags...)
	i.start()
	t.Cleanup(i.kill)
	return i
}

// TestTLSLocalAndDevice: a Go device joins over TLS by the authority's file, one without it doesn't.
func TestTLSLocalAndDevice(t *testing.T) {
	data := t.TempDir()
	i := newTLSInstance(t, "--tls", "local", "--data", data)
	var info struct {
		URLs     []string
		SetupURL string
	}
	i.get("/api/info", &info)
	if len(info.URLs) != 1 || info.URLs[0] != i.url || !strings.HasPrefix(info.SetupURL, "http://127.0.0.1:") {
		t.Errorf("told %+v", info)
	}
	roots, err := poolOf("--ca", filepath.Join(data, "tls", "ca.crt"))
	check(t, err)
	trusting := device.New(device.Config{URL: i.url, SessionID: "lan", Create: true, TLS: &tls.Config{RootCAs: roots}})
	ctx, leave := context.WithTimeout(t.Context(), 20*time.Second)
	ended := make(chan error, 1)
	go func() { ended <- trusting.Run(ctx) }()
	select {
	case <-trusting.Connected():
	case err := <-ended:
		t.Fatal("the device that trusts the authority: ", err)
	}
	leave()
	check(t, <-ended)
	err = device.New(device.Config{URL: i.url, SessionID: "lan"}).Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("the device that doesn't: %v", err)
	}
}

// TestTLSFiles are read again when they change, and what can't be read leaves the ones before.
func TestTLSFiles(t *testing.T) {
	dir := t.TempDir()
	flags := tlsFlags{TLS: "files", TLSCert: filepath.Join(dir, "cert.pem"), TLSKey: filepath.Join(dir, "key.pem")}
	first := writeCertificate(t, flags, "downbeat.local")
	s, err := flags.open(served{at: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8443}, log: quiet()})
	check(t, err)
	if urls := s.urls(&net.TCPAddr{Port: 8443}); len(urls) != 1 || urls[0] != "https://downbeat.local:8443" {
		t.Errorf("URLs %v", urls)
	}
	served := func() string {
		c, err := s.config.GetCertificate(nil)
		check(t, err)
		return c.Leaf.SerialNumber.String()
	}
	if served() != first {
		t.Error("another certificate than the file's")
	}
	p := &pair{cert: flags.TLSCert, key: flags.TLSKey, log: quiet()}
	check(t, p.load())
	check(t, os.WriteFile(flags.TLSCert, []byte("broken"), 0o600))
	if p.load() == nil || p.current.Load().Leaf.SerialNumber.String() != first {
		t.Error("a broken file took the place of the certificate")
	}
	second := writeCertificate(t, flags, "downbeat.local")
	check(t, os.Chtimes(flags.TLSCert, time.Time{}, time.Now().Add(time.Second)))
	if p.changed() == p.seen {
		t.Error("the change isn't seen")
	}
	check(t, p.load())
	if p.current.Load().Leaf.SerialNumber.String() != second {
		t.Error("the new certificate isn't served")
	}
}

// writeCertificate writes one with its key, and returns its serial number.
func writeCertificate(t *testing.T, f tlsFlags, name string) string {
	t.Helper()
	a, err := lan.OpenAuthority(filepath.Join(t.TempDir(), "ca"), lan.Names{})
	check(t, err)
	return writeSigned(t, a, f, name)
}

// writeSigned writes one of an authority.
func writeSigned(t *testing.T, a *lan.Authority, f tlsFlags, name string) string {
	t.Helper()
	c, err := lan.NewCertificates(lan.CertificatesConfig{Authority: a, Names: func() lan.Names { return lan.Names{DNS: []string{name}} }})
	check(t, err)
	cert, err := c.TLS().GetCertificate(nil)
	check(t, err)
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	check(t, err)
	writePEM(t, f.TLSCert, "CERTIFICATE", cert.Certificate[0])
	writePEM(t, f.TLSKey, "PRIVATE KEY", key)
	return cert.Leaf.SerialNumber.String()
}

func writePEM(t *testing.T, file, kind string, der []byte) {
	t.Helper()
	check(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
}

// TestTLSFlags: what doesn't go together is refused, with the reason.
func TestTLSFlags(t *testing.T) {
	dir := t.TempDir()
	at := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8443}
	other := tlsFlags{TLSCert: filepath.Join(dir, "other.pem"), TLSKey: filepath.Join(dir, "other.key")}
	writeCertificate(t, other, "downbeat.local")
	one := tlsFlags{TLSCert: filepath.Join(dir, "one.pem"), TLSKey: filepath.Join(dir, "one.key")}
	writeCertificate(t, one, "downbeat.local")
	for _, c := range []struct {
		name  string
		flags tlsFlags
		s     served
		says  string
	}{
		{"local without a directory", tlsFlags{TLS: "local"}, served{}, "--data"},
		{"acme without a directory", tlsFlags{TLS: "acme"}, served{hosts: []string{"a.example"}}, "--data"},
		{"acme without a name", tlsFlags{TLS: "acme"}, served{data: dir, hosts: []string{"192.0.2.1"}}, "--host"},
		{"acme with a root that isn't there", tlsFlags{TLS: "acme", ACMERoot: "/none"}, served{data: dir, hosts: []string{"a.example"}}, "--acme-root"},
		{"files without a key", tlsFlags{TLS: "files", TLSCert: one.TLSCert}, served{}, "--tls-key"},
		{"files that aren't there", tlsFlags{TLS: "files", TLSCert: "/none", TLSKey: one.TLSKey}, served{}, "no such file"},
		{"files that don't belong together", tlsFlags{TLS: "files", TLSCert: one.TLSCert, TLSKey: other.TLSKey}, served{}, "does not match"},
		{"a certificate without --tls", tlsFlags{TLSCert: one.TLSCert}, served{}, "--tls files"},
		{"a page without --tls local", tlsFlags{SetupAddr: ":1"}, served{}, "--tls local"},
	} {
		c.s.at, c.s.log = at, quiet()
		if _, err := c.flags.open(c.s); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for port, page := range map[int]int{8080: 8082, 443: 80, 65535: 65534} {
		if got := setupPort(port); got != page {
			t.Errorf("the page of %d is at %d", port, got)
		}
	}
}

// TestPlainHTTP: without TLS nothing is encrypted, and whoever speaks plain HTTP to TLS is told.
func TestPlainHTTP(t *testing.T) {
	s, err := (&tlsFlags{}).open(served{at: &net.TCPAddr{}, log: quiet()})
	check(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer l.Close()
	if s.wrap(l) != l || s.urls(l.Addr().(*net.TCPAddr))[0] != "http://"+l.Addr().String() {
		t.Error("encrypted without --tls")
	}
	i := newTLSInstance(t, "--tls", "local", "--data", t.TempDir())
	r, err := http.Get("http" + strings.TrimPrefix(i.url, "https"))
	check(t, err)
	check(t, r.Body.Close())
	if r.StatusCode != http.StatusBadRequest {
		t.Errorf("plain HTTP: %s", r.Status)
	}
}
