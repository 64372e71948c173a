package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/downbeat-sync/downbeat/access"
)

// accessFlags say who may do what.
type accessFlags struct {
	Access       string        `enum:",open,link,token" default:"" help:"Who may do what: open (anybody everything), link (keys in links) or token (JSON Web Tokens). Default: open while listening on loopback, else link."`
	AdminKey     string        `help:"Key that creates and lists sessions in mode link, 16 bytes or more; default: the one kept with the data, or a new one."`
	JWTKeyFile   string        `name:"jwt-key-file" help:"File with the key of HS256 for mode token, 32 bytes or more."`
	JWKS         string        `name:"jwks" help:"File or URL of the public keys (JWKS: RSA, P-256, P-384, P-521, Ed25519) for mode token."`
	JWTLeeway    time.Duration `name:"jwt-leeway" default:"30s" help:"By how much exp, nbf and iat of tokens may be off."`
	JWTAudience  []string      `name:"jwt-audience" help:"Who tokens must be for: one of these in aud. Default: aud isn't looked at."`
	JWTIssuer    []string      `name:"jwt-issuer" help:"Who tokens must be from: one of these as iss. Default: iss isn't looked at."`
	TrustedProxy []string      `help:"Addresses or networks (10.0.0.0/8) of proxies whose X-Forwarded-… and Forwarded headers are believed."`
	Origin       []string      `help:"Origins of other servers whose pages may use this one, such as https://app.example."`
}

// policy returns the policy and, in mode link, the admin key; dir is where
// the key is kept, empty for nowhere.
func (f *accessFlags) policy(ip net.IP, dir string, log *slog.Logger) (p *access.Policy, adminKey string, err error) {
	cfg := access.Config{
		Mode: access.Mode(f.Access), JWKS: f.JWKS, Leeway: cmp.Or(f.JWTLeeway, -1), Audiences: f.JWTAudience, Issuers: f.JWTIssuer, Log: log,
	}
	if f.JWTLeeway < 0 {
		return nil, "", fmt.Errorf("--jwt-leeway %v: it must not be negative", f.JWTLeeway)
	}
	if cfg.Mode == "" {
		cfg.Mode = access.Link
		if ip.IsLoopback() {
			cfg.Mode = access.Open
		}
	}
	if cfg.Mode == access.Link {
		cfg.AdminKey, err = f.adminKey(dir)
	}
	if err == nil && f.JWTKeyFile != "" {
		cfg.HMACKey, err = readKey(f.JWTKeyFile)
	}
	if err == nil {
		if p, err = access.New(cfg); err != nil {
			err = usageError{err}
		}
	}
	return p, cfg.AdminKey, err
}

func (f *accessFlags) adminKey(dir string) (string, error) {
	if f.AdminKey != "" || dir == "" {
		return cmp.Or(f.AdminKey, access.NewKey()), nil
	}
	return access.KeptKey(dir)
}

func readKey(file string) ([]byte, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, usageError{fmt.Errorf("--jwt-key-file: %w", err)}
	}
	return []byte(strings.TrimRight(string(b), "\r\n")), nil
}

func (f *accessFlags) proxies() ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, s := range f.TrustedProxy {
		p, ok := access.ParseNetwork(s)
		if !ok {
			return nil, fmt.Errorf("--trusted-proxy %s: neither an address nor a network", s)
		}
		list = append(list, p)
	}
	return list, nil
}

func (f *accessFlags) origins() error {
	for _, o := range f.Origin {
		u, err := url.Parse(o)
		if err != nil || u.Scheme == "" || u.Host == "" || u.Scheme+"://"+u.Host != o {
			return fmt.Errorf("--origin %s: an origin is a scheme and a host, such as https://app.example", o)
		}
	}
	return nil
}

// words says who may do what.
func words(mode access.Mode) string {
	switch mode {
	case access.Link:
		return "The links have the admin key, which creates sessions and leads them: keep them to yourself, and pass on the links of the sessions."
	case access.Token:
		return "Everybody needs a token."
	}
	return "Anybody who reaches this address may create, join and lead sessions: use it on a network that you trust."
}
