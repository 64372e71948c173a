package e2e

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/downbeat-sync/downbeat/device"
)

// TestKeyServerComesLater: a device and an API call that come before the key server wait for it, and are in
// without anybody's doing once it answers; another server's tokens and other issuers' stay out.
func TestKeyServerComesLater(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	check(t, err)
	var up atomic.Bool
	keys := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !up.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintf(w, `{"keys":[{"kty":"AKP","kid":"k","pub":"AA"},{"kty":"OKP","crv":"Ed25519","kid":"k","x":%q}]}`, base64.RawURLEncoding.EncodeToString(public))
	}))
	defer keys.Close()
	token := func(iss string) string {
		j := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{
			"iss": iss, "sub": "CN=Ann, O=Film", "session": "*", "role": "leader", "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Add(20 * time.Second).Unix(),
		})
		j.Header["kid"] = "k"
		s, err := j.SignedString(private)
		check(t, err)
		return s
	}
	i := newInstance(t, "--access", "token", "--jwks", keys.URL, "--jwt-issuer", "https://id.example")
	list := func(iss string) int {
		q, err := http.NewRequestWithContext(t.Context(), "GET", i.url+"/api/sessions", nil)
		check(t, err)
		q.Header.Set("Authorization", "Bearer "+token(iss))
		r, err := client.Do(q)
		check(t, err)
		return r.StatusCode
	}
	if status := list("https://id.example"); status != http.StatusServiceUnavailable {
		t.Errorf("before the key server is there: %d", status)
	}
	d := device.New(device.Config{URL: i.url, SessionID: "studio", Create: true, Token: token("https://id.example")})
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() { left <- d.Run(ctx) }()
	defer leave()
	pause(t.Context(), 300*time.Millisecond)
	select {
	case <-d.Joined():
		t.Fatal("joined without a key")
	default:
	}
	up.Store(true)
	select {
	case <-d.Joined():
	case err := <-left:
		t.Fatal("gave up: ", err)
	}
	if status := list("https://id.example"); status != http.StatusOK {
		t.Errorf("the list: %d", status)
	}
	leave()
	check(t, <-left)
	if status := list("https://other.example"); status != http.StatusUnauthorized {
		t.Errorf("another issuer's: %d", status)
	}
}
