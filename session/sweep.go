package session

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

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
		if st.meta != nil && !st.live() { // whoever ended it didn't come to the end
			if err := s.clear(ctx, id); err != nil {
				return err
			}
			continue
		}
		if s.now().sub(st.lastActivity()) < s.cfg.KeepIdle {
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
func (s *Service) remove(ctx context.Context, st *state) error {
	users, whole, rest := st.parts()
	for _, key := range users {
		if kept, err := s.delete(ctx, key, st.revisions[key]); kept || err != nil {
			return err
		}
	}
	now, err := s.load(ctx, filterOf(st.id))
	if err != nil || now[st.id] != nil && len(now[st.id].users) > 0 {
		return err
	}
	if kept, err := s.delete(ctx, whole, st.revisions[whole]); kept || err != nil {
		return err
	}
	if st.meta != nil {
		s.cfg.Observe.Happened(Happening{Kind: SessionIsRemoved, SessionID: st.id, Reason: "idle"})
	}
	for _, key := range rest {
		if _, err := s.delete(ctx, key, st.revisions[key]); err != nil {
			return err
		}
	}
	return s.forgetHistory(ctx, st.id)
}

// parts returns the keys of the users, of the session as a whole, and all others.
func (s *state) parts() (users []string, whole string, rest []string) {
	whole = keyOf(s.id, kindMeta)
	for _, key := range sortedKeys(s.revisions) {
		switch {
		case strings.HasPrefix(key, keyOf(s.id, kindUser)+"."):
			users = append(users, key)
		case key != whole:
			rest = append(rest, key)
		}
	}
	return users, whole, rest
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

// revive makes a session anew of those who joined it at the moment at which it was removed.
// Its creator's token is forgotten, and may become the new one's. Where nobody who is
// there may lead, the lead waits for somebody who may.
func revive(s *state, now instant) []change {
	u := cmp.Or(s.heir(""), s.eldest((*user).connected))
	if s.meta != nil || u == nil {
		return nil
	}
	return []change{s.put(false, &meta{
		CreatorID: u.ID, CreatorName: u.Username, CreatedAt: now, LeaderID: u.ID, LeaderSince: now, Revived: true,
	}, kindMeta)}
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

func (s *Service) collect(states map[string]*state, e store.Entry) {
	sessionID, _, _, err := parseKey(e.Key)
	if err == nil {
		if states[sessionID] == nil {
			states[sessionID] = newState(sessionID)
		}
		_, _, err = states[sessionID].apply(entry(e))
	}
	if err != nil {
		s.cfg.Log.Error("store_entry_unread", "key", e.Key, "err", err)
	}
}
