package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"rsc.io/qr"
)

func get(t *testing.T, h http.Handler, method, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func TestContentTypes(t *testing.T) {
	h := Handler(Config{})
	for target, want := range map[string]string{
		"/":                       "text/html; charset=utf-8",
		"/?session=x":             "text/html; charset=utf-8",
		"/device":                 "text/html; charset=utf-8",
		"/device?session=x&view=": "text/html; charset=utf-8",
		"/watch?session=x":        "text/html; charset=utf-8",
		"/player.js":              "text/javascript; charset=utf-8",
		"/player/controllaw.js":   "text/javascript; charset=utf-8",
		"/downbeat.js":            "text/javascript; charset=utf-8",
		"/lib/downbeat-worker.js": "text/javascript; charset=utf-8",
		"/app/ui/style.css":       "text/css; charset=utf-8",
		"/qr.svg?text=hello":      "image/svg+xml",
	} {
		res := get(t, h, http.MethodGet, target)
		if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != want {
			t.Errorf("GET %s: %s, %q, want 200, %q", target, res.Status, res.Header.Get("Content-Type"), want)
		}
	}
}

func TestEveryAnswerIsIsolated(t *testing.T) {
	h := Handler(Config{})
	for _, target := range []string{"/", "/device", "/lib/downbeat-worker.js", "/nothing", "/qr.svg?text="} {
		res := get(t, h, http.MethodGet, target)
		for name, want := range map[string]string{
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Embedder-Policy": "require-corp",
			"Content-Security-Policy":      policy,
			"X-Content-Type-Options":       "nosniff",
			"Permissions-Policy":           permissions,
		} {
			if got := res.Header.Get(name); got != want {
				t.Errorf("GET %s: %s is %q, want %q", target, name, got, want)
			}
		}
	}
}

// Media comes to the watch page without CORS and from anywhere; all else there
// is as strict as on other pages.
func TestWatchPagePlaysMediaFromAnywhere(t *testing.T) {
	res := get(t, Handler(Config{}), http.MethodGet, "/watch?session=x")
	if got := res.Header.Get("Cross-Origin-Embedder-Policy"); got != "credentialless" {
		t.Errorf("Cross-Origin-Embedder-Policy is %q", got)
	}
	want := strings.Replace(policy, "connect-src 'self'; media-src 'self' blob:", "connect-src 'self' http: https:; media-src 'self' http: https: blob:", 1)
	if got := res.Header.Get("Content-Security-Policy"); got != want || got == policy {
		t.Errorf("Content-Security-Policy is %q, want %q", got, want)
	}
	if got := res.Header.Get("Cross-Origin-Opener-Policy"); got != "same-origin" {
		t.Errorf("Cross-Origin-Opener-Policy is %q", got)
	}
}

func TestLibraryIsImportableFromElsewhere(t *testing.T) {
	res := get(t, Handler(Config{}), http.MethodGet, "/downbeat.js")
	if got := res.Header.Get("Access-Control-Allow-Origin"); got != "*" {
		t.Errorf("Access-Control-Allow-Origin is %q, want *", got)
	}
	if got := res.Header.Get("Cross-Origin-Resource-Policy"); got != "cross-origin" {
		t.Errorf("Cross-Origin-Resource-Policy is %q, want cross-origin", got)
	}
}

func TestUnchangedFileIsNotSentAgain(t *testing.T) {
	h := Handler(Config{})
	first := get(t, h, http.MethodGet, "/")
	etag := first.Header.Get("ETag")
	if etag == "" || first.Header.Get("Cache-Control") != "no-cache" {
		t.Fatalf("ETag %q, Cache-Control %q", etag, first.Header.Get("Cache-Control"))
	}
	if res := get(t, h, http.MethodGet, "/", "If-None-Match", etag); res.StatusCode != http.StatusNotModified {
		t.Errorf("with its ETag: %s, want 304", res.Status)
	}
	if res := get(t, h, http.MethodGet, "/", "If-None-Match", `"other"`); res.StatusCode != http.StatusOK {
		t.Errorf("with another ETag: %s, want 200", res.Status)
	}
}

func TestRefusals(t *testing.T) {
	h := Handler(Config{})
	for _, c := range []struct {
		name, method, target string
		want                 int
	}{
		{"unknown path", http.MethodGet, "/nothing", http.StatusNotFound},
		{"file ending of a page", http.MethodGet, "/device.html", http.StatusNotFound},
		{"folder", http.MethodGet, "/lib/", http.StatusNotFound},
		{"climbing out", http.MethodGet, "/lib/%2e%2e/web.go", http.StatusNotFound},
		{"posting", http.MethodPost, "/", http.StatusMethodNotAllowed},
		{"code of nothing", http.MethodGet, "/qr.svg?text=", http.StatusBadRequest},
		{"code of too much", http.MethodGet, "/qr.svg?text=" + strings.Repeat("x", maxQRText+1), http.StatusBadRequest},
	} {
		if res := get(t, h, c.method, c.target); res.StatusCode != c.want {
			t.Errorf("%s: %s, want %d", c.name, res.Status, c.want)
		}
	}
}

func TestQRHoldsLongestText(t *testing.T) {
	text := strings.Repeat("é", maxQRText/2)
	res := get(t, Handler(Config{}), http.MethodGet, "/qr.svg?text="+url.QueryEscape(text))
	if res.StatusCode != http.StatusOK {
		t.Errorf("%d bytes: %s, want 200", len(text), res.Status)
	}
}

// Each black module is covered by exactly one run.
func TestDrawQRCoversEveryModule(t *testing.T) {
	code, err := qr.Encode("https://192.168.1.20:8080/device?session=abc", qr.M)
	if err != nil {
		t.Fatal(err)
	}
	black := 0
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			run := blackRun(code, x, y)
			black += run
			x += run
		}
	}
	want := 0
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				want++
			}
		}
	}
	if black != want {
		t.Errorf("runs cover %d modules, want %d", black, want)
	}
}

func TestUnknownKindOfFileIsRefused(t *testing.T) {
	if _, err := load(fstest.MapFS{"a.exe": {Data: []byte("x")}}); err == nil {
		t.Error("no error for a file without a content type")
	}
}
