package api

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
)

func TestHostAllowed(t *testing.T) {
	known := []string{"studio.example", "Bücher.example"}
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST:8080": true, "app.localhost": true, "stage.local:80": true,
		"192.168.1.20": true, "192.168.1.20:8080": true, "[::1]:8080": true, "[::1]": true,
		"studio.example": true, "Studio.Example:443": true, "studio.example.": true, "localhost.": true, "localhost.:8080": true,
		"xn--bcher-kva.example": true,
		"":                      false, "evil.example": false, "evil.example:8080": false, "studio.example.evil.example": false,
		"localhost.evil.example": false, "192.168.1.20.evil.example": false, "local": false, "notlocalhost": false,
	} {
		if got := hostAllowed(host, known); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
}

func TestOriginAllowed(t *testing.T) {
	for _, c := range []struct {
		host, origin string
		want         bool
	}{
		{"192.168.1.20:8080", "", true},
		{"192.168.1.20:8080", "http://192.168.1.20:8080", true},
		{"Stage.local", "https://stage.local", true},
		{"192.168.1.20:8080", "http://192.168.1.20", false},
		{"192.168.1.20:8080", "http://192.168.1.20:8080.evil.example", false},
		{"192.168.1.20:8080", "https://evil.example", false},
		{"stage.local:443", "https://stage.local", true},
		{"stage.local.", "https://Stage.local", true},
		{"stage.local", "https://stage.local:8443", false},
		{"stage.local", "ftp://stage.local", false},
		{"192.168.1.20:8080", "https://APP.example", true},
		{"192.168.1.20:8080", "https://app.example:443", true},
		{"192.168.1.20:8080", "http://app.example", false},
		{"192.168.1.20:8080", "null", false},
		{"192.168.1.20:8080", "http://%", false},
	} {
		r := &http.Request{Host: c.host, Header: http.Header{}}
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		if got := (&Server{cfg: Config{Origins: []string{"https://app.example"}}}).originAllowed(r); got != c.want {
			t.Errorf("%s from %q: %v", c.host, c.origin, got)
		}
	}
}

