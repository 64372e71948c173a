package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"
)

// acme encrypts with certificates of a public authority for --host, obtained,
// renewed and kept below --data/acme.
func (f *tlsFlags) acme(s served) (*security, error) {
	roots, err := f.roots()
	if err != nil {
		return nil, err
	}
	silent := zap.NewNop() // events say what matters
	var magic *certmagic.Config
	cache := certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return magic, nil }, Logger: silent,
	})
	magic = certmagic.New(cache, certmagic.Config{
		Storage: &certmagic.FileStorage{Path: filepath.Join(s.data, "acme")}, Logger: silent, OnEvent: s.onACME,
	})
	magic.Issuers = []certmagic.Issuer{certmagic.NewACMEIssuer(magic, certmagic.ACMEIssuer{
		CA: f.ACMECA, Email: f.ACMEEmail, Agreed: true, TrustedRoots: roots, Logger: silent, ListenHost: hostOf(s.at.IP),
		AltHTTPPort: f.ACMEHTTP, DisableHTTPChallenge: f.ACMEHTTP == 0, AltTLSALPNPort: s.at.Port,
	})}
	names := slices.DeleteFunc(slices.Clone(s.hosts), func(h string) bool { return !isDNSName(h) })
	config := magic.TLSConfig()
	config.MinVersion, config.NextProtos = tls.VersionTLS12, append([]string{"http/1.1"}, config.NextProtos...)
	return &security{
		config: config, names: names, namesOnly: true,
		greet: func(w io.Writer) {
			fmt.Fprintln(w, "The certificate comes by ACME, to whose authority's terms using it agrees; the first one takes some seconds.")
		},
		close: func() error { cache.Stop(); return nil },
		run: []func(context.Context) error{func(ctx context.Context) error {
			defer cache.Stop()
			if err := magic.ManageAsync(ctx, names); err != nil {
				return fmt.Errorf("--tls acme: %w", err)
			}
			<-ctx.Done()
			return nil
		}},
	}, nil
}

// roots are what the authority itself is trusted by; nil: the system's.
func (f *tlsFlags) roots() (*x509.CertPool, error) {
	if f.ACMERoot == "" {
		return nil, nil
	}
	return poolOf("--acme-root", f.ACMERoot)
}

// poolOf reads certificates of authorities.
func poolOf(flag, file string) (*x509.CertPool, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		return nil, fmt.Errorf("%s %s: there is no certificate in it (PEM)", flag, file)
	}
	return pool, nil
}

// onACME logs what became of a certificate.
func (s served) onACME(_ context.Context, event string, data map[string]any) error {
	switch event {
	case "cert_obtained":
		s.log.Info("certificate_obtained", "name", data["identifier"])
	case "cert_failed":
		s.log.Warn("certificate_refused", "name", data["identifier"], "err", data["error"])
	}
	return nil
}
