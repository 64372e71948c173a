package upload

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/tus/tusd/v2/pkg/handler"
)

// create makes the upload that a request asks for, and holds its turn. tusd has read the
// length alone.
func (s *Server) create(q *request, info handler.FileInfo) (*upload, error) {
	rec, err := s.plan(q, info)
	if err != nil {
		return nil, err
	}
	if rec.Place, err = s.cfg.Recordings.Begin(q.http.Context(), rec.File); err != nil {
		return nil, err
	}
	u, err := s.begin(q, rec)
	if err != nil {
		return nil, errors.Join(err, s.abandon(&rec))
	}
	return u, nil
}

// begin makes the upload of a recording that the session has let in.
func (s *Server) begin(q *request, rec record) (*upload, error) {
	if !isWord(rec.Session) || !isWord(rec.Take) {
		return nil, errors.New("the place of recording " + rec.RecordingID + " can't be a directory")
	}
	if there, err := s.keep.uploaded(&rec); err != nil || there {
		return nil, cmp.Or(err, error(errAlready))
	}
	u, err := s.add(rec)
	if err == nil {
		q.created = true
		err = q.hold(q.http.Context(), u)
	}
	return u, err
}

// plan makes a record of what a creation says, and refuses what can't be.
func (s *Server) plan(q *request, info handler.FileInfo) (rec record, err error) {
	h := q.http.Header
	f, err := parseMetadata(h.Get("Upload-Metadata"))
	if err != nil {
		return rec, err
	}
	if isDraft(q.http) { // it has headers of its own for these
		f.Name, f.Type = cmp.Or(f.Name, info.MetaData["filename"]), cmp.Or(f.Type, info.MetaData["filetype"])
		err = f.validate()
	}
	if f.Size = info.Size; info.SizeIsDeferred {
		f.Size = -1
	}
	_, digits := parseSize(h.Get("Upload-Length"))
	switch length := q.http.ContentLength; {
	case err != nil:
		return rec, err
	case h.Get("Upload-Length") != "" && !digits:
		return rec, errLength
	case f.Size > s.cfg.MaxSize:
		return rec, errTooLarge
	case length != 0 && !isDraft(q.http) && h.Get("Content-Type") != bytesType:
		return rec, errContentType
	case f.Size >= 0 && length > f.Size:
		return rec, errTooLong
	}
	rec = record{
		ID: uuid.NewString(), Metadata: h.Get("Upload-Metadata"), File: f, Concat: concatOf(info),
		By: q.by, Begun: s.cfg.Now().UTC(), Hash: stateOf(sha256.New()), Expires: s.expiry(0),
	}
	return rec, rec.seal()
}

// expiry is until when an upload with so many bytes stays: a whole second, as
// Upload-Expires tells it. What reserves a place and sends nothing goes soon.
func (s *Server) expiry(offset int64) time.Time {
	keep := s.cfg.Keep
	if offset == 0 {
		keep = min(keep, s.cfg.Unbegun)
	}
	return s.cfg.Now().Add(keep).UTC().Truncate(time.Second)
}

// add makes room for an upload and stores it. Nothing is left when it fails.
func (s *Server) add(rec record) (*upload, error) {
	if err := s.keep.renew(0); err != nil {
		return nil, err
	}
	if err := s.clear(&rec); err != nil {
		return nil, err
	}
	u := &upload{turn: newTurn(), heardAt: s.cfg.Now(), rec: rec}
	release, _ := u.turn.try() // it is nobody else's until it is stored
	defer release()
	s.mu.Lock()
	err := s.room(&rec)
	if err == nil {
		s.all[rec.ID] = u
	}
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	version, err := s.keep.begin(&rec)
	if err != nil {
		return nil, errors.Join(err, s.discard(u))
	}
	u.mu.Lock()
	u.version = version
	u.mu.Unlock()
	s.sweepAside(u) // another one may have taken its place meanwhile
	return u, nil
}

// room refuses another upload when there are too many, or when the disk hasn't
// the space for it beside what has been promised. s.mu is held.
func (s *Server) room(next *record) error {
	var open, session, device int
	var promised int64
	for _, u := range s.all {
		rec := u.record()
		if rec.complete() {
			continue
		}
		open++
		if rec.Session == next.Session {
			session++
			if rec.Device == next.Device && rec.Device != "" {
				device++
			}
		}
		promised += rec.promised()
	}
	if next.Concat != ofParts && (open >= s.cfg.MaxOpen || session >= s.cfg.PerSession || device >= s.cfg.PerDevice) {
		return errTooMany
	}
	free, err := s.keep.free()
	if err != nil {
		return err
	}
	if free-s.cfg.Reserve-promised < max(next.Size, 0) {
		return errFull
	}
	return nil
}

// ahead is how much of a file that is being uploaded has space promised to it, in bytes, beside as
// much again as has come. Who says that a file is large, and sends nothing, holds no more.
const ahead = 64 << 20

// promised is how many bytes of the disk are kept for what an upload still lacks.
func (r *record) promised() int64 { return min(max(r.Size-r.Offset, 0), max(r.Offset, ahead)) }

// takeBack removes an upload whose creation was refused: its address isn't told.
func (s *Server) takeBack(u *upload, err error) error {
	rec := u.record()
	return errors.Join(err, s.discard(u), s.abandon(&rec))
}

// discard forgets an upload and removes its files. Its turn must be held, or
// nobody know it yet.
func (s *Server) discard(u *upload) error {
	u.mu.Lock()
	rec, version := u.rec, u.version
	u.mu.Unlock()
	s.mu.Lock()
	delete(s.all, rec.ID)
	s.mu.Unlock()
	return s.keep.remove(&rec, version)
}
