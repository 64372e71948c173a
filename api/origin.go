package api

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// hostAllowed says whether a request names this server by an address, by a
// local name or by one of those it is known under. Any other name may have
// been pointed here by somebody else (DNS rebinding).
func hostAllowed(hostport string, known []string) bool {
	host := access.HostName(hostport)
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, ".local") {
		return true
	}
	return net.ParseIP(host) != nil || host != "" && slices.ContainsFunc(known, func(k string) bool { return access.HostName(k) == host })
}

// originAllowed says whether the page that makes a request came from this
// server, or from one that may use it. Programs send no Origin. A page that came unencrypted, which anybody on its way
// may have written, isn't one of an encrypted server; the other way round a proxy may have
// taken the encryption off.
func (s *Server) originAllowed(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || s.originListed(origin) {
		return true
	}
	u, err := url.Parse(origin)
	asked := access.AskedOf(r)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http" && asked.Scheme == "http") &&
		access.SameHost(u.Host, asked.Host, u.Scheme)
}

func (s *Server) originListed(origin string) bool {
	return slices.ContainsFunc(s.cfg.Origins, func(o string) bool { return access.SameOrigin(o, origin) })
}

// crossOrigin is what pages of the listed origins may do.
type crossOrigin struct {
	methods     string
	headers     string // that they may send
	exposed     string // headers that they may read, besides those that all may
	credentials bool   // whether they may ask with cookies and the like
}

// ofAPI is what they may do with the API.
var ofAPI = crossOrigin{
	methods: "GET, POST, HEAD, PATCH, DELETE",
	headers: "Authorization, Content-Disposition, Content-Type, Tus-Resumable, X-HTTP-Method-Override, Upload-Complete, Upload-Concat, Upload-Defer-Length, Upload-Draft-Interop-Version, Upload-Incomplete, Upload-Length, Upload-Metadata, Upload-Offset",
	exposed: "Location, Tus-Resumable, Upload-Complete, Upload-Defer-Length, Upload-Expires, Upload-Length, Upload-Metadata, Upload-Offset",
}

// allowOrigin lets pages of the listed origins read what is answered, and reports whether the
// request only asked for that.
func (s *Server) allowOrigin(w http.ResponseWriter, r *http.Request, may crossOrigin) (preflight bool) {
	h := w.Header()
	h.Add("Vary", "Origin")
	if !s.originListed(r.Header.Get("Origin")) {
		return false
	}
	h.Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	if may.exposed != "" {
		h.Set("Access-Control-Expose-Headers", may.exposed)
	}
	if may.credentials {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", may.methods)
	h.Set("Access-Control-Allow-Headers", may.headers)
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}

// mayCall counts a request, and says whether its address may make one more of the kind now.
func (s *Server) mayCall(r *http.Request) bool {
	if isPassedOn(r) { // the other instance has counted it
		return true
	}
	throttle := s.calls
	switch path := r.URL.Path; {
	case path == "/metrics" || path == "/qr.svg" || path == "/readyz":
		throttle = s.costly
	case path != "/ws" && path != socketIOAt && !strings.HasPrefix(path, "/api/"): // pages, from memory, and films
		return true
	}
	return throttle.Allow(access.AskedOf(r).Addr, time.Now())
}

// resourcePolicy says whose pages may embed what lies below /api/. Those that may read it ask by
// CORS, which this doesn't concern; pages of the listed origins may also show a recording.
func (s *Server) resourcePolicy() string {
	if len(s.cfg.Origins) > 0 {
		return "cross-origin"
	}
	return "same-origin"
}

func hostOnly(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return strings.Trim(hostport, "[]")
}

// changes says whether a request of that method may change something.
func changes(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}

// badOrigin says whose pages are refused, and how they wouldn't be.
func badOrigin(r *http.Request) error {
	origin := r.Header.Get("Origin")
	if u, err := url.Parse(origin); err != nil || u.Scheme+"://"+u.Host != origin || len(origin) > maxPrefix {
		return &session.Error{Code: wire.CodeBadOrigin, Message: "the page comes from another server"}
	}
	return &session.Error{Code: wire.CodeBadOrigin, Message: "the page comes from " + origin + ", and the server doesn't know that origin: start it with --origin " + origin}
}

// checkHost refuses requests under a name that isn't this server's, and those
// that would change something on behalf of another server's page.
func (s *Server) checkHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/ws" {
			// Browsers hide why a handshake failed: the page asks again, and reads it.
			w.Header().Set("Access-Control-Allow-Origin", "*")
		}
		for _, host := range []string{r.Host, access.AskedOf(r).Host} { // what a proxy was asked for may be a client's word
			if !hostAllowed(host, s.cfg.Hosts) {
				writeError(w, http.StatusForbidden, &session.Error{Code: wire.CodeBadHost, Message: "this server is not known as " + hostOnly(host) + "; name it with --host"})
				return
			}
		}
		api := strings.HasPrefix(r.URL.Path, "/api/")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if api {
			w.Header().Set("Cross-Origin-Resource-Policy", s.resourcePolicy())
		}
		if !s.mayCall(r) {
			writeError(w, 0, tooManyRequests)
			return
		}
		if api && s.allowOrigin(w, r, ofAPI) || r.URL.Path == socketIOAt && s.allowOrigin(w, r, ofSocketIO) {
			return
		}
		if api && (changes(r.Method) || changes(meant(r))) && !s.originAllowed(r) {
			writeError(w, http.StatusForbidden, badOrigin(r))
			return
		}
		next.ServeHTTP(s.answering(w, r), r)
	})
}
