package session

import (
	"context"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/wire"
)

// StoredRecordings returns a session's recordings as [Service.Recordings] does, but
// reads the store itself: what a watch of the store has told is in it.
func (s *Service) StoredRecordings(ctx context.Context, sessionID string) ([]Recording, error) {
	if !ValidSessionID(sessionID) {
		return nil, rules.Fault(wire.CodeBadSessionID, "sessionId must be 1 to 64 letters, digits, _ or -")
	}
	states, err := s.load(ctx, rules.FilterOf(sessionID))
	if err != nil {
		return nil, err
	}
	st := states[sessionID]
	if st == nil || st.Meta == nil {
		return nil, rules.Fault(wire.CodeSessionNotFound, "there is no session %s", sessionID)
	}
	return st.RecordingList(s.now()), nil
}

// WatchRecordings calls changed with the id of a session of which a recording or a take has
// changed, and at first with those of all recordings, once at a time. It blocks
// until ctx ends. Ask [Service.StoredRecordings] what has changed.
func (s *Service) WatchRecordings(ctx context.Context, changed func(sessionID string)) {
	s.watchTakes(ctx, func(sessionID string, _ rules.Kind, _ []string, _ store.Entry) { changed(sessionID) })
}

// watchTakes watches all recordings and takes until ctx ends, and calls changed once at a time.
func (s *Service) watchTakes(ctx context.Context, changed func(sessionID string, k rules.Kind, ids []string, e store.Entry)) {
	var mu sync.Mutex
	note := func(e store.Entry) {
		id, k, ids, err := rules.ParseKey(e.Key)
		if err != nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		changed(id, k, ids, e)
	}
	var both sync.WaitGroup
	for _, filter := range []string{rules.AllRecordings, rules.AllTakes} {
		both.Go(func() { s.watch(ctx, filter, note) })
	}
	both.Wait()
}

// watch watches entries until ctx ends.
func (s *Service) watch(ctx context.Context, filter string, changed func(store.Entry)) {
	for ctx.Err() == nil {
		err := s.cfg.Store.Watch(ctx, filter, changed, func() {})
		if ctx.Err() != nil {
			return
		}
		s.cfg.Log.Warn("store_watch_failed", "filter", filter, "err", err)
		select {
		case <-ctx.Done():
		case <-time.After(retryAfter):
		}
	}
}

// WatchRemoved calls removed with the id of a session that is removed from now on,
// from one goroutine. It blocks until ctx ends. A session of the same name may
// have been created since.
func (s *Service) WatchRemoved(ctx context.Context, removed func(sessionID string)) {
	s.watch(ctx, rules.Metas, func(e store.Entry) {
		if id, _, _, err := rules.ParseKey(e.Key); err == nil && e.Deleted() {
			removed(id)
		}
	})
}
