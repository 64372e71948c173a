package api

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/downbeat-sync/downbeat/access"
)

// maxPrefix bounds the path that a server is below, in bytes.
const maxPrefix = 256

// CleanPrefix returns the path that a server is below as it is put before
// absolute paths: empty, or with a slash in front and none behind. It fails for
// what isn't a plain path.
func CleanPrefix(path string) (string, error) {
	path = strings.TrimRight(path, "/")
	if path == "" {
		return "", nil
	}
	if path[0] != '/' || len(path) > maxPrefix {
		return "", errors.New("a path begins with a slash and has at most 256 bytes, such as /beat")
	}
	for part := range strings.SplitSeq(path[1:], "/") {
		if part == "" || part == "." || part == ".." || strings.Trim(part, prefixChars) != "" {
			return "", errors.New("the parts of the path are made of letters, digits, - . _ and ~")
		}
	}
	return path, nil
}

const prefixChars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

type prefixKey struct{}

// prefixOf returns the path that the caller finds this server below, as CleanPrefix has it.
func prefixOf(r *http.Request) string {
	prefix, _ := r.Context().Value(prefixKey{}).(string)
	return prefix
}

// prefixed takes the path that this server is below off the requests whose
// path has it: a proxy may have done so already.
func (s *Server) prefixed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		prefix := s.prefix(r)
		if prefix == "" {
			next.ServeHTTP(w, r)
			return
		}
		path, below := strings.CutPrefix(r.URL.Path, prefix)
		if below && path == "" {
			http.Redirect(w, r, prefix+"/", http.StatusMovedPermanently)
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), prefixKey{}, prefix))
		if below && path[0] == '/' {
			at := *r.URL
			at.Path, at.RawPath = path, strings.TrimPrefix(at.RawPath, prefix)
			r.URL = &at
		}
		next.ServeHTTP(located{w, prefix}, r)
	})
}

// prefix is what a trusted proxy says, else what the server was told.
func (s *Server) prefix(r *http.Request) string {
	if said := access.AskedOf(r).Prefix; said != "" {
		if prefix, err := CleanPrefix(said); err == nil {
			return prefix
		}
	}
	return s.cfg.Prefix
}

// located puts the prefix before the path of a Location.
type located struct {
	http.ResponseWriter
	prefix string
}

func (l located) WriteHeader(status int) {
	if to := l.Header().Get("Location"); strings.HasPrefix(to, "/") {
		l.Header().Set("Location", l.prefix+to)
	}
	l.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (l located) Unwrap() http.ResponseWriter { return l.ResponseWriter }

// urls are those under which devices reach this server, the best first: where a trusted proxy says that it was
// asked for, unless that is the caller's own machine, then what the server was told.
func (s *Server) urls(r *http.Request) []string {
	urls := []string{}
	asked := access.AskedOf(r)
	host := access.HostName(asked.Host)
	addr, _ := netip.ParseAddr(host)
	local := addr.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost")
	if asked.Told && !local {
		urls = append(urls, asked.Scheme+"://"+asked.Host+prefixOf(r))
	}
	if s.cfg.URLs == nil {
		return urls
	}
	for _, u := range s.cfg.URLs() {
		if !slices.Contains(urls, u) {
			urls = append(urls, u)
		}
	}
	return urls
}
