package upload

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/tus/tusd/v2/pkg/handler"
	"golang.org/x/exp/slog"

	"github.com/downbeat-sync/downbeat/disks"
)

// store is what a Server is for tusd's handler, which speaks the protocol: where the
// uploads are, and whose turn it is with one.
type store struct{ *Server }

// turnTimeout bounds how long a request waits for its turn with an upload; a file that is made
// whole meanwhile takes less.
const turnTimeout = 2 * wholeTimeout

func (s *Server) newProtocol() (http.Handler, error) {
	parts := handler.NewStoreComposer()
	parts.UseCore(store{s})
	parts.UseLocker(store{s})
	parts.UseTerminater(store{s})
	parts.UseLengthDeferrer(store{s})
	parts.UseConcater(store{s})
	tus, err := handler.NewUnroutedHandler(handler.Config{
		StoreComposer: parts, BasePath: "/api/uploads/", MaxSize: s.cfg.MaxSize,
		EnableExperimentalProtocol: true, DisableDownload: true, Cors: &handler.CorsConfig{Disable: true},
		Logger:             slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelError + 1})), // it has addresses of uploads
		AcquireLockTimeout: turnTimeout, NetworkTimeout: s.cfg.Idle,
		GracefulRequestCompletionTimeout: time.Nanosecond, // each request has a goroutine that waits for so long
	})
	if err != nil {
		return nil, err
	}
	s.extensions = tus.SupportedExtensions() + ",expiration"
	return tus.Middleware(route(tus)), nil
}

func route(tus *handler.UnroutedHandler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost && r.URL.Path == "/":
			tus.PostFile(w, r)
		case r.Method == http.MethodHead:
			tus.HeadFile(w, r)
		case r.Method == http.MethodPatch:
			tus.PatchFile(w, r)
		case r.Method == http.MethodDelete:
			tus.DelFile(w, r)
		default:
			_ = requestOf(r.Context()).refuse(errNotFound)
		}
	})
}

// NewUpload makes the upload that a request wants, and gives it its turn.
func (s store) NewUpload(ctx context.Context, info handler.FileInfo) (handler.Upload, error) {
	q := requestOf(ctx)
	u, err := s.create(q, info)
	if err != nil {
		return nil, q.refuse(err)
	}
	return &resource{q, u}, nil
}

// GetUpload finds an upload. A request to go on with it, which has its turn, is looked at first.
func (s store) GetUpload(ctx context.Context, id string) (handler.Upload, error) {
	q := requestOf(ctx)
	u, err := s.find(id)
	if err != nil {
		return nil, q.refuse(err)
	}
	switch q.http.Method {
	case http.MethodHead:
		q.answer.Header().Set("Upload-Metadata", u.record().Metadata)
	case http.MethodPatch:
		if err := s.goOn(q, u); err != nil {
			return nil, q.refuse(err)
		}
	}
	return &resource{q, u}, nil
}

// goOn refuses to go on with an upload where tusd wouldn't, and does what it leaves undone.
func (s *Server) goOn(q *request, u *upload) error {
	rec, h := u.record(), q.http.Header
	offset, ok := parseSize(h.Get("Upload-Offset"))
	if !ok {
		return errNoOffset
	}
	if length := h.Get("Upload-Length"); length != "" {
		n, ok := parseSize(length)
		switch {
		case !ok || rec.Size >= 0 && n != rec.Size:
			return errLength
		case n == rec.Size:
			h.Del("Upload-Length") // told once more
		}
	}
	if !rec.complete() {
		s.keepAlive(q.http.Context(), u)
		return nil
	}
	if offset == rec.Offset && q.http.ContentLength > 0 {
		return errTooLong
	}
	return s.settle(u)
}

// NewLock returns the turn with an upload.
func (s store) NewLock(id string) (handler.Lock, error) { return lock{s.Server, id}, nil }

// lock is the turn with an upload, for as long as a request is served.
type lock struct {
	server *Server
	id     string
}

// Lock interrupts who has the turn. How tusd would do that isn't used: it comes to nothing
// before a request has begun to read its body.
func (l lock) Lock(ctx context.Context, _ func()) error {
	q := requestOf(ctx)
	if q.claim != nil {
		return nil // it has made the upload
	}
	u, err := l.server.find(l.id)
	if err == nil {
		err = q.hold(ctx, u)
	}
	if err == nil {
		err = l.server.keep.take(u)
	}
	if err == nil {
		var still *upload
		if still, err = l.server.find(l.id); err == nil && still != u {
			err = errUnknown // removed while we waited
		}
	}
	return q.refuse(err)
}

// Unlock does nothing: the turn ends when the request is answered.
func (lock) Unlock() error { return nil }

// AsTerminatableUpload and the others are how tusd asks for what it may do with an upload.
func (store) AsTerminatableUpload(u handler.Upload) handler.TerminatableUpload { return u.(*resource) }

// AsLengthDeclarableUpload is for uploads that began without a length.
func (store) AsLengthDeclarableUpload(u handler.Upload) handler.LengthDeclarableUpload {
	return u.(*resource)
}

// AsConcatableUpload is for files that come in parts.
func (store) AsConcatableUpload(u handler.Upload) handler.ConcatableUpload { return u.(*resource) }

// resource is an upload as one request sees it.
type resource struct {
	request *request
	upload  *upload
}

// GetInfo tells what the upload is.
func (r *resource) GetInfo(context.Context) (handler.FileInfo, error) {
	rec := r.upload.record()
	return handler.FileInfo{
		ID: disks.UploadID(r.request.server.cfg.Disk, rec.ID), Size: max(rec.Size, 0), SizeIsDeferred: rec.Size < 0, Offset: rec.Offset, IsPartial: rec.Concat == isPart,
	}, nil
}

// WriteChunk takes a request's body.
func (r *resource) WriteChunk(_ context.Context, _ int64, src io.Reader) (int64, error) {
	n, err := r.request.server.receive(r.request, r.upload, src)
	return n, r.request.refuse(err)
}

// FinishUpload brings a complete file to its place.
func (r *resource) FinishUpload(context.Context) error {
	if rec := r.upload.record(); !rec.complete() {
		return nil // a part
	}
	return r.request.refuse(r.request.server.settle(r.upload))
}

// DeclareLength takes the length of an upload that was begun without one.
func (r *resource) DeclareLength(_ context.Context, length int64) error {
	return r.request.refuse(r.request.server.update(r.upload, func(rec *record) error {
		rec.Size = length
		return rec.seal()
	}))
}

// Terminate gives an upload up. A finished file stays.
func (r *resource) Terminate(context.Context) error {
	s, rec := r.request.server, r.upload.record()
	if rec.complete() {
		return r.request.refuse(errAlready)
	}
	if err := s.discard(r.upload); err != nil {
		return r.request.refuse(err)
	}
	if err := s.abandon(&rec); err != nil {
		s.cfg.Log.Warn("upload_not_noted", "recording", rec.RecordingID, "err", err)
	}
	return nil
}

// GetReader isn't asked for: what has arrived is downloaded elsewhere.
func (r *resource) GetReader(context.Context) (io.ReadCloser, error) {
	return nil, errors.ErrUnsupported
}

func (s *Server) options(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Tus-Version", tusVersion)
	h.Set("Tus-Extension", s.extensions)
	size := strconv.FormatInt(s.cfg.MaxSize, 10)
	h.Set("Tus-Max-Size", size)
	h.Set("Upload-Limit", "min-size=0,max-size="+size) // of the draft
	w.WriteHeader(http.StatusNoContent)
}
