package upload

import (
	"context"
	"errors"
	"time"
)

// ForgetTake removes all that there is of a take's recordings, finished and not. Uploads that
// are under way are interrupted; one that goes on all the same isn't wanted when it is done.
func (s *Server) ForgetTake(session, take string) error {
	if !isWord(session) || !isWord(take) {
		return errors.New("upload: " + session + "/" + take + " is no take's name")
	}
	failed := []error{s.keep.renew(0)}
	for _, u := range s.list() {
		if rec := u.record(); rec.Session != session || rec.Take != take {
			continue
		}
		if release, ok := u.turn.seize(s.ctx); ok {
			failed = append(failed, s.discard(u))
			release()
		}
	}
	return errors.Join(append(failed, s.keep.dropTake(session, take))...)
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
