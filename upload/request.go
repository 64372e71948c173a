package upload

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tus/tusd/v2/pkg/handler"

	"github.com/downbeat-sync/downbeat/wire"
)

// request is one HTTP request on its way through tusd's handler, which hands its context on to
// the store. One goroutine uses it.
type request struct {
	server  *Server
	http    *http.Request
	by      Rank
	answer  *answer
	body    *body
	upload  *upload // whose turn the request has; nil before
	claim   *claim
	created bool  // the request has made the upload
	refusal error // of the store; what tusd itself refuses is in the answer
}

type requestKey struct{}

func requestOf(ctx context.Context) *request { return ctx.Value(requestKey{}).(*request) }

func (s *Server) newRequest(w http.ResponseWriter, r *http.Request, by Rank) *request {
	q := &request{server: s, by: by}
	q.answer = &answer{ResponseWriter: w, request: q}
	q.body = &body{ReadCloser: r.Body, request: q}
	q.http = r.WithContext(context.WithValue(r.Context(), requestKey{}, q))
	q.http.URL = &url.URL{Path: "/" + strings.Trim(strings.TrimPrefix(r.URL.Path, "/api/uploads"), "/")}
	q.http.Body = q.body
	return q
}

// isDraft reports whether the request is of the IETF's draft in a version that tusd knows.
func isDraft(r *http.Request) bool {
	v := r.Header.Get("Upload-Draft-Interop-Version")
	return len(v) == 1 && v >= "3" && v <= "6"
}

// refuse notes why the store refuses the request.
func (q *request) refuse(err error) error {
	if err != nil {
		q.refusal = err
	}
	return err
}

// hold waits until the request has an upload's turn.
func (q *request) hold(ctx context.Context, u *upload) error {
	c, err := u.turn.take(ctx, q.answer.ResponseWriter, q.server.cfg.Idle)
	if err != nil {
		return err
	}
	q.upload, q.claim = u, c
	if q.server.isClosing() { // and may have interrupted who had the turn before
		c.interrupt()
	}
	return nil
}

// outcome returns why the request was refused, or nil. What a creation has made that is refused goes.
func (q *request) outcome() error {
	err := q.refusal
	if err == nil && q.answer.refused != "" {
		err = translated(q.answer.refused)
	}
	if err != nil && q.created && q.claim != nil && !q.goesOn(err) {
		return q.server.takeBack(q.upload, err)
	}
	return err
}

// end lets the upload go, and removes it if another one has its place.
func (q *request) end() {
	if q.claim != nil {
		q.server.sweepAside(q.upload)
		q.claim.release()
	}
}

// goesOn reports whether the client of a creation whose body was broken off can go on with it.
func (q *request) goesOn(err error) bool {
	return isDraft(q.http) && (err == errBody || err == errSuperseded)
}

// answer is what tusd answers. What it refuses isn't sent: the server says it with its own code.
type answer struct {
	http.ResponseWriter
	request *request
	status  int
	refused string
}

func (a *answer) WriteHeader(status int) {
	h := a.Header()
	if a.status = status; status >= http.StatusBadRequest {
		h.Del("Location")
		h.Del("Content-Length")
		return
	}
	if at, err := url.Parse(h.Get("Location")); err == nil && at.Path != "" {
		h.Set("Location", at.Path) // whoever knows the path that this server is below puts it before
	}
	if u := a.request.upload; u != nil {
		if rec := u.record(); !rec.complete() {
			h.Set("Upload-Expires", rec.Expires.Format(http.TimeFormat))
		}
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	if a.status >= http.StatusBadRequest {
		a.refused += string(b)
		return len(b), nil
	}
	return a.ResponseWriter.Write(b)
}

// SetReadDeadline does nothing: an upload's claim sets the deadlines of the body.
func (a *answer) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing: bringing a finished file to its place may take longer than tusd thinks.
func (a *answer) SetWriteDeadline(time.Time) error { return nil }

// body is a request's, each read with its time limit. It knows what tusd's reader of it doesn't tell the store.
type body struct {
	io.ReadCloser
	request *request
	n       int64 // bytes that came
	broken  error // why no more do
}

func (b *body) Read(p []byte) (int, error) {
	if c := b.request.claim; c == nil || !c.alive() {
		b.broken = errSuperseded
		return 0, errSuperseded
	}
	n, err := b.ReadCloser.Read(p)
	b.n += int64(n)
	if err == nil || err == io.EOF {
		return n, err
	}
	switch {
	case !b.request.claim.alive():
		b.broken = errSuperseded
	case b.request.created && !isDraft(b.request.http):
		return n, io.EOF // where the upload is must be told, or nobody can go on with it
	default:
		b.broken = errBody
	}
	return n, b.broken
}

// translated is what tusd refuses, in the words of this package.
func translated(text string) error {
	code, _, _ := strings.Cut(text, ":")
	if e, ok := refusals[code]; ok {
		return e
	}
	return errors.New("tusd: " + strings.TrimSpace(text))
}

var refusals = map[string]*Error{
	"ERR_INTERNAL_SERVER_ERROR":                           refuse(wire.CodeBadMetadata, "Content-Type or Content-Disposition can't be read"), // of a draft's creation alone
	handler.ErrMaxSizeExceeded.ErrorCode:                  errTooLarge,
	handler.ErrInvalidContentType.ErrorCode:               errContentType,
	handler.ErrInvalidUploadLength.ErrorCode:              errLength,
	handler.ErrUploadLengthAndUploadDeferLength.ErrorCode: errLength,
	handler.ErrInvalidUploadDeferLength.ErrorCode:         errLength,
	handler.ErrInvalidOffset.ErrorCode:                    errNoOffset,
	handler.ErrMismatchOffset.ErrorCode:                   errOffset,
	handler.ErrSizeExceeded.ErrorCode:                     errTooLong,
	handler.ErrNotFound.ErrorCode:                         errUnknown,
	handler.ErrInvalidConcat.ErrorCode:                    errConcat,
	handler.ErrUploadNotFinished.ErrorCode:                errConcat,
	handler.ErrModifyFinal.ErrorCode:                      errConcat,
}
