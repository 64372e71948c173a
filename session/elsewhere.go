package session

// Shared returns, by session, the devices that are connected to this instance, of those sessions
// that have connected devices of other instances, too: it is those instances that need to know how
// well these devices' clocks are known.
func (s *Service) Shared() map[string][]string {
	s.mu.Lock()
	rooms := make([]*room, 0, len(s.rooms))
	for _, r := range s.rooms {
		rooms = append(rooms, r)
	}
	s.mu.Unlock()
	shared := map[string][]string{}
	for _, r := range rooms {
		if here, elsewhere := r.whereDevicesAre(); elsewhere && len(here) > 0 {
			shared[r.id] = here
		}
	}
	return shared
}

// whereDevicesAre returns the connected devices of this instance, and whether others have any.
func (r *room) whereDevicesAre() (here []string, elsewhere bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, u := range r.state.Users {
		for i := range u.Devices {
			switch d := &u.Devices[i]; {
			case !d.Connected:
			case r.members[d.ID] != nil:
				here = append(here, d.ID)
			case d.Instance != r.svc.cfg.Instance:
				elsewhere = true
			}
		}
	}
	return here, elsewhere
}
