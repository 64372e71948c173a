package session

import (
	"fmt"
	"maps"
	"slices"
)

// state is a session as its entries tell it. Records are never modified once
// they are in a state: a transition makes changed copies.
type state struct {
	id         string
	revisions  map[string]uint64 // of every key seen, deleted ones too
	meta       *meta             // nil when the session doesn't exist
	users      map[string]*user
	owners     map[string]string // device → user
	commands   map[string]*command
	acks       map[string]map[string]*ack // command → device
	recordings map[string]*recording
	takes      map[string]*takeMeta
	cameras    map[string]*cameraWish // by device, and of all
	playback   *playback
	completed  *completion

	roster *roster             // nil: to be made anew
	before map[pieceKey][]byte // the pieces of the roster that isn't true any more
}

// change is what a transition wants of one key.
type change struct {
	key      string
	record   any    // nil deletes
	revision uint64 // 0 when the key isn't to exist
	known    uint64 // the newest known, be it of a deletion
}

// diff is an entry's record before and after a change; nil where there is none.
type diff struct {
	kind          kind
	ids           []string
	before, after any
}

func newState(id string) *state {
	return &state{
		id:         id,
		revisions:  map[string]uint64{},
		users:      map[string]*user{},
		owners:     map[string]string{},
		commands:   map[string]*command{},
		acks:       map[string]map[string]*ack{},
		recordings: map[string]*recording{},
		takes:      map[string]*takeMeta{},
		cameras:    map[string]*cameraWish{},
	}
}

// put returns the change that sets an entry; present says whether it exists.
func (s *state) put(present bool, record any, k kind, ids ...string) change {
	c := change{key: keyOf(s.id, k, ids...), record: record}
	c.known = s.revisions[c.key]
	if present {
		c.revision = c.known
	}
	return c
}

// remove returns the change that deletes an existing entry.
func (s *state) remove(k kind, ids ...string) change {
	return s.put(true, nil, k, ids...)
}

// apply takes an entry in and returns what it changed; ok is false when the
// state knew it already.
func (s *state) apply(e entry) (d diff, ok bool, err error) {
	if e.Revision <= s.revisions[e.Key] {
		return diff{}, false, nil
	}
	_, k, ids, err := parseKey(e.Key)
	if err != nil {
		return diff{}, false, err
	}
	d = diff{kind: k, ids: ids}
	if err := s.set(&d, e); err != nil {
		return diff{}, false, err
	}
	s.revisions[e.Key] = e.Revision
	if k == kindUser || k == kindMeta || k == kindCamera {
		s.outdated()
	}
	return d, true, nil
}

func (s *state) set(d *diff, e entry) error {
	want := map[kind]int{kindUser: 1, kindCommand: 1, kindAck: 2, kindRecording: 1, kindTake: 1, kindCamera: 1}[d.kind]
	if len(d.ids) != want {
		return fmt.Errorf("session: key %q has %d ids, not %d", e.Key, len(d.ids), want)
	}
	switch d.kind {
	case kindMeta:
		return swap(d, e, &s.meta)
	case kindPlayback:
		return swap(d, e, &s.playback)
	case kindCompleted:
		return swap(d, e, &s.completed)
	case kindUser:
		return s.setUser(d, e)
	case kindCommand:
		return swapIn(d, e, s.commands, d.ids[0])
	case kindRecording:
		return swapIn(d, e, s.recordings, d.ids[0])
	case kindCamera:
		return swapIn(d, e, s.cameras, d.ids[0])
	case kindTake:
		return swapIn(d, e, s.takes, d.ids[0])
	case kindAck:
		return s.setAck(d, e)
	}
	return fmt.Errorf("session: key %q is of an unknown kind", e.Key)
}

func (s *state) setUser(d *diff, e entry) error {
	before := s.users[d.ids[0]]
	if err := swapIn(d, e, s.users, d.ids[0]); err != nil {
		return err
	}
	if before != nil {
		for _, dev := range before.Devices {
			delete(s.owners, dev.ID)
		}
	}
	if after := s.users[d.ids[0]]; after != nil {
		for _, dev := range after.Devices {
			s.owners[dev.ID] = after.ID
		}
	}
	return nil
}

func (s *state) setAck(d *diff, e entry) error {
	of := s.acks[d.ids[0]]
	if of == nil {
		of = map[string]*ack{}
		s.acks[d.ids[0]] = of
	}
	err := swapIn(d, e, of, d.ids[1])
	if len(of) == 0 {
		delete(s.acks, d.ids[0])
	}
	return err
}

// swap puts an entry's record in place of the one that slot has.
func swap[T any](d *diff, e entry, slot **T) error {
	after, err := decode[T](e)
	if err != nil {
		return err
	}
	if *slot != nil {
		d.before = *slot
	}
	if after != nil {
		d.after = after
	}
	*slot = after
	return nil
}

func swapIn[T any](d *diff, e entry, records map[string]*T, id string) error {
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

// device finds a device and the user it belongs to; both nil when there is none.
func (s *state) device(id string) (*user, *device) {
	u := s.users[s.owners[id]]
	if u == nil {
		return nil, nil
	}
	i := u.index(id)
	return u, &u.Devices[i]
}

// usersByJoining returns the users, the longest joined first.
func (s *state) usersByJoining() []*user {
	return slices.SortedFunc(maps.Values(s.users), func(a, b *user) int {
		return compareJoining(a.JoinedAt, b.JoinedAt, a.ID, b.ID)
	})
}

// devicesByJoining returns the devices, the longest joined first.
func (s *state) devicesByJoining() []*device {
	devices := make([]*device, 0, len(s.owners))
	for _, u := range s.users {
		for i := range u.Devices {
			devices = append(devices, &u.Devices[i])
		}
	}
	slices.SortFunc(devices, func(a, b *device) int {
		return compareJoining(a.JoinedAt, b.JoinedAt, a.ID, b.ID)
	})
	return devices
}

// commandsByTime returns the commands in the order of their instants.
func (s *state) commandsByTime() []*command {
	return slices.SortedFunc(maps.Values(s.commands), func(a, b *command) int {
		return compareJoining(a.Timestamp, b.Timestamp, a.ID, b.ID)
	})
}
