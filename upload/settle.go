package upload

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/downbeat-sync/downbeat/internal/atomicfile"
)

// doneTimeout bounds what telling of a finished file may take.
const doneTimeout = 10 * time.Second

// settle brings a complete file to its place and tells whom it belongs to. It
// refuses a second file of a recording, and one that isn't wanted. Other failures are logged, and tried again by Run:
// the client has done its part. The upload's turn must be held.
func (s *Server) settle(u *upload) error {
	rec := u.record()
	if rec.Told {
		return nil
	}
	err := s.keep.place(u)
	rec = u.record()
	switch {
	case errors.Is(err, errAlready):
		return errors.Join(err, s.discard(u))
	case err != nil:
		s.cfg.Log.Error("recording_not_placed", "recording", rec.RecordingID, "err", err)
	default:
		if err := s.tell(u); err != nil {
			return err
		}
		s.dropOthers(&rec)
	}
	return nil
}

// dropOthers gives up the other uploads of a recording that has arrived: a
// client that never heard where its upload is has begun anew.
func (s *Server) dropOthers(arrived *record) {
	for _, u := range s.others(arrived) {
		if release, ok := u.turn.try(); ok { // else it is refused when it is complete
			if err := s.discard(u); err != nil {
				s.cfg.Log.Error("upload_not_removed", "recording", arrived.RecordingID, "err", err)
			}
			release()
		}
	}
}

// tell fails when the file isn't wanted, and is gone.
func (s *Server) tell(u *upload) error {
	rec := u.record()
	ctx, cancel := context.WithTimeout(s.ctx, doneTimeout)
	defer cancel()
	switch err := s.cfg.Recordings.Done(ctx, rec.finished()); {
	case errors.Is(err, ErrUnwanted):
		return errors.Join(err, s.keep.drop(&rec), s.discard(u))
	case errors.Is(err, ErrUnknown):
		s.cfg.Log.Warn("recording_unclaimed", "recording", rec.RecordingID, "file", rec.path())
	case err != nil:
		s.cfg.Log.Warn("upload_not_noted", "recording", rec.RecordingID, "err", err)
		return nil
	}
	if err := s.update(u, func(rec *record) error { rec.Told = true; return nil }); err != nil {
		s.cfg.Log.Warn("upload_not_noted", "recording", rec.RecordingID, "err", err)
	}
	return nil
}

// place makes a complete file whole, and moves it.
func (s *disk) place(u *upload) error {
	s.makeWhole(u)
	rec := u.record()
	return s.move(&rec)
}

// move gives a complete file its name, if it hasn't got it yet.
func (s *disk) move(rec *record) error {
	to := filepath.Join(s.cfg.Dir, rec.path())
	from, part := s.part(rec.ID), s.part(rec.ID)
	if rec.Whole != nil {
		from = s.whole(rec.ID)
	}
	s.settling.Lock()
	defer s.settling.Unlock()
	switch {
	case !exists(from) && exists(to):
		return errors.Join(s.syncPath(to), remove(part))
	}
	if there, err := s.uploaded(rec); err != nil || there {
		return cmp.Or(err, error(errAlready))
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	if err := s.syncPath(to); err != nil {
		return err
	}
	return errors.Join(remove(part), atomicfile.SyncDir(s.parts)) // of a file that was rewritten
}

// syncPath makes the directories between Config.Dir and a file last.
func (s *disk) syncPath(name string) error {
	take := filepath.Dir(name)
	session := filepath.Dir(take)
	return errors.Join(atomicfile.SyncDir(take), atomicfile.SyncDir(session), atomicfile.SyncDir(filepath.Dir(session)))
}
