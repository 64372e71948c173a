package httplimit

import (
	"io"
	"net/http"
	"sync"
	"time"
)

// Unread wraps handlers that may leave a body unread: they don't want one, or refuse the
// request before. The answer doesn't wait for the rest of such a body, and unless all of
// it has arrived already the connection closes after the answer.
func Unread(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength == 0 {
			next.ServeHTTP(w, r)
			return
		}
		body := &watchedBody{ReadCloser: r.Body}
		to := *r
		to.Body = body
		answer := &impatient{ResponseWriter: w, body: body}
		defer answer.begin()
		next.ServeHTTP(answer, &to)
	})
}

// watchedBody knows whether it was read to its end.
type watchedBody struct {
	io.ReadCloser

	mu    sync.Mutex
	ended bool
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.mu.Lock()
		b.ended = err == io.EOF
		b.mu.Unlock()
	}
	return n, err
}

func (b *watchedBody) hasEnded() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ended
}

// impatient is an answer that begins by giving up on what wasn't read of the request.
type impatient struct {
	http.ResponseWriter
	body *watchedBody
	once sync.Once
}

// begin keeps net/http from waiting for the rest of a body, which it would read before the answer.
func (w *impatient) begin() {
	w.once.Do(func() {
		if !w.body.hasEnded() {
			_ = http.NewResponseController(w.ResponseWriter).SetReadDeadline(time.Unix(1, 0))
		}
	})
}

func (w *impatient) WriteHeader(status int) {
	if status >= 200 {
		w.begin()
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *impatient) Write(p []byte) (int, error) {
	w.begin()
	return w.ResponseWriter.Write(p)
}

// ReadFrom lets the system send files as it can best.
func (w *impatient) ReadFrom(src io.Reader) (int64, error) {
	w.begin()
	return io.Copy(w.ResponseWriter, src)
}

// Unwrap is for http.ResponseController.
func (w *impatient) Unwrap() http.ResponseWriter { return w.ResponseWriter }
