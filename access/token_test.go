package access

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

var (
	noon   = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	secret = []byte(strings.Repeat("k", 32))
)

func says(changes ...any) jwt.MapClaims {
	c := jwt.MapClaims{"sub": "ann", "session": "studio", "role": "leader", "exp": noon.Add(time.Hour).Unix()}
	for i := 0; i < len(changes); i += 2 {
		c[changes[i].(string)] = changes[i+1]
		if changes[i+1] == nil {
			delete(c, changes[i].(string))
		}
	}
	return c
}

func sign(t testing.TB, method jwt.SigningMethod, key any, c jwt.Claims, kid string) string {
	t.Helper()
	token := jwt.NewWithClaims(method, c)
	if kid != "" {
		token.Header["kid"] = kid
	}
	s, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func at(when time.Time) func() time.Time { return func() time.Time { return when } }

func TestTokens(t *testing.T) {
	p := policy(t, Config{Mode: Token, HMACKey: secret, Now: at(noon)})
	hs := func(c jwt.Claims) string { return sign(t, jwt.SigningMethodHS256, secret, c, "") }
	good := hs(says())
	parts := strings.Split(good, ".")
	for _, c := range []struct{ name, token, code string }{
		{"good", good, ""},
		{"for all sessions", hs(says("session", "*")), ""},
		{"none at all", "", wire.CodeTokenNeeded},
		{"garbage", "x.y.z", wire.CodeTokenMalformed},
		{"two parts", parts[0] + "." + parts[1], wire.CodeTokenMalformed},
		{"too long", strings.Repeat("x", maxToken+1), wire.CodeTokenMalformed},
		{"alg none", sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, says(), ""), wire.CodeTokenAlgorithm},
		{"HS512", sign(t, jwt.SigningMethodHS512, secret, says(), ""), wire.CodeTokenAlgorithm},
		{"an algorithm of its own", header(`{"alg":"XS1"}`) + "." + parts[1] + "." + parts[2], wire.CodeTokenAlgorithm},
		{"another key", sign(t, jwt.SigningMethodHS256, []byte("other"), says(), ""), wire.CodeTokenSignature},
		{"cut signature", parts[0] + "." + parts[1] + ".", wire.CodeTokenSignature},
		{"other claims", parts[0] + "." + header(`{"sub":"bob","session":"studio","role":"leader","exp":9999999999}`) + "." + parts[2], wire.CodeTokenSignature},
		{"expired", hs(says("exp", noon.Add(-31*time.Second).Unix())), wire.CodeTokenExpired},
		{"expired by less than clocks differ", hs(says("exp", noon.Add(-29*time.Second).Unix())), ""},
		{"not yet, by less than that", hs(says("nbf", noon.Add(29*time.Second).Unix(), "iat", noon.Add(29*time.Second).Unix())), ""},
		{"for whomever, where nobody asks", hs(says("aud", "other", "iss", "other")), ""},
		{"without exp", hs(says("exp", nil)), wire.CodeTokenClaims},
		{"exp a word", hs(says("exp", "never")), wire.CodeTokenMalformed},
		{"not yet", hs(says("nbf", noon.Add(time.Minute).Unix())), wire.CodeTokenNotYet},
		{"from the future", hs(says("iat", noon.Add(time.Minute).Unix())), wire.CodeTokenNotYet},
		{"without sub", hs(says("sub", nil)), wire.CodeTokenClaims},
		{"without session", hs(says("session", nil)), wire.CodeTokenClaims},
		{"a session's name that is none", hs(says("session", "a b")), wire.CodeTokenClaims},
		{"without role", hs(says("role", nil)), wire.CodeTokenClaims},
		{"a role of its own", hs(says("role", "king")), wire.CodeTokenClaims},
		{"another session's", hs(says("session", "other")), wire.CodeTokenSession},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := p.Join(Claim{SessionID: "studio", Token: c.token})
			wantCode(t, err, c.code)
			wantCode(t, p.Call(Look, "studio", c.token), c.code)
		})
	}
}

