package httplimit

import (
	"net/http"
	"time"
)

// The deadlines of every request. Those of the body and of the answer hold from the first byte
// of the request and from the end of its header, unless a handler replaces them.
const (
	HeaderTime = 5 * time.Second  // for the header, and for a TLS handshake
	BodyTime   = 10 * time.Second // for the header and the body
	AnswerTime = time.Minute      // for the handler's work and the answer
	IdleTime   = time.Minute      // from one request of a connection to the next
)

// maxHeader bounds a request's header in bytes.
const maxHeader = 16 << 10

// NewServer returns a server with the deadlines, whose connections come from l.
func NewServer(handler http.Handler, l *Listener) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: HeaderTime, ReadTimeout: BodyTime, WriteTimeout: AnswerTime, IdleTimeout: IdleTime,
		MaxHeaderBytes: maxHeader, ConnState: l.connState,
	}
}
