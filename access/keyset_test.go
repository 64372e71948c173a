package access

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// pair is a private key, and its public half as a set has it.
type pair struct {
	method jwt.SigningMethod
	key    any
	jwk    map[string]any
}

// with is the public half with further members.
func (p pair) with(more map[string]any) map[string]any {
	all := maps.Clone(p.jwk)
	maps.Copy(all, more)
	return all
}

func newEd(t testing.TB) pair {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return pair{jwt.SigningMethodEdDSA, private, map[string]any{"kty": "OKP", "crv": "Ed25519", "x": b64(public)}}
}

func newRSA(t testing.TB, bits int) pair {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return pair{jwt.SigningMethodRS256, key, map[string]any{"kty": "RSA", "n": b64(key.N.Bytes()), "e": "AQAB"}}
}

func newEC(t testing.TB, curve elliptic.Curve, method jwt.SigningMethod) pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	half := (len(point) - 1) / 2
	return pair{method, key, map[string]any{"kty": "EC", "crv": curve.Params().Name, "x": b64(point[1 : 1+half]), "y": b64(point[1+half:])}}
}

// keyServer serves a set that can be changed, and can be away.
type keyServer struct {
	*httptest.Server
	asked  atomic.Int32
	answer atomic.Pointer[http.HandlerFunc]
}

func newKeyServer(t *testing.T) *keyServer {
	t.Helper()
	s := &keyServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		(*s.answer.Load())(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *keyServer) does(h http.HandlerFunc) { s.answer.Store(&h) }

func (s *keyServer) has(keys ...map[string]any) {
	s.does(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": keys})
	})
}

// clockOf is a clock that the test moves.
type movedClock struct{ at atomic.Int64 }

func (c *movedClock) now() time.Time        { return time.Unix(0, c.at.Load()) }
func (c *movedClock) move(by time.Duration) { c.at.Add(int64(by)) }
func newMovedClock() (c *movedClock)        { c = &movedClock{}; c.at.Store(noon.UnixNano()); return c }
func (p pair) token(t testing.TB, kid string) string {
	t.Helper()
	return sign(t, p.method, p.key, says("exp", noon.Add(24*time.Hour).Unix()), kid)
}

