package signaling

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// hostAllowed says whether a request names this server by an address, by a
// local name or by one of those it is known under. Any other name may have
// been pointed here by somebody else (DNS rebinding).
func hostAllowed(hostport string, known []string) bool {
	host := strings.ToLower(hostOnly(hostport))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, ".local") {
		return true
	}
	return net.ParseIP(host) != nil || slices.Contains(known, host)
}

// originAllowed says whether the page that makes a request came from this
// server. Programs send no Origin.
func originAllowed(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
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

var badOrigin = &httpError{"bad_origin", "the page comes from another server"}

// checkHost refuses requests under a name that isn't this server's, and those
// that would change something on behalf of another server's page.
func (s *Server) checkHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !hostAllowed(r.Host, s.cfg.Hosts) {
			writeError(w, http.StatusForbidden, &httpError{"bad_host", "this server is not known as " + hostOnly(r.Host) + "; name it with --host"})
			return
		}
		if strings.HasPrefix(r.URL.Path, "/api/") && changes(r.Method) && !originAllowed(r) {
			writeError(w, http.StatusForbidden, badOrigin)
			return
		}
		next.ServeHTTP(w, r)
	})
}
