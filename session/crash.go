package session

import "context"

// Instance returns the name of this process, as devices that connect to it are
// marked with it.
func (s *Service) Instance() string { return s.cfg.Instance }

// MarkDisconnected marks all devices disconnected whose instance is gone, in
// every session, as their own instance would have done. Anybody may call it,
// any number of times and at once with others: a device that is connected
// anew meanwhile stays connected. gone is called with an instance's name.
func (s *Service) MarkDisconnected(ctx context.Context, gone func(instance string) bool) error {
	states, err := s.load(ctx, "s.*."+string(kindUser)+".*")
	if err != nil {
		return err
	}
	for id, st := range states {
		if len(orphans(st, gone)) == 0 {
			continue
		}
		if err := s.markOrphans(ctx, id, gone); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) markOrphans(ctx context.Context, sessionID string, gone func(string) bool) error {
	r, err := s.enter(ctx, sessionID)
	if err != nil {
		return err
	}
	defer s.exit(r)
	lost := 0
	err = r.update(ctx, func(st *state, now instant) (changes []change, _ error) {
		lost = 0
		for _, u := range orphans(st, gone) {
			after := orphaned(u, gone, now)
			lost += u.connectedDevices() - after.connectedDevices()
			changes = append(changes, st.put(true, after, kindUser, u.ID))
		}
		return changes, nil
	})
	if err == nil && lost > 0 {
		s.cfg.Observe.Happened(Happening{Kind: DevicesAreLost, SessionID: sessionID, Devices: lost})
	}
	return err
}

func (u *user) connectedDevices() (n int) {
	for i := range u.Devices {
		n += oneIf(u.Devices[i].Connected)
	}
	return n
}

// orphans returns the users with a connected device of an instance that is gone.
func orphans(s *state, gone func(string) bool) (users []*user) {
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

func (d *device) orphaned(gone func(string) bool) bool { return d.Connected && gone(d.Instance) }

func orphaned(u *user, gone func(string) bool, now instant) *user {
	c := u.copy()
	for i := range c.Devices {
		if d := &c.Devices[i]; d.orphaned(gone) {
			d.Connected, d.Since = false, now
		}
	}
	c.Changed = now
	return c
}

// lookForMistakes notes the members that are connected here and are marked
// otherwise: an instance that was only slow has been taken for dead.
func (r *room) lookForMistakes(d diff) {
	after, _ := d.after.(*user)
	for _, dev := range devicesOf(after) {
		if m := r.members[dev.ID]; m != nil && m.conn == dev.Conn && !dev.Connected {
			r.mistaken[dev.ID] = dev.Conn
		}
	}
}

// marked marks a device connected or not, as it is, if it is on the connection conn still.
func marked(s *state, deviceID string, conn uint64, connected bool, now instant) []change {
	if connected {
		return reconnect(s, deviceID, conn, now)
	}
	return disconnect(s, deviceID, conn, now)
}

// reconnect marks a device connected, if it is on the connection conn still.
func reconnect(s *state, deviceID string, conn uint64, now instant) []change {
	u, d := s.device(deviceID)
	if d == nil || d.Connected || d.Conn != conn {
		return nil
	}
	c := u.copy()
	back := &c.Devices[c.index(deviceID)]
	back.Connected, back.Since = true, now
	c.LastSeen, c.Changed = now, now
	return []change{s.put(true, c, kindUser, u.ID)}
}
