package server

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// reloadEvery is how often the files of a certificate are looked at.
const reloadEvery = 10 * time.Second

// pair is a certificate in two files, read again when one of them changes or
// reload says so. What can't be read leaves the one before in place.
type pair struct {
	cert, key string
	reload    <-chan os.Signal
	log       *slog.Logger
	current   atomic.Pointer[tls.Certificate]
	seen      [2]time.Time // when the files changed last
}

func (f *TLS) files(s served) (*security, error) {
	p := &pair{cert: f.Cert, key: f.Key, reload: f.Reload, log: s.log}
	if err := p.load(); err != nil {
		return nil, err
	}
	names := slices.Concat(s.hosts, p.current.Load().Leaf.DNSNames)
	slices.Sort(names)
	names = slices.DeleteFunc(slices.Compact(names), func(n string) bool { return strings.Contains(n, "*") })
	return &security{
		names: names, namesOnly: len(names) > 0, hosts: names,
		config: &tls.Config{
			MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return p.current.Load(), nil },
		},
		run: []func(context.Context) error{func(ctx context.Context) error { p.watch(ctx); return nil }},
	}, nil
}

// load reads the files, and warns of what browsers will refuse.
func (p *pair) load() error {
	p.seen = p.changed()
	for field, file := range map[string]string{"{TLS.Cert}": p.cert, "{TLS.Key}": p.key} {
		if _, err := os.Stat(file); err != nil {
			return wrong(field+": %w", err)
		}
	}
	cert, err := tls.LoadX509KeyPair(p.cert, p.key)
	if err != nil {
		return wrong("{TLS.Cert} %s and {TLS.Key} %s: %w", p.cert, p.key, err)
	}
	switch now := time.Now(); {
	case now.After(cert.Leaf.NotAfter):
		p.log.Warn("certificate_expired", "file", p.cert, "until", cert.Leaf.NotAfter)
	case now.Before(cert.Leaf.NotBefore):
		p.log.Warn("certificate_not_yet_valid", "file", p.cert, "from", cert.Leaf.NotBefore)
	}
	p.current.Store(&cert)
	return nil
}

func (p *pair) changed() (at [2]time.Time) {
	for i, file := range []string{p.cert, p.key} {
		if info, err := os.Stat(file); err == nil {
			at[i] = info.ModTime()
		}
	}
	return at
}

// watch loads the files anew whenever that is due, until ctx ends.
func (p *pair) watch(ctx context.Context) {
	t := time.NewTicker(reloadEvery)
	defer t.Stop()
	for {
		select {
		case <-p.reload:
		case <-t.C:
			if p.changed() == p.seen {
				continue
			}
		case <-ctx.Done():
			return
		}
		if err := p.load(); err != nil {
			p.log.Error("certificate_unread", "err", errors.Unwrap(err))
			continue
		}
		p.log.Info("certificate_read", "until", p.current.Load().Leaf.NotAfter)
	}
}
