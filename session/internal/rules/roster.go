package rules

import "bytes"

// roster is the users and devices of a state as its snapshots have them. Snapshots share
// it until one of them changes, and the next one takes over the pieces that are still true.
type roster struct {
	users   []UserState
	devices []DeviceState
	lists   [][]byte // both as JSON: the members users and devices of an object
	pieces  map[pieceKey][]byte
}

// pieceKey is what an element of the lists is made of. Records are never modified, so it is the
// same as long as they are.
type pieceKey struct {
	user   *User // of a user; else nil
	leads  bool
	seen   Instant
	device *Device // of a device; else nil
	camera *CameraSettings
}

// members returns the roster, made anew where something of it has changed.
func (s *State) members() *roster {
	if s.roster == nil {
		s.roster = s.listMembers()
		s.before = nil
	}
	return s.roster
}

// outdated says that the roster isn't true any more.
func (s *State) outdated() {
	if s.roster != nil {
		s.roster, s.before = nil, s.roster.pieces
	}
}

func (s *State) listMembers() *roster {
	r := &roster{
		users: make([]UserState, 0, len(s.Users)), devices: make([]DeviceState, 0, len(s.Owners)),
		lists:  make([][]byte, 0, len(s.Users)+len(s.Owners)+3),
		pieces: make(map[pieceKey][]byte, len(s.Users)+len(s.Owners)),
	}
	r.lists = append(r.lists, []byte(`"users":[`))
	for i, u := range s.usersByJoining() {
		leads := s.IsLeader(u.ID)
		is := UserState{u.ID, u.Username, u.Avatar, u.JoinedAt.iso(), s.lastSeen(u).Time(), u.connected(), leads}
		r.users = append(r.users, is)
		r.add(i == 0, s.before, pieceKey{user: u, leads: leads, seen: s.lastSeen(u)}, is)
	}
	r.lists = append(r.lists, []byte(`],"devices":[`))
	for i, d := range s.DevicesByJoining() {
		camera := s.camera(d.ID)
		is := DeviceState{d.ID, s.Owners[d.ID], d.Type, d.View, d.Connected, d.Recorder(), d.Silenced, camera}
		r.devices = append(r.devices, is)
		r.add(i == 0, s.before, pieceKey{device: d, camera: camera}, is)
	}
	r.lists = append(r.lists, []byte(`]`))
	return r
}

// add adds an element to the list, as it was before where nothing of it has changed.
func (r *roster) add(first bool, before map[pieceKey][]byte, key pieceKey, is any) {
	piece := before[key]
	if piece == nil {
		b, _ := Encode(is) // texts and numbers alone: it can't fail
		piece = append([]byte(","), b...)
	}
	r.pieces[key] = piece
	if first {
		piece = piece[1:]
	}
	r.lists = append(r.lists, piece)
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
