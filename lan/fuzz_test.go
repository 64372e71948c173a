package lan

import (
	"context"
	"crypto/x509"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pion/mdns/v2"
)

// FuzzAuthority: of files that anything may have happened to comes an authority
// that can sign, or an error.
func FuzzAuthority(f *testing.F) {
	a, err := OpenAuthority(f.TempDir(), Names{})
	if err != nil {
		f.Fatal(err)
	}
	cert, _ := os.ReadFile(a.File())
	key, err := os.ReadFile(filepath.Join(filepath.Dir(a.File()), keyFile))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(cert, key)
	f.Add(cert[:len(cert)/2], key)
	f.Add(key, cert)
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"), []byte("-----BEGIN EC PRIVATE KEY-----\n-----END EC PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, cert, key []byte) {
		a, err := parseAuthority(cert, key)
		if err != nil {
			return
		}
		may, _ := a.split(LocalNames())
		if _, err := a.sign(may, time.Now()); err != nil && time.Now().Before(a.cert.NotAfter) {
			t.Errorf("it can't sign: %v", err)
		}
		if _, err := a.Profile(); err != nil {
			t.Error(err)
		}
	})
}

// FuzzLocalNames: whatever --host and --advertise are, the certificate is one that a
// strict reader takes, for the names that it says it is for.
func FuzzLocalNames(f *testing.F) {
	for _, s := range []string{"studio.example", "192.168.1.20", "fe80::1%eth0", "::ffff:10.0.0.1", "a..b", "-", "ÄÖ.local", "x.local.", strings.Repeat("a", 64) + ".local"} {
		f.Add(s)
	}
	a, err := OpenAuthority(f.TempDir(), Names{})
	if err != nil {
		f.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(a.Certificate())
	f.Fuzz(func(t *testing.T, more string) {
		may, _ := a.split(LocalNames(more))
		cert, err := a.sign(may, time.Now())
		check(t, err)
		for _, name := range may.DNS {
			if _, err := cert.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name}); err != nil {
				t.Errorf("%q: %v", name, err)
			}
		}
		for _, ip := range may.IPs {
			if err := cert.Leaf.VerifyHostname(ip.String()); err != nil {
				t.Errorf("%v: %v", ip, err)
			}
		}
	})
}

// FuzzSecureHost: the host that a request names ends up in a header and in a page.
func FuzzSecureHost(f *testing.F) {
	for _, s := range []string{"192.168.1.20:8082", "[fd00::2]:8082", "downbeat.local", "x; script-src *", "a\r\nb", "[", "]:", "::1%25eth0", `"><script>`} {
		f.Add(s)
	}
	names := LocalNames("192.168.1.20", "fd00::2")
	cfg := SetupConfig{Covers: names.has, Host: func() string { return "192.168.1.20" }, Port: 8080}
	f.Fuzz(func(t *testing.T, asked string) {
		host := cfg.secureHost(asked)
		u, err := url.Parse("https://" + host)
		if err != nil || u.Host != host || u.Port() != "8080" || !names.has(u.Hostname()) || strings.ContainsAny(host, " ;,'\"<>\r\n") {
			t.Errorf("%q leads to %q: %v", asked, host, err)
		}
	})
}

// FuzzMDNS: whatever comes over the network, the name is answered afterwards.
func FuzzMDNS(f *testing.F) {
	a := Announcement{Port: 8443, Only: netip.MustParseAddr("127.0.0.1"), loopback: true}
	ctx, stop := context.WithTimeout(context.Background(), time.Hour)
	defer stop()
	asking, err := a.open()
	if err != nil {
		f.Skip("no multicast here: ", err)
	}
	defer closeMDNS(asking)
	answering := a.answer(ctx, []netip.Addr{a.Only})
	if answering == nil {
		f.Skip("no multicast here")
	}
	defer closeMDNS(answering)
	out, err := net.Dial("udp4", mdns.DefaultAddressIPv4)
	if err != nil {
		f.Skip("no multicast here: ", err)
	}
	defer out.Close()
	f.Add([]byte{})
	f.Add([]byte{0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 8, 'd', 'o', 'w', 'n', 'b', 'e', 'a', 't', 5, 'l', 'o', 'c', 'a', 'l', 0, 0, 1, 0, 1})
	f.Add([]byte{0, 0, 132, 0, 0, 0, 255, 255, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1}) // a name that points at itself
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1400 {
			return
		}
		_, err := out.Write(b)
		check(t, err)
		limit, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if _, _, err := asking.QueryAddr(limit, LocalName); err != nil {
			t.Errorf("after %x: %v", b, err)
		}
	})
}
