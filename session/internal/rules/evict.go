package rules

import (
	"cmp"
	"slices"
	"time"
)

// MaxEvicted bounds how many users make room for one request.
const MaxEvicted = 64

// absent are the users of whom no device is connected, but for the leader and the creator: they
// keep their seats.
func (s *State) absent() (absent []*User) {
	for _, u := range s.Users {
		if !u.connected() && !s.IsLeader(u.ID) && s.Meta != nil && u.ID != s.Meta.CreatorID {
			absent = append(absent, u)
		}
	}
	return absent
}

// guests are the absent who make room for others when the session is full: none of their devices
// recorded. Those come first who were here for the shortest time: whoever comes and goes to
// fill the session before whoever took part in it.
func (s *State) guests() []*User {
	recorded := map[string]bool{}
	for _, r := range s.Recordings {
		recorded[r.DeviceID] = true
	}
	guests := slices.DeleteFunc(s.absent(), func(u *User) bool {
		return slices.ContainsFunc(u.Devices, func(d Device) bool { return recorded[d.ID] })
	})
	slices.SortFunc(guests, func(a, b *User) int {
		return cmp.Or(cmp.Compare(a.stayed(), b.stayed()), compareJoining(a.JoinedAt, b.JoinedAt, a.ID, b.ID))
	})
	return guests
}

// stayed is for how long a user whose devices are all away was here, by the one that was longest.
func (u *User) stayed() time.Duration {
	var longest time.Duration
	for _, d := range u.Devices {
		longest = max(longest, d.Since.Sub(d.JoinedAt))
	}
	return longest
}

// evict makes room for so many devices and bytes of text; ok is false when that can't be. Users
// whose entries are about to change stay.
func (s *State) evict(devices, bytes int, changing []Change) (evicted []Change, ok bool) {
	if devices <= 0 && bytes <= 0 {
		return nil, true
	}
	for _, u := range s.guests() {
		if devices <= 0 && bytes <= 0 || len(evicted) == MaxEvicted {
			break
		}
		gone := s.remove(KindUser, u.ID)
		if slices.ContainsFunc(changing, func(c Change) bool { return c.Key == gone.Key }) {
			continue
		}
		evicted = append(evicted, gone)
		devices -= len(u.Devices)
		bytes -= u.ownBytes()
	}
	return evicted, devices <= 0 && bytes <= 0
}

// RemoveAbsent takes the seats of some of those who are away: who did nothing here or, if told so, whoever
// isn't connected. The leader and the creator keep theirs.
func RemoveAbsent(s *State, by string, all bool) ([]Change, error) {
	if err := s.MayLead(by); err != nil {
		return nil, err
	}
	gone := s.absent()
	if !all {
		gone = s.guests()
	}
	var changes []Change
	for _, u := range gone[:min(len(gone), MaxEvicted)] {
		changes = append(changes, s.remove(KindUser, u.ID))
	}
	return changes, nil
}
