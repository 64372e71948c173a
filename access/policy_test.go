package access

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

const admin = "0123456789abcdef"

func policy(t *testing.T, cfg Config) *Policy {
	t.Helper()
	p, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var e *session.Error
	if got := ""; errors.As(err, &e) {
		if got = e.Code; got != code {
			t.Errorf("got %v, want %q", err, code)
		}
	} else if err != nil || code != "" {
		t.Errorf("got %v, want %q", err, code)
	}
}

func TestOpen(t *testing.T) {
	p := policy(t, Config{})
	wantCode(t, p.Call(Rule, "", ""), "")
	if a, err := p.Join(Claim{SessionID: "s"}); err != nil || a != (session.Admission{}) || p.JoinKey("s") != "" || p.Keys("s") != nil || p.Mode() != Open {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestLinkCalls(t *testing.T) {
	p := policy(t, Config{Mode: Link, AdminKey: admin})
	key, keys := p.JoinKey("studio"), p.Keys("studio")
	if keys.Device != key || keys.Watch == key || keys.Direct == key || keys.Watch == keys.Direct {
		t.Errorf("keys %+v", keys)
	}
	if len(key) != 25 || key != p.JoinKey("studio") || key == p.JoinKey("other") || key == policy(t, Config{Mode: Link, AdminKey: admin + "x"}).JoinKey("studio") {
		t.Errorf("join key %q", key)
	}
	for _, c := range []struct {
		name       string
		act        Act
		id, secret string
		code       string
	}{
		{"create, nothing", Rule, "", "", wire.CodeKeyNeeded},
		{"create, admin", Rule, "", admin, ""},
		{"create, join key", Rule, "", key, wire.CodeBadKey},
		{"create, join key of no session", Rule, "", p.JoinKey(""), wire.CodeBadKey},
		{"look, admin", Look, "studio", admin, ""},
		{"look, join key", Look, "studio", key, ""},
		{"look, another's", Look, "other", key, wire.CodeBadKey},
		{"look, half a key", Look, "studio", key[:12], wire.CodeBadKey},
		{"see, watch key", See, "studio", keys.Watch, ""},
		{"see, nothing", See, "studio", "", wire.CodeKeyNeeded},
		{"see, another's", See, "other", keys.Watch, wire.CodeBadKey},
		{"look, watch key", Look, "studio", keys.Watch, wire.CodeNotAllowed},
		{"add, watch key", Add, "studio", keys.Watch, wire.CodeNotAllowed},
		{"add, join key", Add, "studio", key, ""},
		{"command, watch key", Command, "studio", keys.Watch, wire.CodeNotAllowed},
		{"command, direct key", Command, "studio", keys.Direct, ""},
		{"look, direct key", Look, "studio", keys.Direct, ""},
		{"create, direct key", Rule, "", keys.Direct, wire.CodeBadKey},
		{"create, direct key of no session", Rule, "", p.Keys("").Direct, wire.CodeBadKey},
		{"command, join key", Command, "studio", key, wire.CodeNotAllowed},
		{"command, admin", Command, "studio", admin, ""},
	} {
		t.Run(c.name, func(t *testing.T) { wantCode(t, p.Call(c.act, c.id, c.secret), c.code) })
	}
}

func TestLinkJoins(t *testing.T) {
	p := policy(t, Config{Mode: Link, AdminKey: admin})
	key := p.JoinKey("s")
	for _, c := range []struct {
		name  string
		claim Claim
		want  session.Admission
		code  string
	}{
		{"nothing", Claim{SessionID: "s"}, session.Admission{}, wire.CodeKeyNeeded},
		{"admin", Claim{SessionID: "s", Key: admin}, session.Admission{Rules: true}, ""},
		{"join key", Claim{SessionID: "s", Key: key}, session.Admission{NoCreate: true, Role: session.RoleMember}, ""},
		{"watch key", Claim{SessionID: "s", Key: p.Keys("s").Watch}, session.Admission{NoCreate: true, Role: session.RoleWatcher}, ""},
		{"direct key", Claim{SessionID: "s", Key: p.Keys("s").Direct}, session.Admission{NoCreate: true, Role: session.RoleLeader}, ""},
		{"a key of no session", Claim{Key: p.Keys("").Direct}, session.Admission{}, wire.CodeBadKey},
		{"another's", Claim{SessionID: "t", Key: key}, session.Admission{}, wire.CodeBadKey},
		{"a wrong key and a resume token", Claim{SessionID: "s", Key: "x", Resumes: true}, session.Admission{}, wire.CodeBadKey},
		{"a resume token", Claim{SessionID: "s", Resumes: true}, session.Admission{NoCreate: true, NeedsProof: true}, ""},
		{"the creator's token", Claim{SessionID: "s", IsCreator: true}, session.Admission{NoCreate: true, NeedsProof: true}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := p.Join(c.claim)
			wantCode(t, err, c.code)
			if got != c.want {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestConfigRefused(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(broken, []byte(`{"keys":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, cfg := range map[string]Config{
		"mode": {Mode: "closed"}, "short admin key": {Mode: Link, AdminKey: "short"}, "no key": {Mode: Token},
		"short HS256 key": {Mode: Token, HMACKey: []byte("short")}, "both": {Mode: Token, HMACKey: make([]byte, 32), JWKS: "x"},
		"no file": {Mode: Token, JWKS: "/nowhere/keys.json"}, "no keys": {Mode: Token, JWKS: broken},
	} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestKeptKey(t *testing.T) {
	dir := t.TempDir()
	first, err := KeptKey(dir)
	if err != nil || len(first) < 16 {
		t.Fatalf("%q, %v", first, err)
	}
	if again, err := KeptKey(dir); err != nil || again != first {
		t.Errorf("again %q, %v", again, err)
	}
	info, err := os.Stat(filepath.Join(dir, "admin.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(filepath.Join(dir, "admin.key"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := KeptKey(dir); err == nil || !strings.Contains(err.Error(), "admin.key") {
		t.Errorf("an empty one: %v", err)
	}
}

func TestThrottle(t *testing.T) {
	th := NewThrottle(1, 3)
	now := time.Unix(1000, 0)
	a, sameNet, b := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2"), netip.MustParseAddr("2001:db8:1::1")
	for i := range 3 {
		if th.Spent(a, now) || !th.Allow(a, now) {
			t.Errorf("attempt %d refused", i+1)
		}
	}
	if !th.Spent(a, now) || th.Allow(sameNet, now) || !th.Allow(b, now) {
		t.Error("a network is not one address, or two are")
	}
	if !th.Allow(a, now.Add(time.Second)) {
		t.Error("never again")
	}
	// Addresses beyond what is remembered share a limit, until others are forgotten.
	for i := range 2 * maxAddresses {
		th.Allow(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), now)
	}
	if len(th.of) > maxAddresses {
		t.Errorf("remembers %d", len(th.of))
	}
	if th.Allow(netip.MustParseAddr("192.0.2.1"), now) || !th.Allow(netip.MustParseAddr("192.0.2.1"), now.Add(time.Minute)) {
		t.Error("the shared limit")
	}
}
