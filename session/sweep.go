package session

import (
	"context"
	"errors"
	"slices"
	"strings"
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
	if err := s.indexed(ctx); err != nil {
		return err
	}
	for some := range slices.Chunk(s.index.stale(s.now().Add(1-s.cfg.KeepIdle)), lookAt) {
		filters := make([]string, len(some))
		for i, id := range some {
			filters[i] = rules.FilterOf(id)
		}
		states, err := s.load(ctx, filters...)
		if err != nil {
			return err
		}
		for id, st := range states {
			if err := s.sweepOne(ctx, id, st); err != nil {
				return err
			}
		}
	}
	return errors.Join(s.sweepLeavings(ctx), s.sweepHistory(ctx), s.unplace(ctx))
}

func (s *Service) sweepOne(ctx context.Context, id string, st *rules.State) error {
	if st.Meta != nil && !st.Live() { // whoever ended it didn't come to the end
		return s.clear(ctx, id)
	}
	if s.now().Sub(s.lastActivity(id, st)) < s.cfg.KeepIdle {
		return nil
	}
	return s.remove(ctx, st)
}

// lastActivity returns when something was heard of a session at the latest, as far as is known here.
func (s *Service) lastActivity(id string, st *rules.State) rules.Instant {
	s.mu.Lock()
	r := s.rooms[id]
	s.mu.Unlock()
	last := st.LastActivity()
	if st.Connected() { // what is heard isn't stored at once
		last = last.Add(s.touchEvery())
	}
	if r == nil {
		return last
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state.LastActivity()
}

// touchEvery is how exactly the store knows when somebody of a session was heard.
func (s *Service) touchEvery() time.Duration { return s.cfg.KeepIdle / 24 }

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
	leaving := rules.KeyOfLeaving(st.ID)
	if err := s.note(ctx, leaving, false); err != nil {
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
	if err := s.forgetHistory(ctx, st.ID); err != nil {
		return err
	}
	return s.forgetKey(ctx, leaving)
}

// forgetKey deletes an entry whatever it says.
func (s *Service) forgetKey(ctx context.Context, key string) error {
	e, err := s.cfg.Store.Get(ctx, key)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err == nil {
		_, err = s.delete(ctx, key, e.Revision)
	}
	return err
}

// sweepLeavings removes what is left of sessions whose removal didn't come to its end.
func (s *Service) sweepLeavings(ctx context.Context) error {
	leavings, err := s.cfg.Store.List(ctx, rules.Leavings)
	for _, e := range leavings {
		id := strings.TrimPrefix(e.Key, rules.KeyOfLeaving(""))
		left, err := s.cfg.Store.List(ctx, rules.FilterOf(id))
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(left, func(e store.Entry) bool { return e.Key == rules.KeyOf(id, rules.KindMeta) }) {
			for _, e := range left {
				if _, err := s.delete(ctx, e.Key, e.Revision); err != nil {
					return err
				}
			}
		}
		if _, err := s.delete(ctx, e.Key, e.Revision); err != nil {
			return err
		}
	}
	return err
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

// load reads what the store has of some sessions.
func (s *Service) load(ctx context.Context, filters ...string) (map[string]*rules.State, error) {
	states := map[string]*rules.State{}
	entries, err := s.cfg.Store.List(ctx, filters...)
	if err != nil {
		return nil, unavailable("listing the sessions", err)
	}
	for _, e := range entries {
		s.collect(states, e)
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
