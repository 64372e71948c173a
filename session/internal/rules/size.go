package rules

import (
	"github.com/downbeat-sync/downbeat/wire"
)

// BytesPerDevice bounds, for each device that may be connected, what members bring of their own:
// as much as one uses up whose texts are all as long as they may be. Those that are away share
// it, so that whoever may join can't make the session grow without end.
const BytesPerDevice = 2304

// ownBytes is how long the texts of a user and its devices are.
func (u *User) ownBytes() int {
	if u == nil {
		return 0
	}
	n := len(u.ID) + len(u.Username) + len(u.Avatar)
	for i := range u.Devices {
		d := &u.Devices[i]
		n += len(d.View) + len(d.UserAgent)
	}
	return n
}

// excess is by how much the texts of the members are more than the session has room for, once
// a user is as it is to be. Who doesn't make them longer isn't refused.
func (s *State) excess(is *User, maxDevices int) int {
	was := s.Users[is.ID].ownBytes()
	if is.ownBytes() <= was {
		return 0
	}
	n := is.ownBytes() - was
	for _, u := range s.Users {
		n += u.ownBytes()
	}
	return n - BytesPerDevice*maxDevices
}

// Bounded passes on what a transition came to, with whatever makes room for it, unless it makes the
// members too large.
func (s *State) Bounded(maxDevices int, changes []Change, err error) ([]Change, error) {
	for _, c := range changes {
		u, ok := c.Record.(*User)
		if !ok {
			continue
		}
		devices := 0
		if !s.knows(u) {
			devices = len(s.Owners) + 1 - RememberedDevices*maxDevices
		}
		evicted, ok := s.evict(devices, s.excess(u, maxDevices), changes)
		if !ok {
			return nil, errTooLarge
		}
		return append(evicted, changes...), err
	}
	return changes, err
}

// knows reports whether a user has no device that the session doesn't know.
func (s *State) knows(u *User) bool {
	for _, d := range u.Devices {
		if s.Owners[d.ID] == "" {
			return false
		}
	}
	return true
}

// errTooLarge refuses what would make a session's members too large.
var errTooLarge = &Error{wire.CodeSessionFull, "those who are in the session, or recorded in it, take as much room as there is", true}
