package lan

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"howett.net/plist"
)

const (
	iPhone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
	android = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36"
	mac     = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15"
	windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
	linux   = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0"
)

func ask(t *testing.T, h http.Handler, path, host, agent string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest("GET", "http://"+host+path, nil)
	r.Header.Set("User-Agent", agent)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func newSetup(t *testing.T) (*Authority, http.Handler) {
	t.Helper()
	a := newAuthority(t)
	h, err := Setup(SetupConfig{
		Authority: a, Covers: LocalNames("192.168.1.20", "fd00::2").has, Host: func() string { return "192.168.1.20" }, Port: 8080,
	})
	check(t, err)
	return a, h
}

// TestSetupPage shows each system its own steps, and leads to where the device is.
func TestSetupPage(t *testing.T) {
	a, h := newSetup(t)
	for _, c := range []struct{ agent, host, system, origin string }{
		{iPhone, "192.168.1.20:8082", "ios", "https://192.168.1.20:8080"},
		{android, "downbeat.local:8082", "android", "https://downbeat.local:8080"},
		{mac, "[fd00::2]:8082", "mac", "https://[fd00::2]:8080"},
		{windows, "somewhere.example", "windows", "https://192.168.1.20:8080"},
		{linux, "localhost:8082", "linux", "https://localhost:8080"},
		{"", `"><script>`, "linux", "https://192.168.1.20:8080"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = c.host
		r.Header.Set("User-Agent", c.agent)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		body := w.Body.String()
		if n := strings.Count(body, ":<wbr>"); n != 31 {
			t.Errorf("the fingerprint may break after %d of its 31 colons", n)
		}
		body = strings.ReplaceAll(body, "<wbr>", "")
		for _, part := range []string{
			`data-system="` + c.system + `"`, `data-origin="` + c.origin + `"`, `data-for="` + c.system + `" open`, a.Fingerprint(),
		} {
			if !strings.Contains(body, part) {
				t.Errorf("%s at %s: no %s", c.system, c.host, part)
			}
		}
		if n := strings.Count(body, " open>"); n != 1 {
			t.Errorf("%s: %d systems are open", c.system, n)
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "connect-src "+c.origin+";") {
			t.Errorf("%s: policy %s", c.system, csp)
		}
	}
}

// TestSetupServesNothingElse, and is the certificate what it says.
func TestSetupServesNothingElse(t *testing.T) {
	a, h := newSetup(t)
	for path, want := range map[string]string{
		"/": "text/html; charset=utf-8", "/setup.js": "text/javascript; charset=utf-8", "/setup.css": "text/css; charset=utf-8",
		"/icon.svg": "image/svg+xml", "/downbeat-ca.crt": "application/x-x509-ca-cert", "/downbeat-ca.mobileconfig": "application/x-apple-aspen-config",
		"/device": "", "/api/info": "", "/ws": "", "/ca.key": "", "/setup/page.html": "", "//": "",
	} {
		w := ask(t, h, path, "localhost", linux)
		if got := w.Header().Get("Content-Type"); (w.Code == http.StatusOK) != (want != "") || want != "" && got != want {
			t.Errorf("%s: %d, %s", path, w.Code, got)
		}
	}
	if w := ask(t, h, "/downbeat-ca.crt", "localhost", android); !bytes.Equal(w.Body.Bytes(), a.Certificate().Raw) {
		t.Error("the certificate isn't the authority's")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("POST", "/", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
}

// TestProfile is what iOS expects: a property list in well-formed XML, with the certificate in it.
func TestProfile(t *testing.T) {
	a := newAuthority(t)
	b, err := a.Profile()
	check(t, err)
	for d := xml.NewDecoder(bytes.NewReader(b)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	var p map[string]any
	format, err := plist.Unmarshal(b, &p)
	check(t, err)
	content := p["PayloadContent"].([]any)[0].(map[string]any)
	if format != plist.XMLFormat || p["PayloadType"] != "Configuration" || p["PayloadVersion"] != uint64(1) ||
		content["PayloadType"] != "com.apple.security.root" || p["PayloadUUID"] == content["PayloadUUID"] {
		t.Errorf("%v", p)
	}
	if !bytes.Equal(content["PayloadContent"].([]byte), a.Certificate().Raw) {
		t.Error("the certificate in the profile isn't the authority's")
	}
	if again, err := a.Profile(); err != nil || !bytes.Equal(again, b) {
		t.Error("the profile of the same authority is another one")
	}
}
