package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/session"
)

func TestCleanPrefix(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "/": "", "/beat": "/beat", "/beat/": "/beat", "/a/b-1_~": "/a/b-1_~",
		"beat": "!", "//evil.example": "!", "/a//b": "!", "/a/../b": "!", "/.": "!", "/a b": "!", "/a%2f": "!", "/a?b": "!", "/\r\n": "!",
		"/" + strings.Repeat("a", maxPrefix): "!",
	} {
		got, err := CleanPrefix(in)
		if err != nil {
			got = "!"
		}
		if got != want {
			t.Errorf("%q became %q, %v", in, got, err)
		}
	}
}

func FuzzCleanPrefix(f *testing.F) {
	for _, s := range []string{"/beat/", "//x", "/a/../b", "/\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		prefix, err := CleanPrefix(s)
		if err != nil || prefix == "" {
			return
		}
		if again, err := CleanPrefix(prefix); again != prefix || err != nil {
			t.Errorf("%q became %q, that %q, %v", s, prefix, again, err)
		}
		if strings.HasPrefix(prefix, "//") || strings.ContainsAny(prefix, "?#%\\\r\n ") {
			t.Errorf("%q isn't a path", prefix)
		}
	})
}

// TestPrefix: below a path everything is found, by proxies that take it off and by those that
// don't, and what is told has it.
func TestPrefix(t *testing.T) {
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	for _, c := range []struct {
		name, told, said, path string
		trusted                []netip.Prefix
		status                 int
		location               string
	}{
		{"at the root", "", "", "/where", nil, 200, "/api/x"},
		{"told, and not taken off", "/beat", "", "/beat/where", nil, 200, "/beat/api/x"},
		{"told, and taken off", "/beat", "", "/where", nil, 200, "/beat/api/x"},
		{"said, and taken off", "", "/a/b/", "/where", loopback, 200, "/a/b/api/x"},
		{"said, and not taken off", "", "/a", "/a/where", loopback, 200, "/a/api/x"},
		{"said by a stranger", "", "/a", "/where", nil, 200, "/api/x"},
		{"said wrongly", "/beat", "//evil.example", "/where", loopback, 200, "/beat/api/x"},
		{"without its slash", "/beat", "", "/beat", nil, 301, "/beat/"},
		{"a neighbour", "/beat", "", "/beating/where", nil, 404, ""},
	} {
		s := &Server{cfg: Config{Prefix: c.told, Proxies: c.trusted}}
		mux := http.NewServeMux()
		mux.HandleFunc("/where", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Location", "/api/x"); w.WriteHeader(200) })
		r := httptest.NewRequest("GET", c.path, nil)
		r.RemoteAddr = "127.0.0.1:1234"
		r.Header.Set("X-Forwarded-Prefix", c.said)
		w := httptest.NewRecorder()
		s.prefixed(mux).ServeHTTP(w, access.WithAsked(r, c.trusted))
		if w.Code != c.status || w.Header().Get("Location") != c.location {
			t.Errorf("%s: %d, to %q", c.name, w.Code, w.Header().Get("Location"))
		}
	}
}

// TestHandshakeSaysWhy: a page of an origin that isn't known reads why its WebSocket didn't open.
func TestHandshakeSaysWhy(t *testing.T) {
	w := onSockets(t, session.Config{})
	for origin, want := range map[string]string{"https://app.example": "start it with --origin https://app.example", "null": "another server", w.URL: "WebSockets"} {
		q, err := http.NewRequestWithContext(t.Context(), "GET", w.URL+"/ws", nil)
		must(t, err)
		q.Header.Set("Origin", origin)
		res, err := http.DefaultClient.Do(q)
		must(t, err)
		var said struct {
			Error struct{ Code, Message string }
		}
		must(t, json.NewDecoder(res.Body).Decode(&said))
		_ = res.Body.Close()
		if !strings.Contains(said.Error.Message, want) || res.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %+v, readable by %q", origin, said, res.Header.Get("Access-Control-Allow-Origin"))
		}
	}
}
