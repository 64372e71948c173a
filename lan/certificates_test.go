package lan

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// serving is the certificate that a client gets.
func serving(t *testing.T, c *Certificates) *x509.Certificate {
	t.Helper()
	cert, err := c.TLS().GetCertificate(&tls.ClientHelloInfo{})
	check(t, err)
	return cert.Leaf
}

// TestCertificateFollowsTheAddresses, and its end.
func TestCertificateFollowsTheAddresses(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		names := Names{DNS: []string{LocalName}, IPs: []netip.Addr{netip.MustParseAddr("192.168.1.20")}}
		a, err := OpenAuthority(dir, names)
		check(t, err)
		c, err := NewCertificates(CertificatesConfig{Authority: a, Names: func() Names { mu.Lock(); defer mu.Unlock(); return names }})
		check(t, err)
		running, stop := context.WithCancel(t.Context())
		go c.Run(running)
		first := serving(t, c)
		if valid := first.NotAfter.Sub(first.NotBefore); valid > 397*24*time.Hour || first.NotBefore.After(time.Now()) {
			t.Errorf("valid for %v from %v on", valid, first.NotBefore)
		}
		time.Sleep(time.Minute)
		if serving(t, c) != first {
			t.Error("a new certificate without a reason")
		}
		mu.Lock()
		names = Names{DNS: names.DNS, IPs: []netip.Addr{netip.MustParseAddr("10.0.0.4"), netip.MustParseAddr("198.51.100.1")}}
		mu.Unlock()
		time.Sleep(lookEvery)
		synctest.Wait()
		second := serving(t, c)
		if err := second.VerifyHostname("10.0.0.4"); err != nil || second.VerifyHostname("192.168.1.20") == nil || second.VerifyHostname("198.51.100.1") == nil {
			t.Errorf("after the address changed: %v, %v", err, second.IPAddresses)
		}
		if !c.Covers("10.0.0.4") || c.Covers("198.51.100.1") {
			t.Error("it covers what it isn't valid for")
		}
		stop()
		synctest.Wait()

		time.Sleep(time.Until(second.NotAfter) - renewBefore + time.Second)
		running, stop = context.WithCancel(t.Context())
		defer stop()
		go c.Run(running)
		time.Sleep(lookEvery)
		synctest.Wait()
		if third := serving(t, c); !third.NotAfter.After(second.NotAfter) {
			t.Errorf("the certificate ends at %v, it is %v", third.NotAfter, time.Now())
		}
	})
}

// TestCertificateEndsWithTheAuthority at the latest, and none comes after it.
func TestCertificateEndsWithTheAuthority(t *testing.T) {
	a := newAuthority(t)
	late := a.cert.NotAfter.Add(-time.Hour)
	cert, err := a.sign(Names{DNS: []string{LocalName}}, late)
	if err != nil || cert.Leaf.NotAfter.After(a.cert.NotAfter) {
		t.Errorf("%v", err)
	}
	if _, err := a.sign(Names{DNS: []string{LocalName}}, late.Add(2*time.Hour)); err == nil {
		t.Error("signed after its end")
	}
}

// TestHandshake over TLS as clients do it: 1.2 is the least, HTTP/2 isn't offered.
func TestHandshake(t *testing.T) {
	a := newAuthority(t)
	c, err := NewCertificates(CertificatesConfig{Authority: a, Names: func() Names { return LocalNames() }})
	check(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(a.Certificate())
	l, err := tls.Listen("tcp", "127.0.0.1:0", c.TLS())
	check(t, err)
	defer l.Close()
	served := make(chan struct{})
	go func() {
		defer close(served)
		for range 3 {
			if conn, err := l.Accept(); err == nil {
				_ = conn.(*tls.Conn).Handshake()
				_ = conn.Close()
			}
		}
	}()
	for _, try := range []struct {
		config *tls.Config
		good   bool
	}{
		{&tls.Config{RootCAs: roots, NextProtos: []string{"h2", "http/1.1"}}, true},
		{&tls.Config{RootCAs: roots, ServerName: "example.com"}, false},
		{&tls.Config{RootCAs: roots, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}, false},
	} {
		conn, err := tls.Dial("tcp", l.Addr().String(), try.config)
		if (err == nil) != try.good {
			t.Errorf("%+v: %v", try.config, err)
		}
		if err == nil {
			if p := conn.ConnectionState().NegotiatedProtocol; p != "http/1.1" {
				t.Errorf("agreed on %q", p)
			}
			_ = conn.Close()
		}
	}
	<-served
}
