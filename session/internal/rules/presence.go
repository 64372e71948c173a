package rules

import (
	"cmp"
	"slices"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// seenEvery is how much older a user's lastSeen must be for a heartbeat to be worth telling.
const seenEvery = 10 * time.Second

func compareJoining(a, b Instant, idA, idB string) int {
	return cmp.Or(cmp.Compare(a, b), cmp.Compare(idA, idB))
}

// index returns the place of a device of the user, or -1.
func (u *User) index(deviceID string) int {
	return slices.IndexFunc(u.Devices, func(d Device) bool { return d.ID == deviceID })
}

// connected reports whether any device of the user is connected; a user that
// doesn't exist is not.
func (u *User) connected() bool {
	return u != nil && slices.ContainsFunc(u.Devices, func(d Device) bool { return d.Connected })
}

// longestGone returns the place of the device that has been disconnected the longest, or -1.
func (u *User) longestGone() int {
	longest := -1
	for i, d := range u.Devices {
		if !d.Connected && (longest < 0 || d.Since < u.Devices[longest].Since) {
			longest = i
		}
	}
	return longest
}

// copy returns a copy of the user whose devices may be modified.
func (u *User) copy() *User {
	c := *u
	c.Devices = slices.Clone(u.Devices)
	return &c
}

// connectedCount returns the number of connected devices.
func (s *State) connectedCount() int {
	n := 0
	for _, u := range s.Users {
		for _, d := range u.Devices {
			if d.Connected {
				n++
			}
		}
	}
	return n
}

// Disconnect marks a device disconnected, if it is on the connection conn still.
func Disconnect(s *State, deviceID string, conn uint64, now Instant) []Change {
	u, d := s.Device(deviceID)
	if d == nil || !d.Connected || d.Conn != conn {
		return nil
	}
	c := u.copy()
	gone := &c.Devices[c.index(deviceID)]
	gone.Connected, gone.Since = false, now
	c.LastSeen, c.Changed = now, now
	return []Change{s.Put(true, c, KindUser, u.ID)}
}

// Leave removes a device, the user with its last one, and hands the leadership
// on when nothing of the leader is left. The leadership goes first: there is a
// leader at every moment.
func Leave(s *State, deviceID string, conn uint64, now Instant) []Change {
	u, d := s.Device(deviceID)
	if d == nil || d.Conn != conn {
		return nil
	}
	if len(u.Devices) > 1 {
		c := u.copy()
		i := c.index(deviceID)
		c.Devices = slices.Delete(c.Devices, i, i+1)
		c.LastSeen, c.Changed = now, now
		return []Change{s.Put(true, c, KindUser, u.ID)}
	}
	var changes []Change
	if s.IsLeader(u.ID) {
		changes = s.handOver(u.ID, now)
	}
	return append(changes, s.remove(KindUser, u.ID))
}

// Seen notes in this state alone that a user was heard of, which no entry says; news tells that it is worth telling others.
func (s *State) Seen(userID string, at Instant) (news bool) {
	u := s.Users[userID]
	if u == nil || at.Sub(s.lastSeen(u)) < seenEvery {
		return false
	}
	s.seen[userID] = at
	s.outdated()
	return true
}

// lastSeen returns when a user was last heard of.
func (s *State) lastSeen(u *User) Instant { return max(u.LastSeen, s.seen[u.ID]) }

// Touch notes that somebody of the session is there, so seldom that it costs nothing.
func Touch(s *State, every time.Duration, now Instant) []Change {
	if !s.Live() || now.Sub(max(s.Meta.CreatedAt, s.Meta.Active)) < every {
		return nil
	}
	m := *s.Meta
	m.Active = now
	return []Change{s.Put(true, &m, KindMeta)}
}

// ConnectedElsewhere reports whether another instance has devices of the session.
func (s *State) ConnectedElsewhere(instance string) bool {
	for _, u := range s.Users {
		for i := range u.Devices {
			if d := &u.Devices[i]; d.Connected && d.Instance != instance {
				return true
			}
		}
	}
	return false
}

// Connected reports whether any device is connected.
func (s *State) Connected() bool { return s.connectedCount() > 0 }

// DevicesOf returns the devices of a user, none if it doesn't exist.
func DevicesOf(u *User) []Device {
	if u == nil {
		return nil
	}
	return u.Devices
}

// has reports whether a device of the user is connected.
func (u *User) has(deviceID string) bool {
	if u == nil {
		return false
	}
	i := u.index(deviceID)
	return i >= 0 && u.Devices[i].Connected
}

// changedAt returns when a user's devices changed; for a user that is gone, the
// last time that anything was heard of it.
func changedAt(before, after *User) clock.SessionTime {
	if after != nil {
		return after.Changed.Time()
	}
	return before.LastSeen.Time()
}
