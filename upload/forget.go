package upload

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/downbeat-sync/downbeat/internal/atomicfile"
)

// Forget removes all that there is of a session's recordings, finished and not, but for
// uploads that are under way.
func (s *Server) Forget(session string) error {
	if !isWord(session) {
		return errors.New("upload: " + session + " is no session's name")
	}
	var failed []error
	for _, u := range s.list() {
		if u.record().Session != session {
			continue
		}
		if release, ok := u.turn.try(); ok {
			failed = append(failed, s.discard(u))
			release()
		}
	}
	s.settling.Lock()
	defer s.settling.Unlock()
	dir := filepath.Join(s.cfg.Dir, "recordings")
	failed = append(failed, os.RemoveAll(filepath.Join(dir, session)), atomicfile.SyncDir(dir))
	return errors.Join(failed...)
}
