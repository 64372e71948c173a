package session

// bytesPerDevice bounds, for each device that may be connected, what members bring of their own:
// as much as one uses up whose texts are all as long as they may be. Those that are away share
// it, so that whoever may join can't make the session grow without end.
const bytesPerDevice = 2304

// ownBytes is how long the texts of a user and its devices are.
func (u *user) ownBytes() int {
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

// tooLarge reports whether the texts of the members are more than the session has room for, once
// a user is as it is to be. Who doesn't make them longer isn't refused.
func (s *state) tooLarge(is *user, maxDevices int) bool {
	was := s.users[is.ID].ownBytes()
	if is.ownBytes() <= was {
		return false
	}
	n := is.ownBytes() - was
	for _, u := range s.users {
		n += u.ownBytes()
	}
	return n > bytesPerDevice*maxDevices
}

// bounded passes on what a transition came to, unless it makes the members too large.
func (s *state) bounded(maxDevices int, changes []change, err error) ([]change, error) {
	for _, c := range changes {
		if u, ok := c.record.(*user); ok && s.tooLarge(u, maxDevices) {
			return nil, errTooLarge
		}
	}
	return changes, err
}

// errTooLarge refuses what would make a session's members too large.
var errTooLarge = &Error{CodeSessionFull, "the names, avatars and labels of the session's members take as much room as there is", true}
