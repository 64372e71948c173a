package rules

import "cmp"

// namesItself reports whether the newcomer's user came without tokens before, as the newcomer does.
func (n *Newcomer) namesItself(s *State) bool {
	u := s.Users[cmp.Or(n.Admission.UserID, n.UserID)]
	return n.ByName && u != nil && u.ByName && !n.Admission.NeedsProof
}

// named finds the device that the newcomer was before a reload, by its user's name: of that one's
// devices which are alike, the one that went last. One that is connected is another tab.
func (s *State) named(n Newcomer) (*User, *Device) {
	if !n.namesItself(s) || s.Meta == nil || !s.Live() {
		return nil, nil
	}
	u := s.Users[cmp.Or(n.Admission.UserID, n.UserID)]
	last := -1
	for i, d := range u.Devices {
		if !d.Connected && !d.Removed && d.NoClock && d.Type == n.DeviceType && (last < 0 || d.Since > u.Devices[last].Since) {
			last = i
		}
	}
	if last < 0 {
		return nil, nil
	}
	return u, &u.Devices[last]
}
