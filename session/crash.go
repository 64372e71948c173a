package session

import (
	"context"
	"errors"
	"slices"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/store"
)

// Instance returns the name of this process, as devices that connect to it are
// marked with it.
func (s *Service) Instance() string { return s.cfg.Instance }

// lookAt is how many sessions are looked at at once.
const lookAt = 64

// places are the sessions that the store knows to have devices of this instance. They are guarded by
// [Service.alone].
type places struct {
	known    bool // the instance itself
	sessions map[string]bool
}

// place notes in the store that this instance has devices in a session, before it has any: whoever finds the
// instance dead looks there. Called by alone; again is for one that was taken for dead.
func (s *Service) place(ctx context.Context, sessionID string, again bool) error {
	if again {
		s.places = places{}
	}
	if !s.places.known {
		if err := s.note(ctx, rules.KeyOfInstance(s.cfg.Instance), again); err != nil {
			return err
		}
		s.places = places{true, map[string]bool{}}
	}
	if s.places.sessions[sessionID] {
		return nil
	}
	if err := s.note(ctx, rules.KeyOfInstance(s.cfg.Instance, sessionID), again); err != nil {
		return err
	}
	s.places.sessions[sessionID] = true
	return nil
}

// note writes an entry that says no more than its key; anew, so that nobody deletes it who has seen it, or only
// where it isn't there.
func (s *Service) note(ctx context.Context, key string, anew bool) error {
	_, err := s.cfg.Store.Put(ctx, key, []byte("{}"), 0)
	if !errors.Is(err, store.ErrConflict) {
		return err
	}
	if !anew {
		return nil
	}
	e, err := s.cfg.Store.Get(ctx, key)
	if err == nil {
		_, err = s.cfg.Store.Put(ctx, key, e.Value, e.Revision)
	}
	return err
}

// unplace forgets the sessions that this instance has nothing to do with any more.
func (s *Service) unplace(ctx context.Context) error {
	keys, err := s.cfg.Store.Keys(ctx, rules.SessionsOf(s.cfg.Instance))
	for _, e := range keys {
		_, sessionID, bad := rules.InstanceOf(e.Key)
		if bad != nil {
			continue
		}
		err := s.alone(ctx, func() error {
			s.mu.Lock()
			used := s.rooms[sessionID] != nil
			s.mu.Unlock()
			if used {
				return nil
			}
			delete(s.places.sessions, sessionID)
			_, err := s.delete(ctx, e.Key, e.Revision)
			return err
		})
		if err != nil {
			return err
		}
	}
	return err
}

// MarkDisconnected marks all devices disconnected whose instance is gone, in
// every session, as their own instance would have done. Anybody may call it,
// any number of times and at once with others: a device that is connected
// anew meanwhile stays connected. gone is called with an instance's name.
func (s *Service) MarkDisconnected(ctx context.Context, gone func(instance string) bool) error {
	instances, err := s.cfg.Store.List(ctx, rules.Instances)
	if err != nil {
		return unavailable("looking for devices of other instances", err)
	}
	for _, e := range instances {
		name, _, err := rules.InstanceOf(e.Key)
		if err != nil || !gone(name) {
			continue
		}
		if err := s.markGone(ctx, name, gone); err != nil {
			return err
		}
		if _, err := s.delete(ctx, e.Key, e.Revision); err != nil {
			return err
		}
	}
	return nil
}

// markGone marks the devices of one instance that is gone, and forgets where it had any.
func (s *Service) markGone(ctx context.Context, instance string, gone func(string) bool) error {
	keys, err := s.cfg.Store.Keys(ctx, rules.SessionsOf(instance))
	if err != nil {
		return err
	}
	for some := range slices.Chunk(keys, lookAt) {
		var filters []string
		for _, e := range some {
			if _, sessionID, err := rules.InstanceOf(e.Key); err == nil {
				filters = append(filters, rules.UsersOf(sessionID))
			}
		}
		states, err := s.load(ctx, filters...)
		if err != nil {
			return err
		}
		for id, st := range states {
			if len(rules.Orphans(st, gone)) == 0 {
				continue
			}
			if err := s.markOrphans(ctx, id, gone); err != nil {
				return err
			}
		}
		for _, e := range some {
			if _, err := s.delete(ctx, e.Key, e.Revision); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) markOrphans(ctx context.Context, sessionID string, gone func(string) bool) error {
	r, err := s.enter(ctx, sessionID)
	if err != nil {
		return err
	}
	defer s.exit(r)
	lost := 0
	err = r.update(ctx, func(st *rules.State, now rules.Instant) (changes []rules.Change, _ error) {
		lost = 0
		for _, u := range rules.Orphans(st, gone) {
			after := rules.Orphaned(u, gone, now)
			lost += u.ConnectedDevices() - after.ConnectedDevices()
			changes = append(changes, st.Put(true, after, rules.KindUser, u.ID))
		}
		return changes, nil
	})
	if err == nil && lost > 0 {
		s.cfg.Observe.Happened(Happening{Kind: rules.DevicesAreLost, SessionID: sessionID, Devices: lost})
	}
	return err
}

// lookForMistakes notes the members that are connected here and are marked
// otherwise: an instance that was only slow has been taken for dead.
func (r *room) lookForMistakes(d rules.Diff) {
	after, _ := d.After.(*rules.User)
	for _, dev := range rules.DevicesOf(after) {
		if m := r.members[dev.ID]; m != nil && m.conn == dev.Conn && !dev.Connected {
			r.mistaken[dev.ID], r.unplaced = dev.Conn, true
		}
	}
}

// placeAgain notes anew that this instance has devices in the session, where another one has taken it for dead.
func (r *room) placeAgain(ctx context.Context) error {
	r.mu.Lock()
	was := r.unplaced
	r.unplaced = false
	r.mu.Unlock()
	if !was {
		return nil
	}
	err := r.svc.alone(ctx, func() error { return r.svc.place(ctx, r.id, true) })
	if err != nil {
		r.mu.Lock()
		r.unplaced = true
		r.mu.Unlock()
	}
	return err
}
