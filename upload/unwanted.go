package upload

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/downbeat-sync/downbeat/internal/atomicfile"
)

// ForgetTake removes all that there is of a take's recordings, finished and not. Uploads that
// are under way are interrupted; one that goes on all the same isn't wanted when it is done.
func (s *Server) ForgetTake(session, take string) error {
	if !isWord(session) || !isWord(take) {
		return errors.New("upload: " + session + "/" + take + " is no take's name")
	}
	var failed []error
	for _, u := range s.list() {
		if rec := u.record(); rec.Session != session || rec.Take != take {
			continue
		}
		if release, ok := u.turn.seize(s.ctx); ok {
			failed = append(failed, s.discard(u))
			release()
		}
	}
	s.settling.Lock()
	defer s.settling.Unlock()
	of := filepath.Join(s.cfg.Dir, "recordings", session)
	if !exists(filepath.Join(of, take)) {
		return errors.Join(failed...)
	}
	return errors.Join(append(failed, removeDir(filepath.Join(of, take)), prune(of))...)
}

// seizeWithin is how long an interrupted request may take to let go.
const seizeWithin = 5 * time.Second

// seize interrupts who holds the upload, and holds it; release by the function returned.
func (t *turn) seize(ctx context.Context) (release func(), ok bool) {
	t.interrupt()
	ctx, cancel := context.WithTimeout(ctx, seizeWithin)
	defer cancel()
	select {
	case t.held <- struct{}{}:
		return func() { <-t.held }, true
	case <-ctx.Done():
		return nil, false
	}
}

// dropFile removes a finished file, and the directories that were made for it alone.
func (s *Server) dropFile(rec *record) error {
	s.settling.Lock()
	defer s.settling.Unlock()
	name := filepath.Join(s.cfg.Dir, rec.path())
	take := filepath.Dir(name)
	return errors.Join(remove(name), prune(take), prune(filepath.Dir(take)))
}

// removeDir removes a directory into which somebody may just be writing.
func removeDir(dir string) (err error) {
	for range 10 {
		if err = os.RemoveAll(dir); err == nil {
			break
		}
	}
	return err
}

// prune removes a directory that has become empty, and makes that last.
func prune(dir string) error {
	if os.Remove(dir) != nil && exists(dir) {
		return atomicfile.SyncDir(dir) // others are in it
	}
	return atomicfile.SyncDir(filepath.Dir(dir))
}
