package lan

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func newAuthority(t *testing.T) *Authority {
	t.Helper()
	a, err := OpenAuthority(t.TempDir(), Names{DNS: []string{"studio"}, IPs: []netip.Addr{netip.MustParseAddr("203.0.113.7")}})
	check(t, err)
	return a
}

// TestAuthorityIsConstrained: whatever its key signs, Go's verifier takes for
// local names and networks and for the machine's own at its making, and for nothing else.
func TestAuthorityIsConstrained(t *testing.T) {
	a := newAuthority(t)
	roots := x509.NewCertPool()
	roots.AddCert(a.Certificate())
	for host, good := range map[string]bool{
		"downbeat.local": true, "localhost": true, "studio": true, "192.168.1.20": true, "10.1.2.3": true, "172.31.0.1": true,
		"127.0.0.1": true, "::1": true, "fd00::7": true, "169.254.3.4": true, "203.0.113.7": true,
		"example.com": false, "local.example.com": false, "evillocal": false, "203.0.113.8": false, "172.32.0.1": false, "2001:db8::1": false,
	} {
		n := Names{DNS: []string{host}}
		if ip, err := netip.ParseAddr(host); err == nil {
			n = Names{IPs: []netip.Addr{ip}}
		}
		cert, err := a.sign(n, time.Now())
		check(t, err)
		_, err = cert.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: host})
		if (err == nil) != good {
			t.Errorf("%s: %v", host, err)
		}
		if may, not := a.split(n); (len(not) == 0) != good || may.has(host) != good {
			t.Errorf("%s: may sign for %v, not for %v", host, may, not)
		}
	}
}

// TestNoFurtherAuthority: a certificate of the authority can't sign another.
func TestNoFurtherAuthority(t *testing.T) {
	a := newAuthority(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	template := constrained(Names{})
	template.SerialNumber, template.NotBefore, template.NotAfter = serial(), time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	template.MaxPathLen = -1
	template.MaxPathLenZero = false
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	check(t, err)
	below, err := x509.ParseCertificate(der)
	check(t, err)
	leaf, err := (&Authority{cert: below, key: key}).sign(Names{DNS: []string{LocalName}}, time.Now())
	check(t, err)
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(a.cert)
	between.AddCert(below)
	if _, err := leaf.Leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, DNSName: LocalName}); err == nil {
		t.Error("an authority below the authority was taken")
	}
}

// TestAuthorityIsKept in files, of which only the owner may read the key, and what is damaged is said.
func TestAuthorityIsKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tls")
	first, err := OpenAuthority(dir, Names{})
	check(t, err)
	second, err := OpenAuthority(dir, LocalNames())
	check(t, err)
	if first.Fingerprint() != second.Fingerprint() || len(first.Fingerprint()) != 32*3-1 {
		t.Errorf("%s, then %s", first.Fingerprint(), second.Fingerprint())
	}
	info, err := os.Stat(filepath.Join(dir, keyFile))
	check(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the key has mode %v", info.Mode())
	}
	for _, file := range []string{certFile, keyFile} {
		b, err := os.ReadFile(filepath.Join(dir, file))
		check(t, err)
		check(t, os.WriteFile(filepath.Join(dir, file), b[:len(b)/2], 0o600))
		if _, err := OpenAuthority(dir, Names{}); err == nil {
			t.Errorf("half of %s was taken", file)
		}
		check(t, os.WriteFile(filepath.Join(dir, file), b, 0o600))
	}
	other := filepath.Join(t.TempDir(), "tls")
	_, err = OpenAuthority(other, Names{})
	check(t, err)
	check(t, os.Rename(filepath.Join(other, keyFile), filepath.Join(dir, keyFile)))
	if _, err := OpenAuthority(dir, Names{}); err == nil {
		t.Error("a key of another certificate was taken")
	}
}

func TestNames(t *testing.T) {
	n := LocalNames("192.168.9.9", "Studio.Example", "::ffff:10.0.0.9", "under_score", "192.168.9.9")
	for _, host := range []string{"localhost", LocalName, "192.168.9.9", "10.0.0.9", "studio.example", "127.0.0.1"} {
		if !n.has(host) {
			t.Errorf("%s isn't among %v", host, n)
		}
	}
	if n.has("under_score") || !n.equal(n.sorted()) {
		t.Errorf("%v", n)
	}
}
