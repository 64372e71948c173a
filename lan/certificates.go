package lan

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"
)

const (
	// life is how long a server's certificate is valid in all. Public
	// authorities may give 398 days; Apple's systems take 825 from private ones.
	life = 396 * 24 * time.Hour
	// backdate is for devices whose wall clock is late.
	backdate = 24 * time.Hour
	// renewBefore is how long before its end a certificate is replaced.
	renewBefore = 30 * 24 * time.Hour
	// lookEvery is how often addresses and ends are looked at.
	lookEvery = 10 * time.Second
)

// CertificatesConfig sets Certificates up; Authority and Names are required.
type CertificatesConfig struct {
	Authority *Authority
	// Names is asked for what the server is called now.
	Names func() Names
	Log   *slog.Logger // nil: silence
}

// Certificates are the server's, one at a time: a new one is signed when the
// names have changed and before the old one ends. Its key is never on a disk.
// Safe for concurrent use.
type Certificates struct {
	cfg CertificatesConfig

	mu      sync.Mutex
	names   Names // asked for
	current *tls.Certificate
}

// NewCertificates signs the first certificate.
func NewCertificates(cfg CertificatesConfig) (*Certificates, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	c := &Certificates{cfg: cfg}
	if !cfg.Authority.ServersAlone() {
		cfg.Log.Warn("authority_unconstrained", "file", cfg.Authority.File())
	}
	return c, c.renew(cfg.Names())
}

// Run keeps the certificate right until ctx ends.
func (c *Certificates) Run(ctx context.Context) {
	t := time.NewTicker(lookEvery)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			if names := c.cfg.Names(); c.due(names) {
				if err := c.renew(names); err != nil {
					c.cfg.Log.Warn("certificate_not_renewed", "err", err)
				}
			}
		case <-ctx.Done():
			return
		}
	}
}

func (c *Certificates) due(names Names) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	end := c.current.Leaf.NotAfter
	near := time.Until(end) < renewBefore && end.Before(c.cfg.Authority.cert.NotAfter)
	return near || !names.equal(c.names)
}

func (c *Certificates) renew(names Names) error {
	may, not := c.cfg.Authority.split(names)
	if len(not) > 0 {
		c.cfg.Log.Warn("certificate_names_left_out", "names", not)
	}
	cert, err := c.cfg.Authority.sign(may, time.Now())
	if err != nil {
		return err
	}
	c.cfg.Log.Info("certificate_made", "names", may.DNS, "addresses", may.IPs, "until", cert.Leaf.NotAfter.Format(time.DateOnly))
	c.mu.Lock()
	c.names, c.current = names, cert
	c.mu.Unlock()
	return nil
}

// TLS returns a configuration that serves the certificate of the moment. It
// offers HTTP/1.1 alone: a WebSocket's handshake is of that version.
func (c *Certificates) TLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.current, nil
		},
	}
}

// Covers reports whether the certificate of the moment is valid for a URL's host.
func (c *Certificates) Covers(host string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	may, _ := c.cfg.Authority.split(c.names)
	return may.has(host)
}

// split tells apart what the authority may speak for and what it may not.
func (a *Authority) split(n Names) (may Names, not []string) {
	for _, name := range n.DNS {
		if permitsName(a.cert, name) {
			may.DNS = append(may.DNS, name)
		} else {
			not = append(not, name)
		}
	}
	for _, ip := range n.IPs {
		if permitsIP(a.cert, ip) {
			may.IPs = append(may.IPs, ip)
		} else {
			not = append(not, ip.String())
		}
	}
	return may, not
}

func (a *Authority) sign(n Names, now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{Organization: []string{"Downbeat"}, CommonName: LocalName},
		NotBefore: now.Add(-backdate), NotAfter: earlier(now.Add(life-backdate), a.cert.NotAfter),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: slices.Clone(n.DNS), BasicConstraintsValid: true,
	}
	for _, ip := range n.IPs {
		template.IPAddresses = append(template.IPAddresses, ip.AsSlice())
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	if !now.Before(leaf.NotAfter) {
		return nil, errors.New("the certificate authority has ended: remove it to make a new one, which every device must install again")
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key, Leaf: leaf}, nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// reachable are the addresses of a list under which another device may reach this one.
func reachable(list []netip.Addr) []netip.Addr {
	return slices.DeleteFunc(slices.Clone(list), func(a netip.Addr) bool { return a.IsLoopback() || !a.Is4() })
}
