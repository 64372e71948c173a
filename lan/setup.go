package lan

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

//go:embed setup
var setupFiles embed.FS

var setupPage = template.Must(template.ParseFS(setupFiles, "setup/page.html"))

// SetupConfig sets Setup up; all but Path is required.
type SetupConfig struct {
	Authority *Authority
	// Covers reports whether a host is one that the server's certificate is valid for.
	Covers func(host string) bool
	// Host is taken where a request names none that is covered, Port is HTTPS's.
	Host func() string
	Port int
	// Path is what the server is below: empty, or with a slash in front.
	Path string
}

// Setup serves the page that leads a device through installing the authority's
// certificate, and the certificate. It is to be served unencrypted, on a port of its
// own: whoever needs it doesn't trust the server yet. There is nothing else below it.
func Setup(cfg SetupConfig) (http.Handler, error) {
	apple, err := cfg.Authority.Profile()
	if err != nil {
		return nil, fmt.Errorf("the profile for iOS: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", cfg.page)
	mux.Handle("GET /setup.js", file("text/javascript; charset=utf-8", "setup/setup.js"))
	mux.Handle("GET /setup.css", file("text/css; charset=utf-8", "setup/setup.css"))
	mux.Handle("GET /icon.svg", file("image/svg+xml", "setup/icon.svg"))
	mux.Handle("GET /downbeat-ca.crt", download("application/x-x509-ca-cert", "downbeat-ca.crt", cfg.Authority.cert.Raw))
	mux.Handle("GET /downbeat-ca.mobileconfig", download("application/x-apple-aspen-config", "downbeat-ca.mobileconfig", apple))
	return mux, nil
}

func file(contentType, name string) http.Handler {
	b, err := setupFiles.ReadFile(name)
	if err != nil {
		panic("lan: " + err.Error()) // embedded
	}
	return content(contentType, b)
}

func content(contentType string, b []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(b)
	})
}

// download names the file: Android lists downloads by name when it asks for one.
func download(contentType, name string, b []byte) http.Handler {
	next := content(contentType, b)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if contentType == "application/x-x509-ca-cert" {
			w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
		}
		next.ServeHTTP(w, r)
	})
}

// page is made for the system that asks.
func (cfg SetupConfig) page(w http.ResponseWriter, r *http.Request) {
	origin := "https://" + cfg.secureHost(r.Host)
	var b bytes.Buffer
	err := setupPage.Execute(&b, struct {
		Server, System, Name string
		Fingerprint          []string
	}{origin + cfg.Path, systemOf(r.UserAgent()), cfg.Authority.cert.Subject.CommonName, strings.SplitAfter(cfg.Authority.Fingerprint(), ":")})
	if err != nil {
		http.Error(w, "the page can't be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src "+
		origin+"; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	w.Header().Set("Referrer-Policy", "no-referrer")
	content("text/html; charset=utf-8", b.Bytes()).ServeHTTP(w, r)
}

// secureHost is where HTTPS is found by whoever asked under that host.
func (cfg SetupConfig) secureHost(asked string) string {
	host := asked
	if h, _, err := net.SplitHostPort(asked); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if !cfg.Covers(host) {
		host = cfg.Host()
	}
	if a, err := netip.ParseAddr(host); err == nil {
		host = a.String()
	}
	if cfg.Port == 443 {
		return strings.TrimSuffix(net.JoinHostPort(host, ""), ":")
	}
	return net.JoinHostPort(host, strconv.Itoa(cfg.Port))
}

// systemOf tells from a browser's name which system's steps to show: ios, android,
// mac, windows or linux. An iPad that calls itself a Mac is found out by the page.
func systemOf(agent string) string {
	for _, s := range [][2]string{
		{"iPhone", "ios"}, {"iPad", "ios"}, {"iPod", "ios"}, {"Android", "android"}, {"Macintosh", "mac"}, {"Windows", "windows"},
	} {
		if strings.Contains(agent, s[0]) {
			return s[1]
		}
	}
	return "linux"
}
