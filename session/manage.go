package session

import (
	"slices"

	"github.com/downbeat-sync/downbeat/wire"
)

// DeviceUpdate says what of a device is to change; nil leaves it as it is.
type DeviceUpdate struct {
	DeviceID string  // empty: the member's own
	ViewType *string // at most 64 characters
	Records  *bool   // whether it takes part in takes
	Silenced *bool   // leader only: whether it is to make no sound
}

// UserUpdate says what of a user is to change; nil leaves it as it is.
type UserUpdate struct {
	UserID   string  // empty: the member's own
	Username *string // at most 64 characters; empty: a name given by the service
	Avatar   *string // at most 1024 bytes
}

// actor is who asks for something: a device of a user, and whether it leads.
type actor struct {
	userID, deviceID string
	leads            bool
}

// updateDevice changes a device: its own as far as that is a device's to say, or any for the leader.
func updateDevice(s *state, by actor, q DeviceUpdate, now instant) ([]change, error) {
	u, d := s.seated(q.DeviceID)
	switch {
	case d == nil:
		return nil, fault(wire.CodeUnknownDevice, "there is no device %s", q.DeviceID)
	case !by.leads && (d.ID != by.deviceID || q.Silenced != nil):
		return nil, fault(wire.CodeNotLeader, "only the leader may change another device, or silence one")
	}
	is := *d
	set(&is.View, q.ViewType)
	set(&is.Silenced, q.Silenced)
	if q.Records != nil {
		is.NoRecords = !*q.Records
	}
	if is.sameAs(d) {
		return nil, nil
	}
	c := u.copy()
	c.Devices[c.index(d.ID)], c.Edited = is, now
	return []change{s.put(true, c, kindUser, u.ID)}, nil
}

func set[T any](field *T, to *T) {
	if to != nil {
		*field = *to
	}
}

// sameAs reports whether nothing differs that device_changed would tell.
func (d *device) sameAs(e *device) bool {
	return d.Type == e.Type && d.View == e.View && d.NoRecords == e.NoRecords && d.Silenced == e.Silenced
}

// updateUser changes how a user is called: its own, or any for the leader.
func updateUser(s *state, by actor, q UserUpdate, now instant) ([]change, error) {
	u := s.users[q.UserID]
	switch {
	case u == nil:
		return nil, fault(wire.CodeUnknownUser, "there is no user %s", q.UserID)
	case !by.leads && u.ID != by.userID:
		return nil, fault(wire.CodeNotLeader, "only the leader may rename another user")
	}
	c := u.copy()
	set(&c.Username, q.Username)
	set(&c.Avatar, q.Avatar)
	if c.Username == "" {
		c.Username = guestName(u.ID)
	}
	if c.Username == u.Username && c.Avatar == u.Avatar {
		return nil, nil
	}
	c.Edited = now
	return []change{s.put(true, c, kindUser, u.ID)}, nil
}

// guestName is what a user is called who gave no name.
func guestName(userID string) string { return "Guest " + userID[:min(4, len(userID))] }

// removeDevice takes a device's seat. Its connection, on whichever instance, learns so from
// the entry; unseat deletes what is left.
func removeDevice(s *state, by, deviceID string, now instant) ([]change, error) {
	if err := s.mayLead(by); err != nil {
		return nil, err
	}
	u, d := s.device(deviceID)
	if d == nil || d.Removed {
		return nil, fault(wire.CodeUnknownDevice, "there is no device %s", deviceID)
	}
	c := u.copy()
	gone := &c.Devices[c.index(deviceID)]
	if gone.Connected {
		gone.Connected, gone.Since, c.Changed = false, now, now
	}
	gone.Removed, c.Edited = true, now
	gone.Conn++
	return []change{s.put(true, c, kindUser, u.ID)}, nil
}

// unseat deletes a device that was removed, if there is one.
func unseat(s *state, now instant) []change {
	for _, d := range s.devicesByJoining() {
		if d.Removed {
			return leave(s, d.ID, d.Conn, now)
		}
	}
	return nil
}

// seated finds a device and its user; both nil for one that isn't there or was removed.
func (s *state) seated(deviceID string) (*user, *device) {
	if u, d := s.device(deviceID); d != nil && !d.Removed {
		return u, d
	}
	return nil, nil
}

// handOverTo gives the lead to a user who is there and may lead.
func handOverTo(s *state, by, to string, now instant) ([]change, error) {
	u := s.users[to]
	switch err := s.mayLead(by); {
	case err != nil:
		return nil, err
	case u == nil, !u.connected():
		return nil, fault(wire.CodeUnknownUser, "user %s isn't connected", to)
	case !u.mayLead():
		return nil, fault(wire.CodeMayNotLead, "the user's role doesn't lead")
	case s.isLeader(to):
		return nil, nil
	}
	return []change{s.elect(to, now)}, nil
}

// rename calls the session otherwise.
func rename(s *state, by, name string, now instant) ([]change, error) {
	if err := s.mayLead(by); err != nil || s.meta.Name == name {
		return nil, err
	}
	m := *s.meta
	m.Name, m.NamedAt = name, now
	return []change{s.put(true, &m, kindMeta)}, nil
}

// userEdited announces what was changed of a user and its devices but for connections.
func userEdited(before, after *user) (notices []notice) {
	if before == nil || after == nil {
		return nil
	}
	if before.Username != after.Username || before.Avatar != after.Avatar {
		notices = append(notices, tell(wire.UserChanged, UserChanged{after.ID, after.Username, after.Avatar, after.Edited.time()}))
	}
	for i := range after.Devices {
		d := &after.Devices[i]
		at := slices.IndexFunc(before.Devices, func(e device) bool { return e.ID == d.ID })
		if at < 0 || d.Connected && !before.Devices[at].Connected || d.sameAs(&before.Devices[at]) {
			continue // device_joined tells it
		}
		notices = append(notices, tell(wire.DeviceChanged, DeviceChanged{
			d.ID, after.ID, d.Type, d.View, d.recorder(), d.Silenced, max(after.Edited, d.Since).time(),
		}))
	}
	return notices
}

// devicesGone announces the devices that are no part of the session any more.
func devicesGone(before, after *user) (notices []notice) {
	for _, d := range devicesOf(before) {
		if after == nil || after.index(d.ID) < 0 {
			notices = append(notices, tell(wire.DeviceRemoved, DeviceRemoved{d.ID, before.ID, changedAt(before, after)}))
		}
	}
	return notices
}
