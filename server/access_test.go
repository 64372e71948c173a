package server

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/internal/testutil"
)

// policyAt is what a server that listens at an address decides by, and its admin key.
func policyAt(ip net.IP, dir string, cfg access.Config) (*access.Policy, string, error) {
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: ip})
	if err != nil {
		return nil, "", err
	}
	defer l.Close()
	s := &Server{cfg: Config{Data: dir, Access: cfg}, sockets: &sockets{http: l}, log: testutil.Quiet()}
	err = s.openAccess(context.Background())
	return s.policy, s.AdminKey(), err
}

// TestAccess: the defaults, and what is refused.
func TestAccess(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name string
		cfg  access.Config
		ip   net.IP
		want access.Mode
	}{
		{"on loopback", access.Config{}, net.IPv4(127, 0, 0, 1), access.Open},
		{"elsewhere", access.Config{}, net.IPv4zero, access.Link},
		{"asked for", access.Config{Mode: "open"}, net.IPv4zero, access.Open},
		{"token without a key", access.Config{Mode: "token"}, net.IPv4zero, ""},
		{"a short admin key", access.Config{AdminKey: "short"}, net.IPv4zero, ""},
	} {
		p, key, err := policyAt(c.ip, dir, c.cfg)
		if (err == nil) != (c.want != "") || err == nil && (p.Mode() != c.want || (key != "") != (c.want == access.Link)) {
			t.Errorf("%s: %v, key %q, %v", c.name, p, key, err)
		}
		if _, ok := errors.AsType[*ConfigError](err); err != nil && !ok {
			t.Errorf("%s: %T", c.name, err)
		}
	}
	_, first, err := policyAt(net.IPv4zero, dir, access.Config{})
	testutil.Check(t, err)
	if _, second, err := policyAt(net.IPv4zero, dir, access.Config{}); err != nil || second != first {
		t.Errorf("kept %q, then %q, %v", first, second, err)
	}
	for origin, good := range map[string]bool{"https://app.example": true, "https://app.example/": false, "app.example": false, "*": false} {
		if _, err := (Config{Log: testutil.Quiet(), Origins: []string{origin}}).withDefaults(); (err == nil) != good {
			t.Errorf("origin %s: %v", origin, err)
		}
	}
}
