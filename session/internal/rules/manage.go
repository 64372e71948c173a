package rules

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

// Actor is who asks for something: a device of a user, and whether it leads.
type Actor struct {
	UserID, DeviceID string
	Leads            bool
}

// UpdateDevice changes a device: its own as far as that is a device's to say, or any for the leader.
func UpdateDevice(s *State, by Actor, q DeviceUpdate, now Instant) ([]Change, error) {
	u, d := s.seated(q.DeviceID)
	switch {
	case d == nil:
		return nil, Fault(wire.CodeUnknownDevice, "there is no device %s", q.DeviceID)
	case !by.Leads && (d.ID != by.DeviceID || q.Silenced != nil):
		return nil, Fault(wire.CodeNotLeader, "only the leader may change another device, or silence one")
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
	return []Change{s.Put(true, c, KindUser, u.ID)}, nil
}

func set[T any](field *T, to *T) {
	if to != nil {
		*field = *to
	}
}

// sameAs reports whether nothing differs that device_changed would tell.
func (d *Device) sameAs(e *Device) bool {
	return d.Type == e.Type && d.View == e.View && d.NoRecords == e.NoRecords && d.Silenced == e.Silenced
}

// UpdateUser changes how a user is called: its own, or any for the leader.
func UpdateUser(s *State, by Actor, q UserUpdate, now Instant) ([]Change, error) {
	u := s.Users[q.UserID]
	switch {
	case u == nil:
		return nil, Fault(wire.CodeUnknownUser, "there is no user %s", q.UserID)
	case !by.Leads && u.ID != by.UserID:
		return nil, Fault(wire.CodeNotLeader, "only the leader may rename another user")
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
	return []Change{s.Put(true, c, KindUser, u.ID)}, nil
}

// guestName is what a user is called who gave no name.
func guestName(userID string) string { return "Guest " + userID[:min(4, len(userID))] }

// RemoveDevice takes a device's seat. Its connection, on whichever instance, learns so from
// the entry; unseat deletes what is left.
func RemoveDevice(s *State, by, deviceID string, now Instant) ([]Change, error) {
	if err := s.MayLead(by); err != nil {
		return nil, err
	}
	u, d := s.Device(deviceID)
	if d == nil || d.Removed {
		return nil, Fault(wire.CodeUnknownDevice, "there is no device %s", deviceID)
	}
	c := u.copy()
	gone := &c.Devices[c.index(deviceID)]
	if gone.Connected {
		gone.Connected, gone.Since, c.Changed = false, now, now
	}
	gone.Removed, c.Edited = true, now
	gone.Conn++
	return []Change{s.Put(true, c, KindUser, u.ID)}, nil
}

// Unseat deletes a device that was removed, if there is one.
func Unseat(s *State, now Instant) []Change {
	for _, d := range s.DevicesByJoining() {
		if d.Removed {
			return Leave(s, d.ID, d.Conn, now)
		}
	}
	return nil
}

// seated finds a device and its user; both nil for one that isn't there or was removed.
func (s *State) seated(deviceID string) (*User, *Device) {
	if u, d := s.Device(deviceID); d != nil && !d.Removed {
		return u, d
	}
	return nil, nil
}

// HandOverTo gives the lead to a user who is there and may lead.
func HandOverTo(s *State, by, to string, now Instant) ([]Change, error) {
	u := s.Users[to]
	switch err := s.MayLead(by); {
	case err != nil:
		return nil, err
	case u == nil, !u.connected():
		return nil, Fault(wire.CodeUnknownUser, "user %s isn't connected", to)
	case !u.mayLead():
		return nil, Fault(wire.CodeMayNotLead, "the user's role doesn't lead")
	case s.IsLeader(to):
		return nil, nil
	}
	return []Change{s.elect(to, now)}, nil
}

// Rename calls the session otherwise.
func Rename(s *State, by, name string, now Instant) ([]Change, error) {
	if err := s.MayLead(by); err != nil || s.Meta.Name == name {
		return nil, err
	}
	m := *s.Meta
	m.Name, m.NamedAt = name, now
	return []Change{s.Put(true, &m, KindMeta)}, nil
}

// userEdited announces what was changed of a user and its devices but for connections.
func userEdited(before, after *User) (notices []Notice) {
	if before == nil || after == nil {
		return nil
	}
	if before.Username != after.Username || before.Avatar != after.Avatar {
		notices = append(notices, tell(wire.UserChanged, UserChanged{after.ID, after.Username, after.Avatar, after.Edited.Time()}))
	}
	for i := range after.Devices {
		d := &after.Devices[i]
		at := slices.IndexFunc(before.Devices, func(e Device) bool { return e.ID == d.ID })
		if at < 0 || d.Connected && !before.Devices[at].Connected || d.sameAs(&before.Devices[at]) {
			continue // device_joined tells it
		}
		notices = append(notices, tell(wire.DeviceChanged, DeviceChanged{
			d.ID, after.ID, d.Type, d.View, d.Recorder(), d.Silenced, max(after.Edited, d.Since).Time(),
		}))
	}
	return notices
}

// devicesGone announces the devices that are no part of the session any more.
func devicesGone(before, after *User) (notices []Notice) {
	for _, d := range DevicesOf(before) {
		if after == nil || after.index(d.ID) < 0 {
			notices = append(notices, tell(wire.DeviceRemoved, DeviceRemoved{d.ID, before.ID, changedAt(before, after)}))
		}
	}
	return notices
}

// Finish ends a session: from then on nobody is in it.
func Finish(s *State, by string, now Instant) ([]Change, error) {
	if err := s.MayLead(by); err != nil {
		return nil, err
	}
	m := *s.Meta
	m.Ended = now
	return []Change{s.Put(true, &m, KindMeta)}, nil
}

// Live reports whether there is a session that hasn't ended.
func (s *State) Live() bool { return s.Meta != nil && s.Meta.Ended == 0 }
