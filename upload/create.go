package upload

import (
	"crypto/sha256"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/downbeat-sync/downbeat/internal/atomicfile"
)

// create makes an upload, and takes the body as its first bytes if there is one.
func (s *Server) create(w http.ResponseWriter, r *http.Request) error {
	rec, sum, err := s.plan(r)
	if err != nil {
		return err
	}
	if rec.Place, err = s.cfg.Recordings.Begin(r.Context(), rec.File); err != nil {
		return err
	}
	u, err := s.begin(w, r, rec, sum)
	if err != nil {
		return errors.Join(err, s.abandon(&rec))
	}
	w.Header().Set("Location", "/api/uploads/"+rec.ID)
	s.progress(w, u)
	w.WriteHeader(http.StatusCreated)
	return nil
}

// begin makes the upload of a recording that the session has let in.
func (s *Server) begin(w http.ResponseWriter, r *http.Request, rec record, sum *checksum) (*upload, error) {
	if !isWord(rec.Session) || !isWord(rec.Take) {
		return nil, errors.New("the place of recording " + rec.RecordingID + " can't be a directory")
	}
	if s.uploaded(&rec) {
		return nil, errAlready
	}
	u, err := s.add(rec)
	if err != nil {
		return nil, err
	}
	c, err := u.turn.take(r.Context(), w, s.cfg.Idle)
	if err != nil {
		return nil, err
	}
	defer s.release(u, c)
	return u, s.firstBytes(r, u, c, sum)
}

// plan reads what the headers of a creation say, and refuses what can't be.
func (s *Server) plan(r *http.Request) (rec record, sum *checksum, err error) {
	if sum, err = parseChecksum(r.Header.Get("Upload-Checksum")); err != nil {
		return rec, nil, err
	}
	length, err := parseLength(r.Header)
	if err != nil {
		return rec, nil, err
	}
	f, err := parseMetadata(r.Header.Get("Upload-Metadata"))
	if err != nil {
		return rec, nil, err
	}
	f.Size = length
	switch {
	case length > s.cfg.MaxSize:
		return rec, nil, errTooLarge
	case r.ContentLength != 0 && r.Header.Get("Content-Type") != bytesType:
		return rec, nil, errContentType
	case length >= 0 && r.ContentLength > length:
		return rec, nil, errTooLong
	}
	rec = record{
		ID: uuid.NewString(), Metadata: r.Header.Get("Upload-Metadata"), File: f,
		By: rankOf(r), Hash: stateOf(sha256.New()), Expires: s.expiry(0),
	}
	return rec, sum, rec.seal()
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
	if err := s.clear(&rec); err != nil {
		return nil, err
	}
	u := &upload{turn: newTurn(), heardAt: s.cfg.Now(), rec: rec}
	s.mu.Lock()
	err := s.room(&rec)
	if err == nil {
		s.all[rec.ID] = u
	}
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if err := errors.Join(atomicfile.Write(s.part(rec.ID), fileMode, nil), rec.save(s.parts)); err != nil {
		return nil, errors.Join(err, s.discard(u))
	}
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
	if open >= s.cfg.MaxOpen || session >= s.cfg.PerSession || device >= s.cfg.PerDevice {
		return errTooMany
	}
	free, err := s.cfg.Free(s.parts)
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

// uploaded reports whether there is a finished file of the recording.
func (s *Server) uploaded(rec *record) bool {
	files, _ := os.ReadDir(filepath.Join(s.cfg.Dir, "recordings", rec.Session, rec.Take))
	return slices.ContainsFunc(files, func(f os.DirEntry) bool { return strings.HasPrefix(f.Name(), rec.RecordingID+"-") })
}

// firstBytes takes the body of a creation. Bytes that are refused leave no
// upload behind: its address isn't told.
func (s *Server) firstBytes(r *http.Request, u *upload, c *claim, sum *checksum) error {
	err := s.receive(r, u, c, sum)
	if err != nil && err != errBody {
		return errors.Join(err, s.discard(u))
	}
	return nil
}

// discard forgets an upload and removes its files. Its turn must be held, or
// nobody know it yet.
func (s *Server) discard(u *upload) error {
	id := u.record().ID
	s.mu.Lock()
	delete(s.all, id)
	s.mu.Unlock()
	return errors.Join(remove(filepath.Join(s.parts, id+".json")), remove(s.part(id)), remove(s.whole(id)), atomicfile.SyncDir(s.parts))
}

// progress tells how far an upload is, and until when it stays.
func (s *Server) progress(w http.ResponseWriter, u *upload) {
	rec := u.record()
	w.Header().Set("Upload-Offset", strconv.FormatInt(rec.Offset, 10))
	if !rec.complete() {
		w.Header().Set("Upload-Expires", rec.Expires.Format(http.TimeFormat))
	}
}
