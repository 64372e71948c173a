package rules

// ConnectedDevices returns how many of the user's devices are connected.
func (u *User) ConnectedDevices() (n int) {
	for i := range u.Devices {
		n += oneIf(u.Devices[i].Connected)
	}
	return n
}

// Orphans returns the users with a connected device of an instance that is gone.
func Orphans(s *State, gone func(string) bool) (users []*User) {
	for _, u := range s.usersByJoining() {
		for i := range u.Devices {
			if u.Devices[i].orphaned(gone) {
				users = append(users, u)
				break
			}
		}
	}
	return users
}

func (d *Device) orphaned(gone func(string) bool) bool { return d.Connected && gone(d.Instance) }

// Orphaned returns the user with the devices disconnected whose instance is gone.
func Orphaned(u *User, gone func(string) bool, now Instant) *User {
	c := u.copy()
	for i := range c.Devices {
		if d := &c.Devices[i]; d.orphaned(gone) {
			d.Connected, d.Since = false, now
		}
	}
	c.Changed = now
	return c
}

// Marked marks a device connected or not, as it is, if it is on the connection conn still.
func Marked(s *State, deviceID string, conn uint64, connected bool, now Instant) []Change {
	if connected {
		return reconnect(s, deviceID, conn, now)
	}
	return Disconnect(s, deviceID, conn, now)
}

// reconnect marks a device connected, if it is on the connection conn still.
func reconnect(s *State, deviceID string, conn uint64, now Instant) []Change {
	u, d := s.Device(deviceID)
	if d == nil || d.Connected || d.Conn != conn {
		return nil
	}
	c := u.copy()
	back := &c.Devices[c.index(deviceID)]
	back.Connected, back.Since = true, now
	c.LastSeen, c.Changed = now, now
	return []Change{s.Put(true, c, KindUser, u.ID)}
}
