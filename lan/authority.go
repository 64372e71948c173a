package lan

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/downbeat-sync/downbeat/internal/atomicfile"
)

const (
	authorityLife = 10 * 365 * 24 * time.Hour
	certFile      = "ca.crt"
	keyFile       = "ca.key"
)

// local are the networks that every authority may speak for: loopback, the
// private ones (RFC 1918, RFC 4193) and link-local ones.
var local = []string{
	"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "::1/128", "fc00::/7", "fe80::/10",
}

// Authority signs the server's certificates. It is safe for concurrent use.
type Authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string
}

// OpenAuthority returns the authority that is kept in a directory, and makes
// one at the first time, which may speak for local names and networks and for
// names, the machine's of then. Only the owner may read its key.
func OpenAuthority(dir string, names Names) (*Authority, error) {
	if _, err := os.Stat(filepath.Join(dir, keyFile)); errors.Is(err, os.ErrNotExist) {
		if err := makeAuthority(dir, names, time.Now()); err != nil {
			return nil, fmt.Errorf("making the certificate authority: %w", err)
		}
	}
	a, err := ReadAuthority(dir)
	if err != nil {
		return nil, fmt.Errorf("the certificate authority in %s: %w; remove the directory to make a new one, which every device must install again", dir, err)
	}
	return a, nil
}

// ReadAuthority returns the authority that is kept in a directory; its errors
// are those of os for what isn't there.
func ReadAuthority(dir string) (*Authority, error) {
	file := filepath.Join(dir, certFile)
	cert, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	key, err := os.ReadFile(filepath.Join(dir, keyFile))
	if err != nil {
		return nil, err
	}
	a, err := parseAuthority(cert, key)
	if err != nil {
		return nil, err
	}
	a.file = file
	return a, nil
}

// parseAuthority reads what the two files hold.
func parseAuthority(cert, key []byte) (*Authority, error) {
	der, err := decodePEM(cert, certFile, "CERTIFICATE")
	if err != nil {
		return nil, err
	}
	a := &Authority{}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	if der, err = decodePEM(key, keyFile, "EC PRIVATE KEY"); err != nil {
		return nil, err
	}
	if a.key, err = x509.ParseECPrivateKey(der); err != nil {
		return nil, err
	}
	switch now := time.Now(); {
	case !a.key.PublicKey.Equal(a.cert.PublicKey):
		return nil, errors.New("key and certificate don't belong together")
	case now.After(a.cert.NotAfter):
		return nil, fmt.Errorf("it ended on %s", a.cert.NotAfter.Format(time.DateOnly))
	}
	return a, nil
}

func decodePEM(b []byte, file, kind string) ([]byte, error) {
	block, _ := pem.Decode(b)
	if block == nil || block.Type != kind {
		return nil, fmt.Errorf("%s holds no %s", file, strings.ToLower(kind))
	}
	return block.Bytes, nil
}

// makeAuthority writes the certificate first: a key without one would be taken
// for an authority that is whole.
func makeAuthority(dir string, names Names, now time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	host, _ := os.Hostname()
	template := constrained(names)
	template.SerialNumber = serial()
	template.Subject = pkix.Name{Organization: []string{"Downbeat"}, CommonName: "Downbeat on " + host + ", " + now.Format("January 2006")}
	template.NotBefore, template.NotAfter = now.Add(-backdate), now.Add(authorityLife)
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(dir, 0o700),
		writePEM(filepath.Join(dir, certFile), "CERTIFICATE", cert, 0o644),
		writePEM(filepath.Join(dir, keyFile), "EC PRIVATE KEY", keyDER, 0o600))
}

// constrained is an authority that may sign for no other names than these and
// the local ones, for TLS servers alone, and may make no further authority.
func constrained(names Names) *x509.Certificate {
	c := &x509.Certificate{
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
		ExtKeyUsage:                 []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: []string{"local", "localhost"},
	}
	for _, l := range local {
		_, n, _ := net.ParseCIDR(l)
		c.PermittedIPRanges = append(c.PermittedIPRanges, n)
	}
	for _, name := range names.DNS {
		if !permitsName(c, name) {
			c.PermittedDNSDomains = append(c.PermittedDNSDomains, name)
		}
	}
	for _, a := range names.IPs {
		if !permitsIP(c, a) {
			c.PermittedIPRanges = append(c.PermittedIPRanges, &net.IPNet{IP: a.AsSlice(), Mask: net.CIDRMask(a.BitLen(), a.BitLen())})
		}
	}
	return c
}

func permitsName(c *x509.Certificate, name string) bool {
	return slices.ContainsFunc(c.PermittedDNSDomains, func(d string) bool { return name == d || strings.HasSuffix(name, "."+d) })
}

func permitsIP(c *x509.Certificate, a netip.Addr) bool {
	return slices.ContainsFunc(c.PermittedIPRanges, func(n *net.IPNet) bool { return n.Contains(a.AsSlice()) })
}

func writePEM(file, kind string, der []byte, mode os.FileMode) error {
	return atomicfile.Write(file, mode, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// ServersAlone reports whether what the authority signs is good for TLS servers and
// nothing else. Older ones have only their names constrained.
func (a *Authority) ServersAlone() bool {
	return slices.Equal(a.cert.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}) && len(a.cert.UnknownExtKeyUsage) == 0
}

// Certificate returns what devices install.
func (a *Authority) Certificate() *x509.Certificate { return a.cert }

// File is where the certificate is kept, as PEM.
func (a *Authority) File() string { return a.file }

// Fingerprint is the certificate's SHA-256, as browsers and phones show it.
func (a *Authority) Fingerprint() string {
	return strings.ReplaceAll(fmt.Sprintf("% X", sha256.Sum256(a.cert.Raw)), " ", ":")
}

func serial() *big.Int {
	n, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 126)) // never fails
	return n.Add(n, big.NewInt(1))
}

// ReadRoots reads the certificates of authorities from a PEM file.
func ReadRoots(file string) (*x509.CertPool, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		return nil, fmt.Errorf("%s: there is no certificate in it (PEM)", file)
	}
	return pool, nil
}
