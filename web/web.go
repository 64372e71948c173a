// Package web holds the browser's side: the library /downbeat.js, the console,
// the device page and the watch page, embedded as they are (plain ES modules, no build), and
// the handler that serves them.
//
//	mux.Handle("/", web.Handler(web.Config{}))
//
// Every page is sent cross-origin isolated (COOP and COEP), which gives
// performance.now() a resolution of 5 µs instead of 100 µs in Chromium and of
// 20 µs instead of 1 ms in Firefox. The watch page is so in browsers that know
// COEP credentialless; in others it isn't isolated, so that media of any
// server plays in all of them. The library's own files may be imported by
// pages of other origins.
package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed static
var embedded embed.FS

// Config says what Handler serves. Its zero value is what the server uses.
type Config struct {
	Files fs.FS // the static files; nil means the embedded ones
}

// Handler serves the pages, the library and /qr.svg. It reads all files once,
// is safe for concurrent use and answers what it doesn't know with 404. It
// panics when Config.Files can't be read; the embedded files always can.
func Handler(cfg Config) http.Handler {
	files := cfg.Files
	if files == nil {
		files, _ = fs.Sub(embedded, "static")
	}
	pages, err := load(files)
	if err != nil {
		panic("web: reading the static files: " + err.Error())
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /qr.svg", serveQR)
	mux.HandleFunc("POST /qr.svg", serveQR)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "only GET and HEAD here", http.StatusMethodNotAllowed)
			return
		}
		f, ok := pages[r.URL.Path]
		if !ok {
			http.Error(w, "nothing here: the console is at /, the device page at /device, the watch page at /watch", http.StatusNotFound)
			return
		}
		f.serve(w, r)
	})
	return secured(mux)
}

// file is one static file, ready to be sent.
type file struct {
	name, contentType, etag string
	body                    []byte
}

// load maps each URL path to its file.
func load(files fs.FS) (map[string]file, error) {
	pages := make(map[string]file)
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, ".d.ts") { // for the type checker alone
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		contentType, ok := contentTypes[path.Ext(name)]
		if !ok {
			return fmt.Errorf("%s: no content type for this kind of file", name)
		}
		sum := sha256.Sum256(body)
		etag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
		pages[urlPath(name)] = file{name: name, contentType: contentType, etag: etag, body: body}
		return nil
	})
	return pages, err
}

// contentTypes names the types here: a system's own table differs from one to
// the next, and a module of the wrong type doesn't run.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".svg":  "image/svg+xml",
	".txt":  "text/plain; charset=utf-8", // licences of what is vendored
}

// urlPath is where a file is served: pages without their ending.
func urlPath(name string) string {
	if name == "index.html" {
		return "/"
	}
	return "/" + strings.TrimSuffix(name, ".html")
}

// serve sends the file, or 304 where the browser has it.
func (f file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("ETag", f.etag)
	h.Set("Cache-Control", "no-cache")
	if strings.HasSuffix(f.name, ".js") {
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
	if f.name == "watch.html" {
		h.Set("Cross-Origin-Embedder-Policy", "credentialless")
		h.Set("Content-Security-Policy", policyBefore+fromAnywhere+policyAfter)
	}
	http.ServeContent(w, r, f.name, time.Time{}, bytes.NewReader(f.body))
}

// policy allows what the pages use and nothing else: no inline script or
// style, no other origin. A blob worker is how a page of another origin starts
// the library's worker. The watch page differs in where media may come from.
const (
	policy       = policyBefore + "connect-src 'self'; media-src 'self' blob:" + policyAfter
	policyBefore = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; worker-src 'self' blob:; "
	policyAfter  = "; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

	// Films come from anywhere, and subtitles, which the page fetches.
	fromAnywhere = "connect-src 'self' http: https:; media-src 'self' http: https: blob:"
)

// permissions are what a recording device asks for, and what nobody else's
// frame may.
const permissions = "camera=(self), microphone=(self), screen-wake-lock=(self), geolocation=(), payment=(), usb=()"

// secured adds the headers that every answer carries.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Embedder-Policy", "require-corp")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Permissions-Policy", permissions)
		next.ServeHTTP(w, r)
	})
}
