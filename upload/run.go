package upload

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"
)

// sweepEvery is how often what has expired is removed, and what couldn't be
// told is told again.
const sweepEvery = time.Minute

// settleAgain is how soon a complete upload is looked at again that was held at the time: by a
// question for its offset, perhaps, which settles nothing.
const settleAgain = time.Second

// Run settles what a crash has left complete but not told, and from then on
// removes what has expired and tries again what failed, until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
			timer.Reset(s.sweep(ctx))
		}
	}
}

// sweep returns how soon it is due again.
func (s *Server) sweep(ctx context.Context) (next time.Duration) {
	next = sweepEvery
	if err := s.keep.renew(0); err != nil {
		s.cfg.Log.Warn("uploads_not_read", "err", err)
		return next
	}
	for _, u := range s.list() {
		if ctx.Err() != nil {
			return next
		}
		if release, ok := u.turn.try(); ok {
			s.tend(u)
			release()
		} else if rec := u.record(); rec.complete() && !rec.Told {
			next = settleAgain
		}
	}
	return next
}

func (s *Server) list() []*upload {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.all))
}

// settledElsewhere is how long another Server has to settle an upload that it has completed.
const settledElsewhere = time.Minute

// elsewhere reports whether another Server has just written the upload's record, and may be at it.
func (u *upload) elsewhere() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.foreign && time.Since(u.seen) < settledElsewhere
}

// giveUp removes an upload that has expired.
func (s *Server) giveUp(u *upload) {
	rec := u.record()
	err := s.discard(u)
	if err == nil && !rec.complete() {
		err = s.abandon(&rec)
	}
	if err != nil {
		s.cfg.Log.Error("upload_not_removed", "recording", rec.RecordingID, "err", err)
	}
}

// abandon tells that a recording's upload was given up, if it was the only one.
func (s *Server) abandon(rec *record) error {
	for _, u := range s.list() {
		if u.record().RecordingID == rec.RecordingID {
			return nil
		}
	}
	ctx, cancel := context.WithTimeout(s.ctx, doneTimeout)
	defer cancel()
	if err := s.cfg.Recordings.GivenUp(ctx, rec.RecordingID); err != nil && !errors.Is(err, ErrUnknown) {
		return err
	}
	return nil
}

// tend does what an upload needs that nobody holds.
func (s *Server) tend(u *upload) {
	if err := s.keep.refresh(u); err != nil {
		return // gone, or the next time
	}
	rec := u.record()
	switch expired := s.cfg.Now().After(rec.Expires); {
	case u.displaced.Load():
		s.sweepAside(u)
	case rec.complete() && !rec.Told && u.elsewhere():
	case rec.complete() && !rec.Told:
		if err := s.settle(u); err != nil {
			s.cfg.Log.Warn("recording_dropped", "recording", rec.RecordingID, "err", err)
		}
	case expired:
		s.giveUp(u)
	}
}
