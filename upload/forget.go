package upload

import (
	"errors"
)

// Forget removes all that there is of a session's recordings, finished and not, but for
// uploads that are under way.
func (s *Server) Forget(session string) error {
	if !isWord(session) {
		return errors.New("upload: " + session + " is no session's name")
	}
	failed := []error{s.keep.renew(0)}
	for _, u := range s.list() {
		if u.record().Session != session {
			continue
		}
		if release, ok := u.turn.try(); ok {
			failed = append(failed, s.discard(u))
			release()
		}
	}
	return errors.Join(append(failed, s.keep.dropSession(session))...)
}
