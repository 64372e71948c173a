package api

import (
	"bufio"
	"io"
	"net"
	"net/http"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/signaling"
)

// observed is a ResponseWriter that passes on refusals.
type observed struct {
	http.ResponseWriter
	server *Server
	r      *http.Request
}

// watched lets refusals be known.
func (s *Server) watched(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(&observed{w, s, r}, r)
	})
}

func (o *observed) refused(code string) {
	if o.server.cfg.Observe == nil {
		return
	}
	o.server.cfg.Observe.Refused(signaling.Refusal{Code: code, Via: "http", Addr: access.AskedOf(o.r).Addr, SessionID: o.r.PathValue("id")})
}

// Unwrap is for http.ResponseController.
func (o *observed) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// Hijack is for the WebSocket.
func (o *observed) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(o.ResponseWriter).Hijack()
}

// ReadFrom sends files as the system can best.
func (o *observed) ReadFrom(src io.Reader) (int64, error) { return io.Copy(o.ResponseWriter, src) }

// tellRefusal passes on a refusal to whoever observes the request that w answers.
func tellRefusal(w http.ResponseWriter, code string) {
	for {
		if o, ok := w.(*observed); ok {
			o.refused(code)
			return
		}
		in, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return
		}
		w = in.Unwrap()
	}
}