// TestKeysOfAllKinds: what isn't known or can't be used is skipped, and spoils nothing.
func TestKeysOfAllKinds(t *testing.T) {
	r, ed := newRSA(t, 2048), newEd(t)
	p256, p384 := newEC(t, elliptic.P256(), jwt.SigningMethodES256), newEC(t, elliptic.P384(), jwt.SigningMethodES384)
	weak := newRSA(t, 1024)
	private := newEd(t)
	server := newKeyServer(t)
	server.has(
		map[string]any{"kty": "AKP", "kid": "post-quantum", "alg": "ML-DSA-44", "pub": "AA"},
		map[string]any{"kty": "OKP", "crv": "X25519", "kid": "agreement", "x": "AA"},
		map[string]any{"kty": "EC", "crv": "secp256k1", "kid": "coins", "x": "AA", "y": "AA"},
		map[string]any{"kty": 7}, map[string]any{}, map[string]any{"kty": "RSA", "kid": "bad", "n": "!", "e": "AQAB"},
		map[string]any{"kty": "oct", "kid": "shared", "k": b64(secret)},
		weak.with(map[string]any{"kid": "weak"}),
		private.with(map[string]any{"kid": "private", "d": b64(private.key.(ed25519.PrivateKey).Seed())}),
		r.with(map[string]any{"kid": "enc", "use": "enc"}), r.with(map[string]any{"kid": "ops", "key_ops": []string{"encrypt"}}),
		r.with(map[string]any{"kid": "odd", "alg": "ES256"}),
		r.with(map[string]any{"kid": "r", "use": "sig"}), r.with(map[string]any{"kid": "r512", "alg": "RS512", "key_ops": []string{"verify"}}),
		p256.with(map[string]any{"kid": "e"}), p384.with(map[string]any{"kid": "e384"}), ed.with(map[string]any{"kid": "d", "alg": "Ed25519"}),
		ed.with(map[string]any{"kid": "r"}), // a name twice, of two kinds
	)
	p := policy(t, Config{Mode: Token, JWKS: server.URL, Now: newMovedClock().now})
	for _, c := range []struct {
		name, token, code string
	}{
		{"RSA", r.token(t, "r"), ""}, {"P-256", p256.token(t, "e"), ""}, {"P-384", p384.token(t, "e384"), ""}, {"Ed25519", ed.token(t, "d"), ""},
		{"the same name, another kind", ed.token(t, "r"), ""},
		{"RS512 where the key says so", sign(t, jwt.SigningMethodRS512, r.key, says(), "r512"), ""},
		{"RS256 with RS512's key", r.token(t, "r512"), wire.CodeTokenAlgorithm},
		{"PS256 with RS256's key", sign(t, jwt.SigningMethodPS256, r.key, says(), "r"), wire.CodeTokenAlgorithm},
		{"without a name", p384.token(t, ""), ""}, {"without a name, one of several", ed.token(t, ""), ""},
		{"without a name, by nobody", newEd(t).token(t, ""), wire.CodeTokenSignature},
		{"weak", weak.token(t, "weak"), wire.CodeTokenSignature}, {"not for signatures", r.token(t, "enc"), wire.CodeTokenSignature},
		{"not for verifying", r.token(t, "ops"), wire.CodeTokenSignature}, {"private", private.token(t, "private"), wire.CodeTokenSignature},
		{"a shared secret among public keys", sign(t, jwt.SigningMethodHS256, secret, says(), "shared"), wire.CodeTokenAlgorithm},
		{"the public key as a secret", sign(t, jwt.SigningMethodHS256, r.key.(*rsa.PrivateKey).N.Bytes(), says(), "r"), wire.CodeTokenAlgorithm},
	} {
		t.Run(c.name, func(t *testing.T) { wantCode(t, p.Call(Look, "studio", c.token), c.code) })
	}
}

