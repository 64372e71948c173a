package lan

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/internal/testutil"
)

// anyUse is what whoever has the authority's key could sign for a name of the server's.
func anyUse(t *testing.T, a *Authority) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: LocalName},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{LocalName}, EmailAddresses: []string{"someone@example.com"},
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyAgreement | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{
			x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageEmailProtection, x509.ExtKeyUsageCodeSigning,
		},
	}, a.cert, &key.PublicKey, a.key)
	check(t, err)
	cert, err := x509.ParseCertificate(der)
	check(t, err)
	return cert
}

// olderAuthority is one as they were made before their use was constrained.
func olderAuthority(t *testing.T) *Authority {
	t.Helper()
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	template := constrained(Names{})
	template.ExtKeyUsage, template.Subject = nil, pkix.Name{CommonName: "Downbeat"}
	template.SerialNumber, template.NotBefore, template.NotAfter = serial(), time.Now().Add(-time.Hour), time.Now().Add(authorityLife)
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	check(t, err)
	keyDER, err := x509.MarshalECPrivateKey(key)
	check(t, err)
	check(t, writePEM(filepath.Join(dir, certFile), "CERTIFICATE", der, 0o644))
	check(t, writePEM(filepath.Join(dir, keyFile), "EC PRIVATE KEY", keyDER, 0o600))
	a, err := OpenAuthority(dir, Names{})
	check(t, err)
	return a
}

// TestServersAlone: Go's verifier takes what the authority's key signs for servers.
func TestServersAlone(t *testing.T) {
	a := newAuthority(t)
	roots := x509.NewCertPool()
	roots.AddCert(a.cert)
	cert := anyUse(t, a)
	for use := x509.ExtKeyUsageAny + 1; use <= x509.ExtKeyUsageMicrosoftKernelCodeSigning; use++ {
		_, err := cert.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{use}})
		if (err == nil) != (use == x509.ExtKeyUsageServerAuth) {
			t.Errorf("use %d: %v", use, err)
		}
	}
	if !a.ServersAlone() || a.cert.KeyUsage != x509.KeyUsageCertSign || !a.cert.MaxPathLenZero || a.cert.MaxPathLen != 0 {
		t.Errorf("the authority may %v, %v", a.cert.KeyUsage, a.cert.ExtKeyUsage)
	}
	leaf, err := a.sign(Names{DNS: []string{LocalName}}, time.Now())
	check(t, err)
	if l := leaf.Leaf; l.IsCA || l.KeyUsage != x509.KeyUsageDigitalSignature || len(l.ExtKeyUsage) != 1 || l.ExtKeyUsage[0] != x509.ExtKeyUsageServerAuth {
		t.Errorf("the server's certificate may %v, %v", l.KeyUsage, l.ExtKeyUsage)
	}
}

// TestPurposesInOpenSSL: what takes its certificates from the system's store does so too. An
// older authority shows that the certificate itself would be good for all of it.
func TestPurposesInOpenSSL(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		testutil.Missing(t, "openssl")
	}
	verify := func(t *testing.T, a *Authority, cert *x509.Certificate, purpose string) (string, bool) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "leaf.pem")
		check(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}), 0o600))
		out, err := exec.Command("openssl", "verify", "-x509_strict", "-no-CApath", "-no-CAstore", "-CAfile", a.File(), "-purpose", purpose, file).CombinedOutput()
		return string(out), err == nil
	}
	now, older := newAuthority(t), olderAuthority(t)
	for purpose, good := range map[string]bool{
		"sslserver": true, "sslclient": false, "smimesign": false, "smimeencrypt": false,
	} {
		if out, ok := verify(t, now, anyUse(t, now), purpose); ok != good {
			t.Errorf("%s: %v\n%s", purpose, ok, out)
		}
		if out, ok := verify(t, older, anyUse(t, older), purpose); !ok {
			t.Errorf("%s of an older authority: refused, so that this shows nothing\n%s", purpose, out)
		}
	}
	leaf, err := now.sign(Names{DNS: []string{LocalName}, IPs: []netip.Addr{netip.MustParseAddr("192.168.1.20")}}, time.Now())
	check(t, err)
	for purpose, good := range map[string]bool{"sslserver": true, "sslclient": false, "smimesign": false} {
		if out, ok := verify(t, now, leaf.Leaf, purpose); ok != good {
			t.Errorf("the server's certificate, %s: %v\n%s", purpose, ok, out)
		}
	}
}

// TestOlderAuthority goes on serving those who have installed it, and is told of.
func TestOlderAuthority(t *testing.T) {
	a := olderAuthority(t)
	if a.ServersAlone() {
		t.Error("it is taken for one that is constrained")
	}
	var log strings.Builder
	names := func() Names { return Names{DNS: []string{LocalName}} }
	c, err := NewCertificates(CertificatesConfig{Authority: a, Names: names, Log: slog.New(slog.NewTextHandler(&log, nil))})
	check(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(a.cert)
	if _, err := serving(t, c).Verify(x509.VerifyOptions{Roots: roots, DNSName: LocalName}); err != nil {
		t.Error(err)
	}
	if n := strings.Count(log.String(), "level=WARN"); n != 1 || !strings.Contains(log.String(), "msg=authority_unconstrained file=") {
		t.Errorf("it says\n%s", log.String())
	}
	log.Reset()
	_, err = NewCertificates(CertificatesConfig{Authority: newAuthority(t), Names: names, Log: slog.New(slog.NewTextHandler(&log, nil))})
	check(t, err)
	if strings.Contains(log.String(), "level=WARN") {
		t.Errorf("a new one says\n%s", log.String())
	}
}
