package server

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"

	"github.com/downbeat-sync/downbeat/lan"
)

// acme encrypts with certificates of a public authority for the server's names, obtained,
// renewed and kept below acme in the data directory.
func (f *TLS) acme(s served) (*security, error) {
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
		AltHTTPPort: max(0, cmp.Or(f.ACMEHTTPPort, 80)), DisableHTTPChallenge: f.ACMEHTTPPort < 0, AltTLSALPNPort: s.at.Port,
	})}
	names := slices.DeleteFunc(slices.Clone(s.hosts), func(h string) bool { return !isDNSName(h) })
	config := magic.TLSConfig()
	config.MinVersion, config.NextProtos = tls.VersionTLS12, append([]string{"http/1.1"}, config.NextProtos...)
	return &security{
		config: config, names: names, namesOnly: true,
		close: func() error { cache.Stop(); return nil },
		run: []func(context.Context) error{func(ctx context.Context) error {
			defer cache.Stop()
			if err := magic.ManageAsync(ctx, names); err != nil {
				return fmt.Errorf("certificates by ACME: %w", err)
			}
			<-ctx.Done()
			return nil
		}},
	}, nil
}

// roots are what the authority itself is trusted by; nil: the system's.
func (f *TLS) roots() (*x509.CertPool, error) {
	if f.ACMERoot == "" {
		return nil, nil
	}
	roots, err := lan.ReadRoots(f.ACMERoot)
	if err != nil {
		return nil, wrong("{TLS.ACMERoot}: %w", err)
	}
	return roots, nil
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