func header(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func TestTokenRoles(t *testing.T) {
	p := policy(t, Config{Mode: Token, HMACKey: secret, Now: at(noon)})
	token := func(changes ...any) string { return sign(t, jwt.SigningMethodHS256, secret, says(changes...), "") }
	for role, want := range map[string]session.Admission{
		"leader":   {UserID: "ann", Role: session.RoleLeader},
		"member":   {UserID: "ann", Role: session.RoleMember, NoCreate: true},
		"observer": {UserID: "ann", Role: session.RoleObserver, NoCreate: true},
	} {
		got, err := p.Join(Claim{SessionID: "studio", UserID: "ann", Token: token("role", role)})
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", role, got, err)
		}
		command := map[bool]string{true: "", false: wire.CodeNotAllowed}[role == "leader"]
		wantCode(t, p.Call(Command, "studio", token("role", role)), command)
		wantCode(t, p.Call(Rule, "", token("role", role, "session", "*")), command)
	}
	wantCode(t, p.Call(Rule, "", token()), wire.CodeNotAllowed)
	_, err := p.Join(Claim{SessionID: "studio", UserID: "bob", Token: token()})
	wantCode(t, err, wire.CodeTokenUser)
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// TestKeySet takes tokens of three kinds of keys, and a key that is new.
func TestKeySet(t *testing.T) {
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	point, err := ec.PublicKey.Bytes()
	must(t, err)
	public, ed, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	keys := []map[string]string{
		{"kty": "RSA", "kid": "r", "n": b64(r.N.Bytes()), "e": b64(big.NewInt(int64(r.E)).Bytes())},
		{"kty": "EC", "kid": "e", "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:])},
		{"kty": "RSA", "use": "enc", "kid": "not for this"},
	}
	var fetched atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fetched.Add(1)
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": keys})
	}))
	defer server.Close()
	now := noon
	p := policy(t, Config{Mode: Token, JWKS: server.URL, Now: func() time.Time { return now }})
	check := func(method jwt.SigningMethod, key any, kid, code string) {
		t.Helper()
		wantCode(t, p.Call(Look, "studio", sign(t, method, key, says(), kid)), code)
	}
	check(jwt.SigningMethodRS256, r, "r", "")
	check(jwt.SigningMethodES256, ec, "e", "")
	check(jwt.SigningMethodRS256, r, "e", wire.CodeTokenAlgorithm)
	check(jwt.SigningMethodHS256, r.N.Bytes(), "r", wire.CodeTokenAlgorithm)
	check(jwt.SigningMethodRS512, r, "r", wire.CodeTokenAlgorithm)
	check(jwt.SigningMethodEdDSA, ed, "new", wire.CodeTokenSignature)
	keys = append(keys, map[string]string{"kty": "OKP", "kid": "new", "crv": "Ed25519", "x": b64(public)})
	check(jwt.SigningMethodEdDSA, ed, "new", wire.CodeTokenSignature)
	if n := fetched.Load(); n != 1 {
		t.Errorf("fetched %d times within a minute", n)
	}
	now = now.Add(unknownEvery)
	check(jwt.SigningMethodEdDSA, ed, "new", "")
}

func FuzzKeySet(f *testing.F) {
	f.Add([]byte(`{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"AQ","e":"AQAB"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		keys, left, err := parseKeySet(b)
		if err != nil && len(keys)+len(left) > 0 {
			t.Error("refused and taken")
		}
		for _, k := range keys {
			if k.alg == "" || k.alg == "HS256" || k.key == nil {
				t.Errorf("taken: %+v", k)
			}
		}
	})
}

func FuzzToken(f *testing.F) {
	p, err := New(Config{Mode: Token, HMACKey: secret, Now: at(noon)})
	if err != nil {
		f.Fatal(err)
	}
	good := sign(f, jwt.SigningMethodHS256, secret, says(), "")
	f.Add(good)
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, token string) {
		if p.Call(Look, "studio", token) == nil && token != good {
			t.Errorf("took %q", token)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
