package api

import (
	"net/http"
)

// socketIOAt is where clients of Socket.IO connect; its files are below.
const socketIOAt = "/socket.io/"

// serveSocketIO lets a page connect that may. Reading is guarded by CORS, and writing is not: a POST of
// text is a request that any page may make, and so is a WebSocket.
func (s *Server) serveSocketIO(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == socketIOAt && !s.originAllowed(r) {
		writeError(w, 0, badOrigin(r))
		return
	}
	s.cfg.SocketIO.ServeHTTP(w, r)
}

// allowPages is allowOrigin for Socket.IO, whose clients may ask with credentials.
func (s *Server) allowPages(w http.ResponseWriter, r *http.Request) (preflight bool) {
	h := w.Header()
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if !s.originListed(origin) {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", "GET, POST")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}
