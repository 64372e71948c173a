package session

import (
	"context"

	"github.com/downbeat-sync/downbeat/session/internal/rules"
)

// Instance returns the name of this process, as devices that connect to it are
// marked with it.
func (s *Service) Instance() string { return s.cfg.Instance }

// MarkDisconnected marks all devices disconnected whose instance is gone, in
// every session, as their own instance would have done. Anybody may call it,
// any number of times and at once with others: a device that is connected
// anew meanwhile stays connected. gone is called with an instance's name.
func (s *Service) MarkDisconnected(ctx context.Context, gone func(instance string) bool) error {
	states, err := s.load(ctx, "s.*."+string(rules.KindUser)+".*")
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
			r.mistaken[dev.ID] = dev.Conn
		}
	}
}
