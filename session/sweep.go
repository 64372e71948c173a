package session

import (
	"context"
	"errors"
	"time"
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
			s.cfg.Log.Warn("removing idle sessions failed", "error", err)
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
		if s.now().sub(st.lastActivity()) < s.cfg.KeepIdle {
			continue
		}
		if err := s.remove(ctx, st); err != nil {
			return err
		}
		s.cfg.Log.Info("an idle session is removed", "session", id)
	}
	return nil
}

// remove deletes a session's entries as far as they are as they were; what it
// is as a whole first, so that one who joins meanwhile finds a new session.
func (s *Service) remove(ctx context.Context, st *state) error {
	whole := keyOf(st.id, kindMeta)
	keys := append([]string{whole}, sortedKeys(st.revisions)...)
	for _, key := range keys {
		revision := st.revisions[key]
		if key == whole {
			delete(st.revisions, key)
		}
		if revision == 0 {
			continue
		}
		_, err := s.cfg.Store.Delete(ctx, key, revision)
		switch {
		case errors.Is(err, ErrConflict) && key == whole:
			return nil
		case err != nil && !errors.Is(err, ErrConflict):
			return err
		}
	}
	return nil
}

// load reads what the store has of all sessions.
func (s *Service) load(ctx context.Context, filters ...string) (map[string]*state, error) {
	states := map[string]*state{}
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

func (s *Service) collect(states map[string]*state, e Entry) {
	sessionID, _, _, err := parseKey(e.Key)
	if err == nil {
		if states[sessionID] == nil {
			states[sessionID] = newState(sessionID)
		}
		_, _, err = states[sessionID].apply(e)
	}
	if err != nil {
		s.cfg.Log.Error("an entry can't be read", "key", e.Key, "error", err)
	}
}
