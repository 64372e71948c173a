package httplimit

import (
	"io"
	"math"
	"net/http"
	"time"
)

// pieceBytes is how much of a file is sent under one deadline.
const pieceBytes = 1 << 20

// Stream returns a writer for an answer that may take as long as its reader takes something:
// 1 MiB of it within idle.
func Stream(w http.ResponseWriter, idle time.Duration) http.ResponseWriter {
	s := &stream{ResponseWriter: w, conn: http.NewResponseController(w), idle: idle}
	_ = s.conn.SetReadDeadline(time.Time{}) // nothing more is read: it would only end the request's context
	s.renew()
	return s
}

type stream struct {
	http.ResponseWriter
	conn *http.ResponseController
	idle time.Duration
}

func (s *stream) renew() { _ = s.conn.SetWriteDeadline(time.Now().Add(s.idle)) }

func (s *stream) Write(b []byte) (sent int, err error) {
	for first := true; first || len(b) > 0; first = false {
		piece := b[:min(len(b), pieceBytes)]
		s.renew()
		n, err := s.ResponseWriter.Write(piece)
		if sent, b = sent+n, b[len(piece):]; err != nil {
			return sent, err
		}
	}
	return sent, nil
}

// ReadFrom sends pieces, each of them as the system can best.
func (s *stream) ReadFrom(src io.Reader) (int64, error) {
	return inPieces(src, pieceBytes, func(piece io.Reader) (int64, error) {
		s.renew()
		return io.Copy(s.ResponseWriter, piece)
	})
}

// inPieces sends src in pieces of at most size bytes, until one is empty or fails. A LimitedReader,
// which is what http.ServeContent has, is cut into others of the same file: the system sends those.
func inPieces(src io.Reader, size int64, send func(piece io.Reader) (int64, error)) (sent int64, err error) {
	all, ok := src.(*io.LimitedReader)
	if !ok {
		all = &io.LimitedReader{R: src, N: math.MaxInt64}
	}
	for all.N > 0 {
		n, err := send(&io.LimitedReader{R: all.R, N: min(all.N, size)})
		if sent, all.N = sent+n, all.N-n; err != nil || n == 0 {
			return sent, err
		}
	}
	return sent, nil
}

// Unwrap is for http.ResponseController.
func (s *stream) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// Upload wraps a handler whose request's body may take as long as some of it comes within idle.
// The answer has as long, from its begin.
func Upload(idle time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn := http.NewResponseController(w)
		_ = conn.SetReadDeadline(time.Now().Add(idle))
		_ = conn.SetWriteDeadline(time.Time{})
		to := *r
		to.Body = &arriving{ReadCloser: r.Body, conn: conn, idle: idle}
		next.ServeHTTP(&late{ResponseWriter: w, conn: conn, idle: idle}, &to)
	})
}

// arriving is a body that each piece of it gives time.
type arriving struct {
	io.ReadCloser
	conn *http.ResponseController
	idle time.Duration
}

// Read gives time after it has read something, not before: a handler that ends a pending read by a
// deadline of its own isn't overruled.
func (b *arriving) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 && err == nil {
		_ = b.conn.SetReadDeadline(time.Now().Add(b.idle))
	}
	return n, err
}

// late is an answer whose time begins with it.
type late struct {
	http.ResponseWriter
	conn *http.ResponseController
	idle time.Duration
}

func (l *late) WriteHeader(status int) {
	if status >= http.StatusOK { // else the answer is still to come
		_ = l.conn.SetWriteDeadline(time.Now().Add(l.idle))
	}
	l.ResponseWriter.WriteHeader(status)
}

func (l *late) Write(b []byte) (int, error) {
	_ = l.conn.SetWriteDeadline(time.Now().Add(l.idle))
	return l.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (l *late) Unwrap() http.ResponseWriter { return l.ResponseWriter }
