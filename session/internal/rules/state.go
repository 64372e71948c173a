package rules

import (
	"fmt"
	"maps"
	"slices"
)

// State is a session as its entries tell it. Records are never modified once
// they are in a state: a transition makes changed copies.
type State struct {
	ID         string
	Revisions  map[string]uint64 // of every key seen, deleted ones too
	Meta       *Meta             // nil when the session doesn't exist
	Users      map[string]*User
	Owners     map[string]string // device → user
	Commands   map[string]*CommandRecord
	Acks       map[string]map[string]*Ack // command → device: what is stored, and what is only said so far
	Recordings map[string]*RecordingRecord
	Takes      map[string]*takeMeta
	Cameras    map[string]*cameraWish // by device, and of all
	Playback   *Playback
	completed  *completion

	reports      map[string]*reportRecord // by command
	seen         map[string]Instant       // when users were heard of, as far as no entry says it
	roster       *roster                  // nil: to be made anew
	userPieces   pieces[userKey, UserState]
	devicePieces pieces[deviceKey, DeviceState]
}

// Change is what a transition wants of one key.
type Change struct {
	Key      string
	Record   any    // nil deletes
	Revision uint64 // 0 when the key isn't to exist
	Known    uint64 // the newest known, be it of a deletion
}

// Diff is an entry's record before and after a change; nil where there is none.
type Diff struct {
	Kind          Kind
	Ids           []string
	Before, After any
	News          bool // of a report: it has more than devices were known to have said
}

// NewState returns a session without any entry.
func NewState(id string) *State {
	return &State{
		ID:         id,
		Revisions:  map[string]uint64{},
		Users:      map[string]*User{},
		Owners:     map[string]string{},
		Commands:   map[string]*CommandRecord{},
		Acks:       map[string]map[string]*Ack{},
		reports:    map[string]*reportRecord{},
		Recordings: map[string]*RecordingRecord{},
		Takes:      map[string]*takeMeta{},
		Cameras:    map[string]*cameraWish{},
		seen:       map[string]Instant{},
	}
}

// Put returns the change that sets an entry; present says whether it exists.
func (s *State) Put(present bool, record any, k Kind, ids ...string) Change {
	c := Change{Key: KeyOf(s.ID, k, ids...), Record: record}
	c.Known = s.Revisions[c.Key]
	if present {
		c.Revision = c.Known
	}
	return c
}

// remove returns the change that deletes an existing entry.
func (s *State) remove(k Kind, ids ...string) Change {
	return s.Put(true, nil, k, ids...)
}

// Apply takes an entry in and returns what it changed; ok is false when the
// state knew it already.
func (s *State) Apply(e Entry) (d Diff, ok bool, err error) {
	if e.Revision <= s.Revisions[e.Key] {
		return Diff{}, false, nil
	}
	_, k, ids, err := ParseKey(e.Key)
	if err != nil {
		return Diff{}, false, err
	}
	d = Diff{Kind: k, Ids: ids}
	if err := s.set(&d, e); err != nil {
		return Diff{}, false, err
	}
	s.Revisions[e.Key] = e.Revision
	if k == KindUser || k == KindMeta || k == kindCamera {
		s.outdated()
	}
	return d, true, nil
}

func (s *State) set(d *Diff, e Entry) error {
	want := map[Kind]int{KindUser: 1, KindCommand: 1, KindReport: 1, KindRecording: 1, KindTake: 1, kindCamera: 1}[d.Kind]
	if len(d.Ids) != want {
		return fmt.Errorf("session: key %q has %d ids, not %d", e.Key, len(d.Ids), want)
	}
	switch d.Kind {
	case KindMeta:
		return swap(d, e, &s.Meta)
	case KindPlayback:
		return swap(d, e, &s.Playback)
	case KindCompleted:
		return swap(d, e, &s.completed)
	case KindUser:
		return s.setUser(d, e)
	case KindCommand:
		return s.setCommand(d, e)
	case KindRecording:
		return swapIn(d, e, s.Recordings, d.Ids[0])
	case kindCamera:
		return swapIn(d, e, s.Cameras, d.Ids[0])
	case KindTake:
		return swapIn(d, e, s.Takes, d.Ids[0])
	case KindReport:
		return s.setReport(d, e)
	}
	return fmt.Errorf("session: key %q is of an unknown kind", e.Key)
}

