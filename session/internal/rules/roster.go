package rules

import (
	"bytes"
	"maps"
)

// roster is the users and devices of a state as its snapshots have them. Snapshots share
// it until one of them changes, and the next one has the pieces that are still true.
type roster struct {
	users   []UserState
	devices []DeviceState
	lists   [][]byte // both as JSON: the members users and devices of an object
}

// Records are never modified, so an element of the lists is the same as long as these are.
type (
	userKey struct {
		user  *User
		leads bool
		seen  Instant
	}
	deviceKey struct {
		device *Device
		camera *CameraSettings
	}
)

// piece is an element of a list, also as JSON behind a comma.
type piece[T any] struct {
	is   T
	json []byte
	used uint64 // the round that it was last part of
}

// pieces are those of the present list and some of earlier ones.
type pieces[K comparable, T any] struct {
	made  map[K]*piece[T]
	round uint64
}

// list begins a list of n elements and forgets what wasn't in the last one, where that has become much.
func (p *pieces[K, T]) list(n int) {
	if p.made == nil {
		p.made = map[K]*piece[T]{}
	}
	if len(p.made) > 2*n+16 {
		maps.DeleteFunc(p.made, func(_ K, is *piece[T]) bool { return is.used < p.round })
	}
	p.round++
}

// of returns an element of the list.
func (p *pieces[K, T]) of(key K, make func() T) *piece[T] {
	is := p.made[key]
	if is == nil {
		v := make()
		b, _ := Encode(v) // texts and numbers alone: it can't fail
		is = &piece[T]{is: v, json: append([]byte(","), b...)}
		p.made[key] = is
	}
	is.used = p.round
	return is
}

// behind returns the element's JSON behind n others.
func (p *piece[T]) behind(n int) []byte {
	if n == 0 {
		return p.json[1:]
	}
	return p.json
}

// members returns the roster, made anew where something of it has changed.
func (s *State) members() *roster {
	if s.roster == nil {
		s.roster = s.listMembers()
	}
	return s.roster
}

// outdated says that the roster isn't true any more.
func (s *State) outdated() { s.roster = nil }

func (s *State) listMembers() *roster {
	r := &roster{
		users: make([]UserState, 0, len(s.Users)), devices: make([]DeviceState, 0, len(s.Owners)),
		lists: make([][]byte, 0, len(s.Users)+len(s.Owners)+3),
	}
	r.lists = append(r.lists, []byte(`"users":[`))
	s.userPieces.list(len(s.Users))
	for _, u := range s.usersByJoining() {
		leads, seen := s.IsLeader(u.ID), s.lastSeen(u)
		is := s.userPieces.of(userKey{u, leads, seen}, func() UserState {
			return UserState{u.ID, u.Username, u.Avatar, u.JoinedAt.iso(), seen.Time(), u.connected(), leads}
		})
		r.lists = append(r.lists, is.behind(len(r.users)))
		r.users = append(r.users, is.is)
	}
	r.lists = append(r.lists, []byte(`],"devices":[`))
	s.devicePieces.list(len(s.Owners))
	for _, d := range s.DevicesByJoining() {
		camera := s.camera(d.ID)
		is := s.devicePieces.of(deviceKey{d, camera}, func() DeviceState {
			return DeviceState{d.ID, s.Owners[d.ID], d.Type, d.View, d.Connected, d.Recorder(), d.Silenced, camera}
		})
		r.lists = append(r.lists, is.behind(len(r.devices)))
		r.devices = append(r.devices, is.is)
	}
	r.lists = append(r.lists, []byte(`]`))
	return r
}

// noMembers is how an object has users and devices where there are none. No text of
// anybody's contains it: its quotes would be escaped.
var noMembers = []byte(`"users":[],"devices":[]`)

// Hollow returns the snapshot without its users and devices, for a text that Fill is to
// complete.
func (s Snapshot) Hollow() Snapshot {
	s.Users, s.Devices = []UserState{}, []DeviceState{}
	return s
}

// Fill puts the snapshot's users and devices into a JSON text that has it hollow.
func (s Snapshot) Fill(hollow []byte) JSON {
	before, after, ok := bytes.Cut(hollow, noMembers)
	if !ok || s.roster == nil {
		return Whole(hollow)
	}
	return JSON{before, s.roster.lists, after}
}
