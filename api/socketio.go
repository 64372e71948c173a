package api

import "net/http"

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

// ofSocketIO is what pages of the listed origins may do with Socket.IO, whose clients may ask with credentials.
var ofSocketIO = crossOrigin{methods: "GET, POST", headers: "Authorization, Content-Type", credentials: true}