func (s *State) setUser(d *Diff, e Entry) error {
	before := s.Users[d.Ids[0]]
	if err := swapIn(d, e, s.Users, d.Ids[0]); err != nil {
		return err
	}
	if before != nil {
		for _, dev := range before.Devices {
			delete(s.Owners, dev.ID)
		}
	}
	if s.Users[d.Ids[0]] == nil {
		delete(s.seen, d.Ids[0])
	}
	if after := s.Users[d.Ids[0]]; after != nil {
		for _, dev := range after.Devices {
			s.Owners[dev.ID] = after.ID
		}
	}
	return nil
}

// setCommand forgets with a command what was said of it.
func (s *State) setCommand(d *Diff, e Entry) error {
	err := swapIn(d, e, s.Commands, d.Ids[0])
	if s.Commands[d.Ids[0]] == nil && s.reports[d.Ids[0]] == nil {
		delete(s.Acks, d.Ids[0])
	}
	return err
}

// setReport takes in what is stored of the acknowledgements of a command, beside what is only said so far.
func (s *State) setReport(d *Diff, e Entry) error {
	id := d.Ids[0]
	if err := swapIn(d, e, s.reports, id); err != nil {
		return err
	}
	if s.reports[id] == nil {
		delete(s.Acks, id)
		return nil
	}
	for deviceID, stored := range s.reports[id].acks() {
		d.News = s.Hear(id, deviceID, stored, true) || d.News
	}
	return nil
}

// swap puts an entry's record in place of the one that slot has.
func swap[T any](d *Diff, e Entry, slot **T) error {
	after, err := Decode[T](e)
	if err != nil {
		return err
	}
	if *slot != nil {
		d.Before = *slot
	}
	if after != nil {
		d.After = after
	}
	*slot = after
	return nil
}

func swapIn[T any](d *Diff, e Entry, records map[string]*T, id string) error {
	slot := records[id]
	if err := swap(d, e, &slot); err != nil {
		return err
	}
	if r, ok := any(slot).(interface{ id() string }); ok && slot != nil && r.id() != id {
		return fmt.Errorf("session: entry %s is of %q", e.Key, r.id())
	}
	if slot == nil {
		delete(records, id)
	} else {
		records[id] = slot
	}
	return nil
}

// Device finds a device and the user it belongs to; both nil when there is none.
func (s *State) Device(id string) (*User, *Device) {
	u := s.Users[s.Owners[id]]
	if u == nil {
		return nil, nil
	}
	i := u.index(id)
	return u, &u.Devices[i]
}

// usersByJoining returns the users, the longest joined first.
func (s *State) usersByJoining() []*User {
	return slices.SortedFunc(maps.Values(s.Users), func(a, b *User) int {
		return compareJoining(a.JoinedAt, b.JoinedAt, a.ID, b.ID)
	})
}

// DevicesByJoining returns the devices, the longest joined first.
func (s *State) DevicesByJoining() []*Device {
	devices := make([]*Device, 0, len(s.Owners))
	for _, u := range s.Users {
		for i := range u.Devices {
			devices = append(devices, &u.Devices[i])
		}
	}
	slices.SortFunc(devices, func(a, b *Device) int {
		return compareJoining(a.JoinedAt, b.JoinedAt, a.ID, b.ID)
	})
	return devices
}

// CommandsByTime returns the commands in the order of their instants.
func (s *State) CommandsByTime() []*CommandRecord {
	return slices.SortedFunc(maps.Values(s.Commands), func(a, b *CommandRecord) int {
		return compareJoining(a.Timestamp, b.Timestamp, a.ID, b.ID)
	})
}
