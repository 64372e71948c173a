package upload

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"maps"

	"github.com/downbeat-sync/downbeat/objects"
)

// Metadata of a finished file: its upload, and which of the attempts to place it this is.
const ofUpload, ofAttempt = "upload", "attempt"

// place writes the file anew, as it is to be kept, and lets it appear under its name if there is
// none yet. Two Servers may do so at once: what each of them has made is in the record before the
// file can be there, so that its hash is known whichever it is.
func (s *bucket) place(u *upload) error {
	if there, err := s.adopt(u); err != nil || there {
		return err
	}
	ctx, cancel := context.WithTimeout(s.ctx, wholeTimeout)
	defer cancel()
	rec, attempt := u.record(), rand.Text()
	w := s.bucket.Create(ctx, rec.finished().Path, rec.Size, map[string]string{ofUpload: rec.ID, ofAttempt: attempt})
	defer func() { w.Abort() }()
	made, err := s.write(ctx, &w, &rec)
	if err != nil {
		return err
	}
	err = s.update(u, func(rec *record) error {
		rec.Made = maps.Clone(rec.Made)
		if rec.Made == nil {
			rec.Made = map[string]whole{}
		}
		rec.Made[attempt] = *made
		return nil
	})
	if err != nil {
		return err
	}
	if err := w.Commit(); err != nil && !errors.Is(err, objects.ErrChanged) {
		return err
	}
	there, err := s.adopt(u)
	if err == nil && !there {
		err = errors.New("the file isn't there after it was written")
	}
	return err
}

// adopt notes what is in the place of a file, if it is of this upload.
func (s *bucket) adopt(u *upload) (bool, error) {
	rec := u.record()
	there, err := s.uploaded(&rec)
	if err != nil || !there {
		return false, err
	}
	is, err := s.bucket.Stat(s.ctx, rec.finished().Path)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && is.Metadata[ofUpload] != rec.ID:
		return false, errAlready
	case err != nil:
		return false, err
	}
	if _, ok := rec.Made[is.Metadata[ofAttempt]]; !ok { // another Server's
		if err := s.refresh(u); err != nil {
			return false, err
		}
		rec = u.record()
	}
	made, ok := rec.Made[is.Metadata[ofAttempt]]
	if !ok || made.Size != is.Size {
		return false, errors.New("the file in its place is not what was written there")
	}
	if rec.Whole == nil || *rec.Whole != made {
		if err := s.update(u, func(rec *record) error { rec.Whole = &made; return nil }); err != nil {
			return false, err
		}
	}
	return true, s.bucket.RemoveAll(s.ctx, piecesOf(rec.ID))
}

// write makes the file whole; where that fails, or nothing changes, w is begun again with the bytes
// that came.
func (s *bucket) write(ctx context.Context, w **objects.Writer, rec *record) (*whole, error) {
	in := s.reader(ctx, rec)
	defer func() { _ = in.Close() }()
	if s.cfg.Rewrite != nil {
		made, err := s.rewriteTo(*w, in, rec)
		if err == nil && made != nil {
			return made, nil
		}
		if err != nil {
			s.cfg.Log.Warn("recording_not_rewritten", "recording", rec.RecordingID, "err", err)
		}
		*w = (*w).Again()
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(*w, sum), in)
	made := &whole{n, hex.EncodeToString(sum.Sum(nil))}
	if err == nil && (n != rec.Size || made.SHA256 != rec.SHA256) {
		err = errors.New("the bucket has other bytes than were written to it")
	}
	return made, err
}
