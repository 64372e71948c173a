package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/session"
)

// behindProxy returns a server in mode link whose trusted proxy is 10.0.0.1, and what it answers to
// a request with a header.
func behindProxy(t *testing.T) func(path, host string, header map[string]string) *httptest.ResponseRecorder {
	t.Helper()
	policy, err := access.New(access.Config{Mode: access.Link, AdminKey: "0123456789abcdef"})
	must(t, err)
	svc, err := session.New(session.Config{Now: clock.NewSource(time.Now).Now})
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = svc.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	s := New(Config{
		Sessions: svc, Access: policy, Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/32")}, Hosts: []string{"Studio.Example", "bücher.example"},
		URLs: func() []string { return []string{"http://192.168.1.20:8080"} },
	})
	return func(path, host string, header map[string]string) *httptest.ResponseRecorder {
		r, w := httptest.NewRequest("GET", path, nil), httptest.NewRecorder()
		r.Host, r.RemoteAddr = host, "10.0.0.1:1234"
		for name, value := range header {
			r.Header.Set(name, value)
		}
		s.ServeHTTP(w, r)
		return w
	}
}

// TestGuesserBehindProxy: who guesses keys behind a proxy that writes ports too is refused alone.
func TestGuesserBehindProxy(t *testing.T) {
	ask := behindProxy(t)
	for _, c := range []struct{ header, guesser, other string }{
		{"X-Forwarded-For", "198.51.100.7:%d", "198.51.100.8:1"},
		{"X-Forwarded-For", "[2001:db8::7]:%d", "[2001:db8:1::8]:1"},
		{"Forwarded", `for="198.51.100.17:%d";proto=https`, `for="198.51.100.18:1"`},
	} {
		from := func(at string) int {
			return ask("/api/sessions/studio", "studio.example", map[string]string{c.header: at, "Authorization": "Bearer wrong"}).Code
		}
		last := 0
		for port := range guesses + 1 {
			last = from(fmt.Sprintf(c.guesser, port+1))
		}
		if last != http.StatusTooManyRequests || from(c.other) != http.StatusUnauthorized {
			t.Errorf("%s: the guesser got %d, somebody else %d", c.guesser, last, from(c.other))
		}
	}
}

// TestNamesBehindProxy: what the proxy was asked for is a name of the server's too, and so is what the
// proxy asks for.
func TestNamesBehindProxy(t *testing.T) {
	ask := behindProxy(t)
	for _, c := range []struct {
		host, said string
		want       int
	}{
		{"studio.example", "", 200}, {"STUDIO.example.:443", "", 200}, {"xn--bcher-kva.example", "", 200}, {"localhost.", "", 200},
		{"127.0.0.1:8080", "studio.example:443", 200}, {"127.0.0.1:8080", "evil.example", 403}, {"evil.example", "studio.example", 403},
	} {
		header := map[string]string{}
		if c.said != "" {
			header["X-Forwarded-Host"] = c.said
		}
		if w := ask("/api/info", c.host, header); w.Code != c.want {
			t.Errorf("%s for %q: %d %s", c.host, c.said, w.Code, w.Body)
		}
	}
}

// TestURLsBehindProxy: where a proxy was found is the first of the server's addresses, if others find it there.
func TestURLsBehindProxy(t *testing.T) {
	ask := behindProxy(t)
	const own = "http://192.168.1.20:8080"
	for _, c := range []struct {
		host   string
		header map[string]string
		want   []string
	}{
		{"studio.example", map[string]string{"X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/beat"}, []string{"https://studio.example/beat", own}},
		{"127.0.0.1:8080", map[string]string{"Forwarded": `proto=https;host="Studio.Example:8443"`}, []string{"https://Studio.Example:8443", own}},
		{"192.168.1.20:8080", map[string]string{"X-Forwarded-Proto": "http"}, []string{own}},
		{"studio.example", nil, []string{own}},
		{"localhost", map[string]string{"X-Forwarded-Proto": "https"}, []string{own}},
		{"127.0.0.1", map[string]string{"X-Forwarded-Proto": "https"}, []string{own}},
	} {
		var info struct{ URLs []string }
		must(t, json.Unmarshal(ask("/api/info", c.host, c.header).Body.Bytes(), &info))
		if !slices.Equal(info.URLs, c.want) {
			t.Errorf("%s, %v: %q", c.host, c.header, info.URLs)
		}
	}
}
