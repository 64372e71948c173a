package access

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/downbeat-sync/downbeat/wire"
)

// TestClaimsAsTheyAreNamed: names of claims have their letters, capitals and small; others' claims say nothing here.
func TestClaimsAsTheyAreNamed(t *testing.T) {
	p := policy(t, Config{Mode: Token, HMACKey: secret, Now: at(noon), Audiences: []string{"beat"}})
	for _, c := range []struct{ name, claims, code string }{
		{"plain", `{"sub":"ann","session":"studio","role":"member","exp":9999999999,"aud":"beat"}`, ""},
		{"a Role of another application", `{"sub":"ann","session":"studio","role":"member","Role":"leader","exp":9999999999,"aud":"beat"}`, ""},
		{"one before", `{"ROLE":"leader","Sub":7,"sub":"ann","session":"studio","role":"member","exp":9999999999,"aud":"beat","EXP":1}`, ""},
		{"another's alone", `{"Sub":"ann","session":"studio","role":"member","exp":9999999999,"aud":"beat"}`, wire.CodeTokenClaims},
		{"another's end", `{"sub":"ann","session":"studio","role":"member","Exp":9999999999,"aud":"beat"}`, wire.CodeTokenClaims},
		{"another's audience", `{"sub":"ann","session":"studio","role":"member","exp":9999999999,"Aud":"beat"}`, wire.CodeTokenAudience},
		{"half a character", `{"sub":"ann\ud800","session":"studio","role":"member","exp":9999999999,"aud":"beat"}`, wire.CodeTokenClaims},
		{"bytes that are no text", "{\"sub\":\"ann\xff\",\"session\":\"studio\",\"role\":\"member\",\"exp\":9999999999,\"aud\":\"beat\"}", wire.CodeTokenClaims},
		{"no object", `null`, wire.CodeTokenClaims},
	} {
		t.Run(c.name, func(t *testing.T) {
			token := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{})
			signing := header(`{"alg":"HS256"}`) + "." + header(c.claims)
			signature, err := token.Method.Sign(signing, secret)
			must(t, err)
			a, err := p.Join(Claim{SessionID: "studio", Token: signing + "." + b64(signature)})
			wantCode(t, err, c.code)
			if err == nil && (a.Role != "member" || a.UserID != "ann") {
				t.Errorf("admitted as %+v", a)
			}
		})
	}
}

// TestKeyServersSecret: what the URL of the keys has in it stays out of the log.
func TestKeyServersSecret(t *testing.T) {
	var out strings.Builder
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	server := newKeyServer(t)
	for _, h := range []http.HandlerFunc{
		func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"keys":[{"kty":"AKP"}]}`)) },
	} {
		server.does(h)
		p := policy(t, Config{Mode: Token, JWKS: strings.Replace(server.URL, "://", "://me:hush@", 1) + "/keys?code=hush", Now: at(noon), Log: log})
		_ = p.Call(Look, "studio", newEd(t).token(t, "k"))
	}
	if said := out.String(); strings.Contains(said, "hush") || strings.Count(said, "/keys") < 2 {
		t.Errorf("logged: %s", said)
	}
}

// TestKeysStayEncrypted: a key server that is asked by https sends nobody on to http.
func TestKeysStayEncrypted(t *testing.T) {
	ed, plain := newEd(t), newKeyServer(t)
	plain.has(ed.with(map[string]any{"kid": "k"}))
	to := plain.URL
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/keys" {
			_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{ed.with(map[string]any{"kid": "k"})}})
			return
		}
		http.Redirect(w, r, to, http.StatusFound)
	}))
	defer secure.Close()
	clock := newMovedClock()
	p := policy(t, Config{Mode: Token, JWKS: secure.URL, Client: secure.Client(), Now: clock.now})
	wantCode(t, p.Call(Look, "studio", ed.token(t, "k")), "unavailable")
	if plain.asked.Load() != 0 {
		t.Error("asked without encryption")
	}
	to = secure.URL + "/keys"
	clock.move(longestRetry)
	wantCode(t, p.Call(Look, "studio", ed.token(t, "k")), "")
}
