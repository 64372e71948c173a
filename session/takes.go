package session

import (
	"context"
	"encoding/json"
	"time"

	"github.com/downbeat-sync/downbeat/store"
)

// ChangeTake renames, marks or comments on a take, for one who may, and returns
// what it is like then.
func (s *Service) ChangeTake(ctx context.Context, sessionID, takeID string, q TakeChange) (changed TakeChanged, err error) {
	if err := q.validate(); err != nil {
		return TakeChanged{}, err
	}
	err = s.visit(ctx, sessionID, func(r *room) error {
		err := r.update(ctx, func(st *state, now instant) ([]change, error) { return changeTake(st, takeID, q, now) })
		if err != nil {
			return err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		t, err := r.state.takeOf(takeID)
		if err == nil {
			changed = t.wire()
		}
		return err
	})
	return changed, err
}

// DeleteTake deletes a take with its recordings, for one who may. With force it does so
// also while the take is recorded, which ends it, or uploaded. [Service.WatchDeleted]
// tells who has the files.
func (s *Service) DeleteTake(ctx context.Context, sessionID, takeID string, force bool) error {
	return s.visit(ctx, sessionID, func(r *room) error {
		err := r.update(ctx, func(st *state, now instant) ([]change, error) {
			return deleteTake(st, takeID, force, func() ([]change, error) { return endTake(st, takeID, r.lead(), now) }, now)
		})
		if err != nil {
			return err
		}
		return r.update(ctx, sure(completed))
	})
}

// endTake calls a take off that hasn't begun, and stops one that has.
func endTake(s *state, takeID string, lead time.Duration, now instant) ([]change, error) {
	if s.commands[takeID].Timestamp > now {
		return cancel(s, "", takeID, now)
	}
	_, changes, err := stop(s, "", lead, now)
	return changes, err
}

// WatchDeleted calls deleted with each take that is deleted, at first with all that are
// known to be, from one goroutine. It blocks until ctx ends. It tells a take again with
// each of its recordings, of which a file may have come until that moment.
func (s *Service) WatchDeleted(ctx context.Context, deleted func(sessionID, takeID string)) {
	s.watch(ctx, "s.*.*.*", func(e store.Entry) {
		sessionID, k, ids, err := parseKey(e.Key)
		if err != nil || e.Deleted() {
			return
		}
		var gone struct {
			Take    string `json:"take"` // of a recording
			Deleted bool   `json:"deleted"`
		}
		if k == kindTake || k == kindRecording {
			err = json.Unmarshal(e.Value, &gone)
		}
		switch {
		case err != nil || !gone.Deleted:
		case k == kindTake:
			deleted(sessionID, ids[0])
		default:
			deleted(sessionID, gone.Take)
		}
	})
}

// unburied returns the changes that delete what was recorded of a take when somebody
// deleted it elsewhere, or which that one didn't get to.
func unburied(s *state, _ instant) []change {
	for _, id := range sortedKeys(s.takes) {
		if s.takes[id].Deleted {
			return s.bury(s.isDeleted)
		}
	}
	return nil
}
