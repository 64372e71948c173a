package upload

import (
	"context"
	"maps"
	"slices"
	"time"
)

// sweepEvery is how often what has expired is removed, and what couldn't be
// told is told again.
const sweepEvery = time.Minute

// Run settles what a crash has left complete but not told, and from then on
// removes what has expired and tries again what failed, until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		s.sweep(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func (s *Server) sweep(ctx context.Context) {
	s.mu.Lock()
	all := slices.Collect(maps.Values(s.all))
	s.mu.Unlock()
	for _, u := range all {
		if ctx.Err() != nil {
			return
		}
		if release, ok := u.turn.try(); ok { // whoever holds it is at work on it
			s.tend(u)
			release()
		}
	}
}

// tend does what an upload needs that nobody holds.
func (s *Server) tend(u *upload) {
	rec := u.record()
	switch expired := s.cfg.Now().After(rec.Expires); {
	case rec.complete() && !rec.Told:
		if err := s.settle(u); err != nil {
			s.cfg.Log.Warn("a second file of a recording is dropped", "recording", rec.RecordingID, "error", err)
		}
	case expired:
		if err := s.discard(u); err != nil {
			s.cfg.Log.Error("an expired upload can't be removed", "id", rec.ID, "error", err)
		}
	}
}
