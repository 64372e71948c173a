package session

import (
	"cmp"
	"slices"
	"time"
)

// maxEvicted bounds how many users make room for one request.
const maxEvicted = 64

// absent are the users of whom no device is connected, but for the leader and the creator: they
// keep their seats.
func (s *state) absent() (absent []*user) {
	for _, u := range s.users {
		if !u.connected() && !s.isLeader(u.ID) && s.meta != nil && u.ID != s.meta.CreatorID {
			absent = append(absent, u)
		}
	}
	return absent
}

// guests are the absent who make room for others when the session is full: none of their devices
// recorded. Those come first who were here for the shortest time: whoever comes and goes to
// fill the session before whoever took part in it.
func (s *state) guests() []*user {
	recorded := map[string]bool{}
	for _, r := range s.recordings {
		recorded[r.DeviceID] = true
	}
	guests := slices.DeleteFunc(s.absent(), func(u *user) bool {
		return slices.ContainsFunc(u.Devices, func(d device) bool { return recorded[d.ID] })
	})
	slices.SortFunc(guests, func(a, b *user) int {
		return cmp.Or(cmp.Compare(a.stayed(), b.stayed()), compareJoining(a.JoinedAt, b.JoinedAt, a.ID, b.ID))
	})
	return guests
}

// stayed is for how long a user whose devices are all away was here, by the one that was longest.
func (u *user) stayed() time.Duration {
	var longest time.Duration
	for _, d := range u.Devices {
		longest = max(longest, d.Since.sub(d.JoinedAt))
	}
	return longest
}

// evict makes room for so many devices and bytes of text; ok is false when that can't be. Users
// whose entries are about to change stay.
func (s *state) evict(devices, bytes int, changing []change) (evicted []change, ok bool) {
	if devices <= 0 && bytes <= 0 {
		return nil, true
	}
	for _, u := range s.guests() {
		if devices <= 0 && bytes <= 0 || len(evicted) == maxEvicted {
			break
		}
		gone := s.remove(kindUser, u.ID)
		if slices.ContainsFunc(changing, func(c change) bool { return c.key == gone.key }) {
			continue
		}
		evicted = append(evicted, gone)
		devices -= len(u.Devices)
		bytes -= u.ownBytes()
	}
	return evicted, devices <= 0 && bytes <= 0
}

// removeAbsent takes the seats of some of those who are away: who did nothing here or, if told so, whoever
// isn't connected. The leader and the creator keep theirs.
func removeAbsent(s *state, by string, all bool) ([]change, error) {
	if err := s.mayLead(by); err != nil {
		return nil, err
	}
	gone := s.absent()
	if !all {
		gone = s.guests()
	}
	var changes []change
	for _, u := range gone[:min(len(gone), maxEvicted)] {
		changes = append(changes, s.remove(kindUser, u.ID))
	}
	return changes, nil
}
