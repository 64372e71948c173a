package session

import (
	"context"

	"github.com/downbeat-sync/downbeat/internal/text"
	"github.com/downbeat-sync/downbeat/wire"
)

// HandOver gives the lead to another user, who is connected and may lead. Leader only.
func (m *Member) HandOver(ctx context.Context, userID string) error {
	return m.directs(ctx, func(s *state, now instant) ([]change, error) { return handOverTo(s, m.userID, userID, now) })
}

// RemoveDevice takes a device out of the session, and its user with the last one. Its
// connection learns so from Done. Leader only.
func (m *Member) RemoveDevice(ctx context.Context, deviceID string) error {
	return m.inRoom(func(r *room) error {
		err := r.update(ctx, func(s *state, now instant) ([]change, error) { return removeDevice(s, m.userID, deviceID, now) })
		if err != nil {
			return err
		}
		return r.update(ctx, sure(unseat))
	})
}

// RemoveAbsent takes those out of the session who aren't connected and did nothing in it or, with all, whoever
// isn't connected; the leader and the creator stay. Their recordings stay, and may be uploaded. Leader only.
func (m *Member) RemoveAbsent(ctx context.Context, all bool) error {
	return m.inRoom(func(r *room) error {
		for more := true; more; {
			err := r.update(ctx, func(s *state, _ instant) ([]change, error) {
				changes, err := removeAbsent(s, m.userID, all)
				more = len(changes) == maxEvicted
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
		if !isText(q.ViewType, maxName) {
			return fault(wire.CodeBadViewType, "viewType must be text of at most 64 characters")
		}
	}
	return m.update(ctx, func(s *state, now instant) ([]change, error) {
		changes, err := updateDevice(s, m.actor(s), q, now)
		return s.bounded(m.svc.cfg.MaxDevices, changes, err)
	})
}

// UpdateUser changes how the member's own user is called or, for the leader, any.
func (m *Member) UpdateUser(ctx context.Context, q UserUpdate) error {
	if q.UserID == "" {
		q.UserID = m.userID
	}
	if q.Username != nil {
		q.Username = new(*q.Username)
		if !isText(q.Username, maxName) {
			return fault(wire.CodeBadUsername, "username must be text of at most 64 characters")
		}
	}
	if q.Avatar != nil && !text.Fits(*q.Avatar, maxAvatar) {
		return fault(wire.CodeBadAvatar, "avatar must be text of at most 1024 bytes")
	}
	return m.update(ctx, func(s *state, now instant) ([]change, error) {
		changes, err := updateUser(s, m.actor(s), q, now)
		return s.bounded(m.svc.cfg.MaxDevices, changes, err)
	})
}

// Rename calls the session otherwise, by at most 64 characters; empty: by no name. Leader only.
func (m *Member) Rename(ctx context.Context, name string) error {
	if !isText(&name, maxName) {
		return badSessionName()
	}
	return m.directs(ctx, func(s *state, now instant) ([]change, error) { return rename(s, m.userID, name, now) })
}

// End ends the session for all. Leader only.
func (m *Member) End(ctx context.Context) error {
	return m.inRoom(func(r *room) error { return r.end(ctx, m.userID) })
}

// Rename calls a session otherwise, for one who may although it isn't a member.
func (s *Service) Rename(ctx context.Context, sessionID, name string) error {
	if !isText(&name, maxName) {
		return badSessionName()
	}
	return s.visit(ctx, sessionID, func(r *room) error {
		return r.update(ctx, func(st *state, now instant) ([]change, error) { return rename(st, "", name, now) })
	})
}

// End ends a session for all, for one who may although it isn't a member.
func (s *Service) End(ctx context.Context, sessionID string) error {
	return s.visit(ctx, sessionID, func(r *room) error { return r.end(ctx, "") })
}

func badSessionName() error {
	return fault(wire.CodeBadSessionName, "the name of a session must be text of at most 64 characters")
}

// directs carries out what only a device may ask for whose role leads.
func (m *Member) directs(ctx context.Context, step transition) error {
	return m.inRoom(func(r *room) error { return r.update(ctx, step) })
}

// inRoom is directs for more than one step. The member may be over by the end of it: it
// may remove itself.
func (m *Member) inRoom(do func(*room) error) error {
	if !m.role.leads() {
		return fault(wire.CodeMayNotLead, "the device's role doesn't lead")
	}
	if err := m.begin(); err != nil {
		return err
	}
	defer m.svc.exit(m.room)
	return do(m.room)
}

func (m *Member) actor(s *state) actor {
	return actor{m.userID, m.deviceID, m.role.leads() && s.mayLead(m.userID) == nil}
}
