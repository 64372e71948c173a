package session

import (
	"cmp"
	"slices"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// touchEvery is how much older a user's stored lastSeen must be for a
// heartbeat to be worth a write.
const touchEvery = 10 * time.Second

func compareJoining(a, b instant, idA, idB string) int {
	return cmp.Or(cmp.Compare(a, b), cmp.Compare(idA, idB))
}

// index returns the place of a device of the user, or -1.
func (u *user) index(deviceID string) int {
	return slices.IndexFunc(u.Devices, func(d device) bool { return d.ID == deviceID })
}

// connected reports whether any device of the user is connected; a user that
// doesn't exist is not.
func (u *user) connected() bool {
	return u != nil && slices.ContainsFunc(u.Devices, func(d device) bool { return d.Connected })
}

// longestGone returns the place of the device that has been disconnected the longest, or -1.
func (u *user) longestGone() int {
	longest := -1
	for i, d := range u.Devices {
		if !d.Connected && (longest < 0 || d.Since < u.Devices[longest].Since) {
			longest = i
		}
	}
	return longest
}

// copy returns a copy of the user whose devices may be modified.
func (u *user) copy() *user {
	c := *u
	c.Devices = slices.Clone(u.Devices)
	return &c
}

// connectedCount returns the number of connected devices.
func (s *state) connectedCount() int {
	n := 0
	for _, u := range s.users {
		for _, d := range u.Devices {
			if d.Connected {
				n++
			}
		}
	}
	return n
}

// disconnect marks a device disconnected, if it is on the connection conn still.
func disconnect(s *state, deviceID string, conn uint64, now instant) []change {
	u, d := s.device(deviceID)
	if d == nil || !d.Connected || d.Conn != conn {
		return nil
	}
	c := u.copy()
	gone := &c.Devices[c.index(deviceID)]
	gone.Connected, gone.Since = false, now
	c.LastSeen, c.Changed = now, now
	return []change{s.put(true, c, kindUser, u.ID)}
}

// leave removes a device, the user with its last one, and hands the leadership
// on when nothing of the leader is left. The leadership goes first: there is a
// leader at every moment.
func leave(s *state, deviceID string, conn uint64, now instant) []change {
	u, d := s.device(deviceID)
	if d == nil || d.Conn != conn {
		return nil
	}
	if len(u.Devices) > 1 {
		c := u.copy()
		i := c.index(deviceID)
		c.Devices = slices.Delete(c.Devices, i, i+1)
		c.LastSeen, c.Changed = now, now
		return []change{s.put(true, c, kindUser, u.ID)}
	}
	var changes []change
	if s.isLeader(u.ID) {
		changes = s.handOver(u.ID, now)
	}
	return append(changes, s.remove(kindUser, u.ID))
}

// touch notes that a user is there; seldom enough to cost nothing.
func touch(s *state, userID string, now instant) []change {
	u := s.users[userID]
	if u == nil || now.sub(u.LastSeen) < touchEvery {
		return nil
	}
	c := u.copy()
	c.LastSeen = now
	return []change{s.put(true, c, kindUser, u.ID)}
}

// devicesOf returns the devices of a user, none if it doesn't exist.
func devicesOf(u *user) []device {
	if u == nil {
		return nil
	}
	return u.Devices
}

// has reports whether a device of the user is connected.
func (u *user) has(deviceID string) bool {
	if u == nil {
		return false
	}
	i := u.index(deviceID)
	return i >= 0 && u.Devices[i].Connected
}

// changedAt returns when a user's devices changed; for a user that is gone, the
// last time that anything was heard of it.
func changedAt(before, after *user) clock.SessionTime {
	if after != nil {
		return after.Changed.time()
	}
	return before.LastSeen.time()
}
