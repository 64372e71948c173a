package web

import (
	"bytes"
	"net/http"
	"path"
	"time"
)

// socketIOFiles are the names under which pages ask for Socket.IO's client.
var socketIOFiles = map[string]string{
	"socket.io.js": "socket.io.min.js", "socket.io.min.js": "socket.io.min.js", "socket.io.esm.min.js": "socket.io.esm.min.js",
}

// SocketIO serves the client of Socket.IO as its own servers do, below any path: socket.io.js,
// socket.io.min.js and socket.io.esm.min.js. Pages of any origin may use them.
func SocketIO() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := socketIOFiles[path.Base(r.URL.Path)]
		body, err := embedded.ReadFile("static/vendor/socket.io-client/" + name)
		if name == "" || err != nil || r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", contentTypes[".js"])
		h.Set("Cache-Control", "no-cache")
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
	})
}
