package upload

import (
	"context"
	"errors"
	"io"
	"time"
)

// keepAliveEvery is how often Recordings is told that an upload goes on.
const keepAliveEvery = 10 * time.Minute

// keepAlive tells that an upload goes on. The bytes are taken whatever comes of it: a
// recording that nobody knows any more is somebody's work still.
func (s *Server) keepAlive(ctx context.Context, u *upload) {
	now := s.cfg.Now()
	if now.Sub(u.heardAt) < keepAliveEvery {
		return
	}
	u.heardAt = now
	if _, err := s.cfg.Recordings.Begin(ctx, u.record().File); err != nil {
		s.cfg.Log.Warn("upload_not_noted", "recording", u.record().RecordingID, "err", err)
	}
}

// update changes the record of an upload whose turn is held, once the change is kept.
func (s *Server) update(u *upload, change func(*record) error) error {
	u.mu.Lock()
	rec, version := u.rec, u.version
	u.mu.Unlock()
	if err := change(&rec); err != nil {
		return err
	}
	version, err := s.keep.save(&rec, version)
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.rec, u.version, u.foreign = rec, version, false
	return nil
}

// receive writes a request's body behind what an upload has, and returns how many bytes of
// it count. On return they are on the disk, also when it fails: then what arrived before is
// kept, unless there are more than the upload may have.
func (s *Server) receive(q *request, u *upload, src io.Reader) (int64, error) {
	if q.http.ContentLength == 0 {
		return 0, nil
	}
	before := u.record()
	limit, tooMuch := before.Size-before.Offset, errTooLong
	if before.Size < 0 {
		limit, tooMuch = s.cfg.MaxSize-before.Offset, errTooLarge
	}
	k, err := s.open(u)
	if err != nil {
		return 0, err
	}
	err = k.copy(src)
	if q.body.n > limit {
		err = errors.Join(tooMuch, k.rewind())
	} else {
		err = errors.Join(err, k.finish())
	}
	if err = errors.Join(err, k.Close()); err == nil {
		err = q.body.broken
	}
	return u.record().Offset - before.Offset, err
}
