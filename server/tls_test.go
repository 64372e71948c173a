package server

import (
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/internal/testutil"
	"github.com/downbeat-sync/downbeat/lan"
)

// TestTLSFiles are read again when they change, and what can't be read leaves the ones before.
func TestTLSFiles(t *testing.T) {
	dir := t.TempDir()
	flags := TLS{Mode: "files", Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	first := writeCertificate(t, flags, "downbeat.local")
	s, err := flags.open(served{at: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8443}, log: testutil.Quiet()})
	testutil.Check(t, err)
	if urls := s.urls(&net.TCPAddr{Port: 8443}); len(urls) != 1 || urls[0] != "https://downbeat.local:8443" {
		t.Errorf("URLs %v", urls)
	}
	served := func() string {
		c, err := s.config.GetCertificate(nil)
		testutil.Check(t, err)
		return c.Leaf.SerialNumber.String()
	}
	if served() != first {
		t.Error("another certificate than the file's")
	}
	p := &pair{cert: flags.Cert, key: flags.Key, log: testutil.Quiet()}
	testutil.Check(t, p.load())
	testutil.Check(t, os.WriteFile(flags.Cert, []byte("broken"), 0o600))
	if p.load() == nil || p.current.Load().Leaf.SerialNumber.String() != first {
		t.Error("a broken file took the place of the certificate")
	}
	second := writeCertificate(t, flags, "downbeat.local")
	testutil.Check(t, os.Chtimes(flags.Cert, time.Time{}, time.Now().Add(time.Second)))
	if p.changed() == p.seen {
		t.Error("the change isn't seen")
	}
	testutil.Check(t, p.load())
	if p.current.Load().Leaf.SerialNumber.String() != second {
		t.Error("the new certificate isn't served")
	}
}

// writeCertificate writes one with its key, and returns its serial number.
func writeCertificate(t *testing.T, f TLS, name string) string {
	t.Helper()
	a, err := lan.OpenAuthority(filepath.Join(t.TempDir(), "ca"), lan.Names{})
	testutil.Check(t, err)
	return writeSigned(t, a, f, name)
}

// writeSigned writes one of an authority.
func writeSigned(t *testing.T, a *lan.Authority, f TLS, name string) string {
	t.Helper()
	c, err := lan.NewCertificates(lan.CertificatesConfig{Authority: a, Names: func() lan.Names { return lan.Names{DNS: []string{name}} }})
	testutil.Check(t, err)
	cert, err := c.TLS().GetCertificate(nil)
	testutil.Check(t, err)
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	testutil.Check(t, err)
	testutil.WritePEM(t, f.Cert, "CERTIFICATE", cert.Certificate[0])
	testutil.WritePEM(t, f.Key, "PRIVATE KEY", key)
	return cert.Leaf.SerialNumber.String()
}

// TestTLSFlags: what doesn't go together is refused, with the reason.
func TestTLSFlags(t *testing.T) {
	dir := t.TempDir()
	at := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8443}
	other := TLS{Cert: filepath.Join(dir, "other.pem"), Key: filepath.Join(dir, "other.key")}
	writeCertificate(t, other, "downbeat.local")
	one := TLS{Cert: filepath.Join(dir, "one.pem"), Key: filepath.Join(dir, "one.key")}
	writeCertificate(t, one, "downbeat.local")
	for _, c := range []struct {
		name  string
		flags TLS
		s     served
		says  string
	}{
		{"local without a directory", TLS{Mode: "local"}, served{}, "Data"},
		{"acme without a directory", TLS{Mode: "acme"}, served{hosts: []string{"a.example"}}, "Data"},
		{"acme without a name", TLS{Mode: "acme"}, served{data: dir, hosts: []string{"192.0.2.1"}}, "Hosts"},
		{"acme with a root that isn't there", TLS{Mode: "acme", ACMERoot: "/none"}, served{data: dir, hosts: []string{"a.example"}}, "TLS.ACMERoot"},
		{"files without a key", TLS{Mode: "files", Cert: one.Cert}, served{}, "TLS.Key"},
		{"files that aren't there", TLS{Mode: "files", Cert: "/none", Key: one.Key}, served{}, "no such file"},
		{"files that don't belong together", TLS{Mode: "files", Cert: one.Cert, Key: other.Key}, served{}, "does not match"},
		{"a certificate without a mode", TLS{Cert: one.Cert}, served{}, "TLS.Mode files"},
		{"a page without mode local", TLS{SetupAddr: ":1"}, served{}, "TLS.Mode local"},
	} {
		c.s.at, c.s.log = at, testutil.Quiet()
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

// TestPlainHTTP: without TLS nothing is encrypted.
func TestPlainHTTP(t *testing.T) {
	s, err := (&TLS{}).open(served{at: &net.TCPAddr{}, log: testutil.Quiet()})
	testutil.Check(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	testutil.Check(t, err)
	defer l.Close()
	if s.wrap(l) != l || s.urls(l.Addr().(*net.TCPAddr))[0] != "http://"+l.Addr().String() {
		t.Error("encrypted without --tls")
	}
}