// TestKeyServerAway: its failure isn't the client's, and is over as soon as it is back.
func TestKeyServerAway(t *testing.T) {
	ed, server, clock := newEd(t), newKeyServer(t), newMovedClock()
	p := policy(t, Config{Mode: Token, JWKS: server.URL, Now: clock.now})
	token := ed.token(t, "k")
	away := func(token string) {
		t.Helper()
		err := p.Call(Look, "studio", token)
		var e *session.Error
		if !errors.As(err, &e) || e.Code != wire.CodeUnavailable || !e.Retry {
			t.Fatalf("while the key server is away: %v", err)
		}
	}
	for name, h := range map[string]http.HandlerFunc{
		"an error": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"a page":   func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
		"no list":  func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"error":"x"}`) },
		"endless":  func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat(" ", 2<<20)) },
		"cut":      func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) },
		"a circle": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/", http.StatusFound) },
	} {
		t.Run(name, func(t *testing.T) {
			server.does(h)
			clock.move(longestRetry)
			away(token)
			asked := server.asked.Load()
			away(token)
			if server.asked.Load() != asked {
				t.Error("asked again at once")
			}
		})
	}
	server.has(ed.with(map[string]any{"kid": "k"}))
	clock.move(longestRetry)
	wantCode(t, p.Call(Look, "studio", token), "")
	server.does(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	clock.move(refreshEvery)
	wantCode(t, p.Call(Look, "studio", token), "") // what is known holds
	away(newEd(t).token(t, "new"))
	server.has(ed.with(map[string]any{"kid": "new"})) // rotated; the old one is revoked
	clock.move(firstRetry)
	wantCode(t, p.Call(Look, "studio", ed.token(t, "new")), "")
	wantCode(t, p.Call(Look, "studio", token), wire.CodeTokenSignature)
}

// TestSlowKeyServer: only those wait whose key isn't known.
func TestSlowKeyServer(t *testing.T) {
	ed, server, clock := newEd(t), newKeyServer(t), newMovedClock()
	server.has(ed.with(map[string]any{"kid": "k"}))
	p := policy(t, Config{Mode: Token, JWKS: server.URL, Now: clock.now})
	wantCode(t, p.Call(Look, "studio", ed.token(t, "k")), "")
	asked, answer := make(chan bool), make(chan bool)
	server.does(func(w http.ResponseWriter, _ *http.Request) {
		close(asked)
		<-answer
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{ed.with(map[string]any{"kid": "new"}), ed.with(map[string]any{"kid": "k"})}})
	})
	clock.move(unknownEvery)
	fresh := make(chan error, 10)
	for range cap(fresh) {
		go func() { fresh <- p.Call(Look, "studio", ed.token(t, "new")) }()
	}
	<-asked // once: a second time would panic
	for range 100 {
		wantCode(t, p.Call(Look, "studio", ed.token(t, "k")), "")
	}
	close(answer)
	for range cap(fresh) {
		wantCode(t, <-fresh, "")
	}
}

// TestKeyFile: a file that changes is read anew; one that is spoilt changes nothing.
func TestKeyFile(t *testing.T) {
	first, second, clock := newEd(t), newEd(t), newMovedClock()
	name := filepath.Join(t.TempDir(), "keys.json")
	write := func(keys ...map[string]any) {
		b, err := json.Marshal(map[string]any{"keys": keys})
		must(t, err)
		must(t, os.WriteFile(name+".new", b, 0o600))
		must(t, os.Rename(name+".new", name))
	}
	for text, want := range map[string]string{
		`{"keys":[]}`: "no key for signatures", `{"keys":[{"kty":"AKP"}]}`: "no key for signatures", `[]`: "no JSON Web Key Set", `{`: "no JSON Web Key Set",
	} {
		must(t, os.WriteFile(name, []byte(text), 0o600))
		if _, err := New(Config{Mode: Token, JWKS: name}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, err := New(Config{Mode: Token, JWKS: name + ".not"}); err == nil {
		t.Error("a file that isn't there")
	}
	write(first.with(map[string]any{"kid": "1"}), map[string]any{"kty": "AKP"})
	p := policy(t, Config{Mode: Token, JWKS: name, Now: clock.now})
	wantCode(t, p.Call(Look, "studio", first.token(t, "1")), "")
	wantCode(t, p.Call(Look, "studio", second.token(t, "2")), wire.CodeTokenSignature)
	write(second.with(map[string]any{"kid": "2"}))
	clock.move(statEvery)
	wantCode(t, p.Call(Look, "studio", second.token(t, "2")), "")
	wantCode(t, p.Call(Look, "studio", first.token(t, "1")), wire.CodeTokenSignature)
	must(t, os.WriteFile(name, []byte("{"), 0o600))
	clock.move(statEvery)
	wantCode(t, p.Call(Look, "studio", second.token(t, "2")), "")
}

// TestWhoTokensAreOfAndFor: issuer, audience and what must be understood.
func TestWhoTokensAreOfAndFor(t *testing.T) {
	p := policy(t, Config{Mode: Token, HMACKey: secret, Now: at(noon), Issuers: []string{"https://id.example", "me"}, Audiences: []string{"beat", "downbeat"}})
	good := []any{"iss", "me", "aud", []string{"x", "downbeat"}}
	for _, c := range []struct {
		name    string
		changes []any
		code    string
	}{
		{"as it should be", nil, ""}, {"aud a word", []any{"aud", "beat"}, ""},
		{"another issuer", []any{"iss", "https://id.example/"}, wire.CodeTokenIssuer}, {"no issuer", []any{"iss", nil}, wire.CodeTokenIssuer},
		{"another audience", []any{"aud", []string{"x"}}, wire.CodeTokenAudience}, {"no audience", []any{"aud", nil}, wire.CodeTokenAudience},
	} {
		t.Run(c.name, func(t *testing.T) {
			token := sign(t, jwt.SigningMethodHS256, secret, says(append(append([]any{}, good...), c.changes...)...), "")
			wantCode(t, p.Call(Look, "studio", token), c.code)
		})
	}
	token := jwt.NewWithClaims(jwt.SigningMethodHS256, says(good...))
	token.Header["crit"] = []string{"exp"}
	critical, err := token.SignedString(secret)
	must(t, err)
	wantCode(t, p.Call(Look, "studio", critical), wire.CodeTokenCritical)
}

// TestForeignSubjects: whoever gives out tokens names users as they like, and no two become one.
func TestForeignSubjects(t *testing.T) {
	p := policy(t, Config{Mode: Token, HMACKey: secret, Now: at(noon)})
	seen := map[string]string{}
	subjects := []string{
		"ann", "auth0|5f7c8ec7", "kim+film@example.org", "Zoë", "Zoe\u0308", "a b", " a b", "<b>", "CN=Ann,O=Film", strings.Repeat("x", 128), strings.Repeat("x", 129),
		strings.Repeat("x", 200), ".hidden", "sub:ann", "\x00", "\u202e",
	}
	for _, sub := range subjects {
		token := sign(t, jwt.SigningMethodHS256, secret, says("sub", sub), "")
		a, err := p.Join(Claim{SessionID: "studio", Token: token})
		must(t, err)
		if other, is := seen[a.UserID]; is || !session.ValidUserID(a.UserID) {
			t.Errorf("%q is %q, as %q is", sub, a.UserID, other)
		}
		seen[a.UserID] = sub
		for _, claimed := range []string{sub, a.UserID} { // a client may say who it is, either way
			if _, err := p.Join(Claim{SessionID: "studio", UserID: claimed, Token: token}); err != nil {
				t.Errorf("%q as %q: %v", sub, claimed, err)
			}
		}
		// Nobody becomes another one by being called as that one's id.
		mapped := sign(t, jwt.SigningMethodHS256, secret, says("sub", a.UserID), "")
		if b, err := p.Join(Claim{SessionID: "studio", Token: mapped}); err != nil || sub != a.UserID && b.UserID == a.UserID {
			t.Errorf("%q becomes %q: %v", a.UserID, sub, err)
		}
	}
}

// TestNoTokenInTheLog: what is refused, or can't be decided, leaves no secret behind.
func TestNoTokenInTheLog(t *testing.T) {
	var out strings.Builder
	ed, server := newEd(t), newKeyServer(t)
	server.does(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	p := policy(t, Config{Mode: Token, JWKS: server.URL, Now: at(noon), Log: slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	token := ed.token(t, "k")
	_ = p.Call(Look, "studio", token)
	if out.Len() == 0 || strings.Contains(out.String(), token) || strings.Contains(out.String(), "ann") {
		t.Errorf("logged: %s", out.String())
	}
}

// silent is a key server that never answers, until the request is given up.
type silent struct{}

func (silent) RoundTrip(q *http.Request) (*http.Response, error) {
	<-q.Context().Done()
	return nil, q.Context().Err()
}

// TestSilentKeyServer: who asks for a key that isn't known waits for exactly as long as a fetch may take, all of
// them for the one, and is told to come again.
func TestSilentKeyServer(t *testing.T) {
	ed := newEd(t)
	synctest.Test(t, func(t *testing.T) {
		p := policy(t, Config{Mode: Token, JWKS: "http://keys.example", Client: &http.Client{Transport: silent{}}, Now: time.Now})
		token := sign(t, ed.method, ed.key, says("exp", time.Now().Add(time.Hour).Unix()), "k")
		began := time.Now()
		refused := make(chan error, 3)
		for range cap(refused) {
			go func() { refused <- p.Call(Look, "studio", token) }()
			time.Sleep(time.Second) // of the bubble's: each comes while the one before it waits
		}
		for range cap(refused) {
			wantCode(t, <-refused, wire.CodeUnavailable)
		}
		if took := time.Since(began); took != fetchTime {
			t.Errorf("the last one waited until %v", took)
		}
		wantCode(t, p.Call(Look, "studio", token), wire.CodeUnavailable)
		if took := time.Since(began); took != fetchTime {
			t.Errorf("asked again at once, until %v", took)
		}
	})
}
