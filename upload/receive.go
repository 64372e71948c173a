package upload

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// head tells how far an upload is.
func (s *Server) head(w http.ResponseWriter, _ *http.Request, u *upload, _ *claim) error {
	rec := u.record()
	if rec.Size >= 0 {
		w.Header().Set("Upload-Length", strconv.FormatInt(rec.Size, 10))
	} else {
		w.Header().Set("Upload-Defer-Length", "1")
	}
	w.Header().Set("Upload-Metadata", rec.Metadata)
	s.progress(w, u)
	w.WriteHeader(http.StatusOK)
	return nil
}

// terminate gives an upload up. A finished file stays.
func (s *Server) terminate(w http.ResponseWriter, _ *http.Request, u *upload, _ *claim) error {
	rec := u.record()
	if rec.complete() {
		return errAlready
	}
	if err := s.discard(u); err != nil {
		return err
	}
	if err := s.abandon(&rec); err != nil {
		s.cfg.Log.Warn("upload_not_noted", "recording", rec.RecordingID, "err", err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// patch takes further bytes.
func (s *Server) patch(w http.ResponseWriter, r *http.Request, u *upload, c *claim) error {
	sum, err := parseChecksum(r.Header.Get("Upload-Checksum"))
	if err != nil {
		return err
	}
	offset, ok := parseSize(r.Header.Get("Upload-Offset"))
	switch {
	case r.Header.Get("Content-Type") != bytesType:
		return errContentType
	case !ok:
		return badRequest("bad_offset", "Upload-Offset must be a number of bytes")
	case offset != u.record().Offset:
		return errOffset
	}
	if err := s.settleLength(r, u); err != nil {
		return err
	}
	s.goesOn(r.Context(), u)
	if err := s.receive(r, u, c, sum); err != nil {
		return err
	}
	s.progress(w, u)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// goesOnEvery is how often Recordings is told that an upload goes on.
const goesOnEvery = 10 * time.Minute

// goesOn tells that an upload goes on. The bytes are taken whatever comes of it: a
// recording that nobody knows any more is somebody's work still.
func (s *Server) goesOn(ctx context.Context, u *upload) {
	now := s.cfg.Now()
	if now.Sub(u.heardAt) < goesOnEvery {
		return
	}
	u.heardAt = now
	if _, err := s.cfg.Recordings.Begin(ctx, u.record().File); err != nil {
		s.cfg.Log.Warn("upload_not_noted", "recording", u.record().RecordingID, "err", err)
	}
}

// settleLength takes the length of an upload that was begun without one.
func (s *Server) settleLength(r *http.Request, u *upload) error {
	rec := u.record()
	said := r.Header.Get("Upload-Length")
	length, ok := parseSize(said)
	switch {
	case said == "":
		return nil
	case !ok || rec.Size >= 0 && length != rec.Size || length < rec.Offset:
		return badRequest("bad_length", "Upload-Length can't be that")
	case rec.Size >= 0:
		return nil
	case length > s.cfg.MaxSize:
		return errTooLarge
	}
	return s.update(u, func(rec *record) error {
		rec.Size = length
		return rec.seal()
	})
}

// update changes the record of an upload whose turn is held, once the change is
// on the disk.
func (s *Server) update(u *upload, change func(*record) error) error {
	rec := u.record()
	if err := change(&rec); err != nil {
		return err
	}
	if err := rec.save(s.parts); err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.rec = rec
	return nil
}

// receive takes a request's body into an upload. On return all that counts of it is on the
// disk, also when it fails: then what arrived before is kept, but for bytes that
// have to be verified or are too many.
func (s *Server) receive(r *http.Request, u *upload, c *claim, sum *checksum) error {
	rec := u.record()
	limit, tooMuch := rec.Size-rec.Offset, errTooLong
	if rec.Size < 0 {
		limit, tooMuch = s.cfg.MaxSize-rec.Offset, errTooLarge
	}
	if r.ContentLength > limit {
		return tooMuch
	}
	if r.ContentLength != 0 && !rec.complete() {
		if err := s.store(r, u, c, sum, limit, tooMuch); err != nil {
			return err
		}
	}
	if rec = u.record(); rec.complete() {
		return s.settle(u)
	}
	return nil
}

// store writes a request's body behind what an upload has: at most limit bytes.
func (s *Server) store(r *http.Request, u *upload, c *claim, sum *checksum, limit int64, tooMuch error) error {
	f, err := s.open(u, sum)
	if err != nil {
		return err
	}
	n, failed := f.copy(&body{claim: c, Reader: io.LimitReader(r.Body, limit+1)})
	switch {
	case n > limit:
		err = errors.Join(tooMuch, f.rewind())
	case sum != nil && failed == nil && !sum.holds():
		err = errors.Join(errChecksum, f.rewind())
	case sum != nil && failed != nil:
		err = f.rewind()
	default:
		err = f.finish()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return cause(failed, c, sum)
}

// cause tells why a body didn't come to its end.
func cause(failed error, c *claim, sum *checksum) error {
	var broken *bodyError
	switch {
	case !errors.As(failed, &broken):
		return failed
	case !c.alive():
		return errSuperseded
	case sum != nil:
		return errUnverified
	}
	return errBody
}

// body is a request's, each read with its time limit.
type body struct {
	claim *claim
	io.Reader
}

func (b *body) Read(p []byte) (int, error) {
	if !b.claim.alive() {
		return 0, &bodyError{errSuperseded}
	}
	n, err := b.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = &bodyError{err}
	}
	return n, err
}

// bodyError is a failure of the client or of the way from it, not of the disk.
type bodyError struct{ error }

func (e *bodyError) Unwrap() error { return e.error }
