package upload

import (
	"context"
	"errors"
	"io"

	"github.com/tus/tusd/v2/pkg/handler"
)

// concat says that a file comes in parts, which are uploads of their own.
type concat string

const (
	isPart  concat = "partial" // an upload is a part
	ofParts concat = "final"   // an upload is what is made of parts
)

func concatOf(info handler.FileInfo) concat {
	switch {
	case info.IsPartial:
		return isPart
	case info.IsFinal:
		return ofParts
	}
	return ""
}

// beside reports whether two uploads of a recording may be there at once: parts of one file, and
// what is made of them. One of a lower rank stays for none.
func (r *record) beside(other *record) bool {
	return r.Concat != "" && other.Concat != "" && other.By >= r.By
}

// ConcatUploads makes a file of its parts, and brings it to its place. The parts stay until then.
func (r *resource) ConcatUploads(_ context.Context, parts []handler.Upload) error {
	s, rec := r.request.server, r.upload.record()
	from, err := s.openParts(&rec, parts)
	if err == nil {
		err = errors.Join(s.join(r.request, r.upload, from), closeAll(from))
	}
	if err == nil {
		err = s.settle(r.upload)
	}
	return r.request.refuse(err)
}

// openParts opens the files of the parts of a recording, which must be complete. They may be removed
// from then on.
func (s *Server) openParts(of *record, parts []handler.Upload) (from []io.ReadCloser, err error) {
	seen := map[string]bool{}
	for _, part := range parts {
		u := part.(*resource).upload
		if err := s.keep.renewOne(u); err != nil {
			return nil, errors.Join(err, closeAll(from))
		}
		rec := u.record()
		if rec.Concat != isPart || rec.Offset != rec.Size || rec.RecordingID != of.RecordingID || seen[rec.ID] {
			return nil, errors.Join(errConcat, closeAll(from))
		}
		seen[rec.ID] = true
		f, err := s.keep.open(&rec)
		if err != nil {
			return nil, errors.Join(err, closeAll(from))
		}
		from = append(from, f)
	}
	return from, nil
}

// join writes the parts behind each other, as if they came in one request.
func (s *Server) join(q *request, u *upload, parts []io.ReadCloser) error {
	k, err := s.open(u)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if err = k.copy(&interruptible{q.claim, part}); err != nil {
			break
		}
	}
	if err == nil {
		err = k.finish()
	}
	if err = errors.Join(err, k.Close()); err == nil && k.offset != u.record().Size {
		err = errConcat
	}
	return err
}

// interruptible is read until a newer request comes, or the server closes.
type interruptible struct {
	claim *claim
	io.Reader
}

func (r *interruptible) Read(p []byte) (int, error) {
	if !r.claim.alive() {
		return 0, errSuperseded
	}
	return r.Reader.Read(p)
}

func closeAll(files []io.ReadCloser) (err error) {
	for _, f := range files {
		err = errors.Join(err, f.Close())
	}
	return err
}
