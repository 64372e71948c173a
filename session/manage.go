package session

import (
	"context"

	"github.com/downbeat-sync/downbeat/internal/text"
	"github.com/downbeat-sync/downbeat/session/internal/rules"
	"github.com/downbeat-sync/downbeat/wire"
)

// HandOver gives the lead to another user, who is connected and may lead. Leader only.
func (m *Member) HandOver(ctx context.Context, userID string) error {
	return m.directs(ctx, func(s *rules.State, now rules.Instant) ([]rules.Change, error) {
		return rules.HandOverTo(s, m.userID, userID, now)
	})
}

// RemoveDevice takes a device out of the session, and its user with the last one. Its
// connection learns so from Done. Leader only.
func (m *Member) RemoveDevice(ctx context.Context, deviceID string) error {
	return m.inRoom(func(r *room) error {
		err := r.update(ctx, func(s *rules.State, now rules.Instant) ([]rules.Change, error) {
			return rules.RemoveDevice(s, m.userID, deviceID, now)
		})
		if err != nil {
			return err
		}
		return r.update(ctx, sure(rules.Unseat))
	})
}

// RemoveAbsent takes those out of the session who aren't connected and did nothing in it or, with all, whoever
// isn't connected; the leader and the creator stay. Their recordings stay, and may be uploaded. Leader only.
func (m *Member) RemoveAbsent(ctx context.Context, all bool) error {
	return m.inRoom(func(r *room) error {
		for more := true; more; {
			err := r.update(ctx, func(s *rules.State, _ rules.Instant) ([]rules.Change, error) {
				changes, err := rules.RemoveAbsent(s, m.userID, all)
				more = len(changes) == rules.MaxEvicted
				return changes, err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// UpdateDevice changes the member's own device or, for the leader, any.
func (m *Member) UpdateDevice(ctx context.Context, q DeviceUpdate) error {
	if q.DeviceID == "" {
		q.DeviceID = m.deviceID
	}
	if q.ViewType != nil {
		q.ViewType = new(*q.ViewType)
		if !rules.IsText(q.ViewType, rules.MaxName) {
			return rules.Fault(wire.CodeBadViewType, "viewType must be text of at most 64 characters")
		}
	}
	return m.update(ctx, func(s *rules.State, now rules.Instant) ([]rules.Change, error) {
		changes, err := rules.UpdateDevice(s, m.actor(s), q, now)
		return s.Bounded(m.svc.cfg.MaxDevices, changes, err)
	})
}

// UpdateUser changes how the member's own user is called or, for the leader, any.
func (m *Member) UpdateUser(ctx context.Context, q UserUpdate) error {
	if q.UserID == "" {
		q.UserID = m.userID
	}
	if q.Username != nil {
		q.Username = new(*q.Username)
		if !rules.IsText(q.Username, rules.MaxName) {
			return rules.Fault(wire.CodeBadUsername, "username must be text of at most 64 characters")
		}
	}
	if q.Avatar != nil && !text.Fits(*q.Avatar, rules.MaxAvatar) {
		return rules.Fault(wire.CodeBadAvatar, "avatar must be text of at most 1024 bytes")
	}
	return m.update(ctx, func(s *rules.State, now rules.Instant) ([]rules.Change, error) {
		changes, err := rules.UpdateUser(s, m.actor(s), q, now)
		return s.Bounded(m.svc.cfg.MaxDevices, changes, err)
	})
}

// Rename calls the session otherwise, by at most 64 characters; empty: by no name. Leader only.
func (m *Member) Rename(ctx context.Context, name string) error {
	if !rules.IsText(&name, rules.MaxName) {
		return badSessionName()
	}
	return m.directs(ctx, func(s *rules.State, now rules.Instant) ([]rules.Change, error) {
		return rules.Rename(s, m.userID, name, now)
	})
}

// End ends the session for all. Leader only.
func (m *Member) End(ctx context.Context) error {
	return m.inRoom(func(r *room) error { return r.end(ctx, m.userID) })
}

// Rename calls a session otherwise, for one who may although it isn't a member.
func (s *Service) Rename(ctx context.Context, sessionID, name string) error {
	if !rules.IsText(&name, rules.MaxName) {
		return badSessionName()
	}
	return s.visit(ctx, sessionID, func(r *room) error {
		return r.update(ctx, func(st *rules.State, now rules.Instant) ([]rules.Change, error) {
			return rules.Rename(st, "", name, now)
		})
	})
}

// End ends a session for all, for one who may although it isn't a member.
func (s *Service) End(ctx context.Context, sessionID string) error {
	return s.visit(ctx, sessionID, func(r *room) error { return r.end(ctx, "") })
}

func badSessionName() error {
	return rules.Fault(wire.CodeBadSessionName, "the name of a session must be text of at most 64 characters")
}

// directs carries out what only a device may ask for whose role leads.
func (m *Member) directs(ctx context.Context, step transition) error {
	return m.inRoom(func(r *room) error { return r.update(ctx, step) })
}

// inRoom is directs for more than one step. The member may be over by the end of it: it
// may remove itself.
func (m *Member) inRoom(do func(*room) error) error {
	if !m.role.Leads() {
		return rules.Fault(wire.CodeMayNotLead, "the device's role doesn't lead")
	}
	if err := m.begin(); err != nil {
		return err
	}
	defer m.svc.exit(m.room)
	return do(m.room)
}

func (m *Member) actor(s *rules.State) rules.Actor {
	return rules.Actor{UserID: m.userID, DeviceID: m.deviceID, Leads: m.role.Leads() && s.MayLead(m.userID) == nil}
}

// SetCamera says how a device is to record from now on, or all devices where deviceID
// is empty; it takes the place of what was said of the same before. Leader only.
func (m *Member) SetCamera(ctx context.Context, deviceID string, q CameraSettings) error {
	if err := q.Validate(); err != nil {
		return err
	}
	return m.directs(ctx, func(s *rules.State, _ rules.Instant) ([]rules.Change, error) {
		return rules.SetCamera(s, m.userID, deviceID, q)
	})
}