// TestOriginBehindProxy: what a trusted proxy was asked for is this server's, and an unencrypted page
// isn't one of an encrypted server.
func TestOriginBehindProxy(t *testing.T) {
	s := &Server{cfg: Config{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}
	for _, c := range []struct {
		remote, origin, proto string
		want                  bool
	}{
		{"10.0.0.1:5", "https://beat.example", "https", true},
		{"10.0.0.1:5", "http://beat.example", "https", false},
		{"10.0.0.1:5", "http://beat.example", "http", true},
		{"192.0.2.1:5", "https://beat.example", "https", false},
	} {
		r := &http.Request{Host: "10.0.0.9:8080", RemoteAddr: c.remote, Header: http.Header{
			"Origin": {c.origin}, "X-Forwarded-Proto": {c.proto}, "X-Forwarded-Host": {"beat.example"}, "X-Forwarded-For": {"198.51.100.7"},
		}}
		if got := s.originAllowed(access.WithAsked(r, s.cfg.Proxies)); got != c.want {
			t.Errorf("%s from %s by %s: %v", c.origin, c.remote, c.proto, got)
		}
	}
}

// TestOriginOfWhatTheProxyAsks: a page of the address that the proxy asks for, which may be on the
// user's own machine too, isn't one of the server's that the proxy was asked for.
func TestOriginOfWhatTheProxyAsks(t *testing.T) {
	s := &Server{cfg: Config{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/32")}}}
	for origin, want := range map[string]bool{"https://beat.example": true, "http://127.0.0.1:8080": false, "https://127.0.0.1:8080": false} {
		r := &http.Request{Host: "127.0.0.1:8080", RemoteAddr: "10.0.0.1:5", Header: http.Header{}}
		r.Header.Set("X-Forwarded-Host", "beat.example")
		r.Header.Set("Origin", origin)
		if got := s.originAllowed(access.WithAsked(r, s.cfg.Proxies)); got != want {
			t.Errorf("%s: %v", origin, got)
		}
	}
}

// TestForeignHost: under a name that somebody pointed here, nothing is served.
func TestForeignHost(t *testing.T) {
	w := onSockets(t, session.Config{})
	as := func(host string) func(*http.Request) { return func(q *http.Request) { q.Host = host } }
	for _, path := range []string{"/ws", "/livez", "/api/info", "/api/sessions", "/"} {
		if r := w.call(t, "GET", path, "", as("evil.example")); r.Status != 403 || r.Error.Code != "bad_host" {
			t.Errorf("%s: %+v", path, r)
		}
	}
	if r := w.call(t, "GET", "/livez", "", as("studio.example")); r.Status != 200 {
		t.Errorf("under a name that it was given: %+v", r)
	}
}

// TestForeignUpload: nor does it reach an upload, by whichever method.
func TestForeignUpload(t *testing.T) {
	w := onSockets(t, session.Config{})
	for method, want := range map[string]string{"POST": "bad_origin", "PATCH": "bad_origin", "DELETE": "bad_origin", "OPTIONS": "no_storage"} {
		r := w.call(t, method, "/api/uploads/x", "", func(q *http.Request) { q.Header.Set("Origin", "https://evil.example") })
		if r.Error.Code != want {
			t.Errorf("%s: %+v", method, r)
		}
	}
}

// TestForeignOrigin: another server's page opens no WebSocket and changes nothing.
func TestForeignOrigin(t *testing.T) {
	w := onSockets(t, session.Config{})
	from := func(origin string) func(*http.Request) {
		return func(q *http.Request) { q.Header.Set("Origin", origin) }
	}
	if r := w.call(t, "POST", "/api/sessions", "{}", from("http://evil.example")); r.Status != 403 || r.Error.Code != "bad_origin" {
		t.Errorf("from another server: %+v", r)
	}
	if r := w.call(t, "POST", "/api/sessions", "{}", from(w.URL)); r.Status != 201 {
		t.Errorf("from its own page: %+v", r)
	}
	if r := w.call(t, "GET", "/api/sessions", "", nil); r.TotalSessions != 1 {
		t.Errorf("there are %d sessions", r.TotalSessions)
	}
	for origin, want := range map[string]int{"http://evil.example": 403, "null": 403, w.URL: 101} {
		d := websocket.Dialer{NetDialContext: w.Dial}
		ws, resp, err := d.Dial("ws"+strings.TrimPrefix(w.URL, "http")+"/ws", http.Header{"Origin": {origin}})
		if err == nil {
			_ = ws.Close()
		}
		if resp == nil || resp.StatusCode != want {
			t.Errorf("a WebSocket from %s: %v, %v", origin, resp, err)
		}
	}
}

// TestResourcePolicy: nothing is taken for another type than it is, and only pages of the listed origins may
// embed what lies below /api/.
func TestResourcePolicy(t *testing.T) {
	w := onSockets(t, session.Config{})
	for _, origins := range [][]string{nil, {"https://app.example"}} {
		w.server.cfg.Origins = origins
		policy := "same-origin"
		if origins != nil {
			policy = "cross-origin"
		}
		for path, want := range map[string]string{"/api/info": policy, "/api/nothing": policy, "/api/sessions/x/recordings": policy, "/livez": ""} {
			res, err := http.Get(w.URL + path)
			must(t, err)
			must(t, res.Body.Close())
			if h := res.Header; h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cross-Origin-Resource-Policy") != want {
				t.Errorf("%s with origins %v: %v", path, origins, h)
			}
		}
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

// TestDialUnderAnotherName: a Go client is told why it isn't let in.
func TestDialUnderAnotherName(t *testing.T) {
	w := onSockets(t, session.Config{})
	elsewhere := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return w.Dial(ctx, network, strings.TrimPrefix(w.URL, "http://"))
	}
	_, err := signaling.Dial(t.Context(), signaling.ClientConfig{URL: strings.Replace(w.URL, "http://127.0.0.1", "http://evil.example", 1), NetDial: elsewhere})
	if err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("under another name: %v", err)
	}
}
