package session

import (
	"context"
	"time"
)

// WatchRecordings calls changed with the id of a session of which a recording has
// changed, and at first with those of all recordings, from one goroutine. It blocks
// until ctx ends.
func (s *Service) WatchRecordings(ctx context.Context, changed func(sessionID string)) {
	note := func(e Entry) {
		if id, _, _, err := parseKey(e.Key); err == nil {
			changed(id)
		}
	}
	for ctx.Err() == nil {
		err := s.cfg.Store.Watch(ctx, "s.*."+string(kindRecording)+".*", note, func() {})
		if ctx.Err() != nil {
			return
		}
		s.cfg.Log.Warn("watching the recordings failed", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(retryAfter):
		}
	}
}
