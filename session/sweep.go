package session

import (
	"context"
	"errors"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/store"
)

// sweepAll removes idle sessions from time to time until ctx ends.
func (s *Service) sweepAll(ctx context.Context) {
	ticker := time.NewTicker(max(s.cfg.KeepIdle/24, time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := s.sweep(ctx); err != nil && ctx.Err() == nil {
			s.cfg.Log.Warn("sweep_failed", "err", err)
		}
	}
}

// sweep removes the sessions that nothing was heard of for too long.
func (s *Service) sweep(ctx context.Context) error {
	states, err := s.load(ctx, "s.>")
	if err != nil {
		return err
	}
	for id, st := range states {
		if st.Meta != nil && !st.Live() { // whoever ended it didn't come to the end
			if err := s.clear(ctx, id); err != nil {
				return err
			}
			continue
		}
		if s.now().Sub(st.LastActivity()) < s.cfg.KeepIdle {
			continue
		}
		if err := s.remove(ctx, st); err != nil {
			return err
		}
	}
	return s.sweepHistory(ctx, states)
}

// remove deletes a session's entries as far as they are as they were: its users first,
// so that one who came back meanwhile keeps it, then what it is as a whole, so that
// one who joins from then on finds a new session, then the rest.
func (s *Service) remove(ctx context.Context, st *rules.State) error {
	users, whole, rest := st.Parts()
	for _, key := range users {
		if kept, err := s.delete(ctx, key, st.Revisions[key]); kept || err != nil {
			return err
		}
	}
	now, err := s.load(ctx, rules.FilterOf(st.ID))
	if err != nil || now[st.ID] != nil && len(now[st.ID].Users) > 0 {
		return err
	}
	if kept, err := s.delete(ctx, whole, st.Revisions[whole]); kept || err != nil {
		return err
	}
	if st.Meta != nil {
		s.cfg.Observe.Happened(Happening{Kind: SessionIsRemoved, SessionID: st.ID, Reason: "idle"})
	}
	for _, key := range rest {
		if _, err := s.delete(ctx, key, st.Revisions[key]); err != nil {
			return err
		}
	}
	return s.forgetHistory(ctx, st.ID)
}

// delete deletes an entry, if there is one; kept says that it was changed meanwhile.
func (s *Service) delete(ctx context.Context, key string, revision uint64) (kept bool, err error) {
	if revision == 0 {
		return false, nil
	}
	_, err = s.cfg.Store.Delete(ctx, key, revision)
	if errors.Is(err, store.ErrConflict) {
		return true, nil
	}
	return false, err
}

// load reads what the store has of all sessions.
func (s *Service) load(ctx context.Context, filters ...string) (map[string]*rules.State, error) {
	states := map[string]*rules.State{}
	for _, filter := range filters {
		entries, err := s.cfg.Store.List(ctx, filter)
		if err != nil {
			return nil, unavailable("listing the sessions", err)
		}
		for _, e := range entries {
			s.collect(states, e)
		}
	}
	return states, nil
}

func (s *Service) collect(states map[string]*rules.State, e store.Entry) {
	sessionID, _, _, err := rules.ParseKey(e.Key)
	if err == nil {
		if states[sessionID] == nil {
			states[sessionID] = rules.NewState(sessionID)
		}
		_, _, err = states[sessionID].Apply(rules.Entry(e))
	}
	if err != nil {
		s.cfg.Log.Error("store_entry_unread", "key", e.Key, "err", err)
	}
}
