package session

import (
	"context"
	"encoding/json"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/store"
)

// ChangeTake renames, marks or comments on a take, for one who may, and returns
// what it is like then.
func (s *Service) ChangeTake(ctx context.Context, sessionID, takeID string, q TakeChange) (changed TakeChanged, err error) {
	if err := q.Validate(); err != nil {
		return TakeChanged{}, err
	}
	err = s.visit(ctx, sessionID, func(r *room) error {
		err := r.update(ctx, func(st *rules.State, now rules.Instant) ([]rules.Change, error) {
			return rules.ChangeTake(st, takeID, q, now)
		})
		if err != nil {
			return err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		t, err := r.state.TakeOf(takeID)
		if err == nil {
			changed = t.Wire()
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
		err := r.update(ctx, func(st *rules.State, now rules.Instant) ([]rules.Change, error) {
			return rules.DeleteTake(st, takeID, force, func() ([]rules.Change, error) { return rules.EndTake(st, takeID, r.lead(), now) }, now)
		})
		if err != nil {
			return err
		}
		return r.update(ctx, sure(rules.Completed))
	})
}

// WatchDeleted calls deleted with each take that is deleted, at first with all that are
// known to be, once at a time. It blocks until ctx ends. It tells a take again with
// each of its recordings, of which a file may have come until that moment.
func (s *Service) WatchDeleted(ctx context.Context, deleted func(sessionID, takeID string)) {
	s.watchTakes(ctx, func(sessionID string, k rules.Kind, ids []string, e store.Entry) {
		if e.Deleted() {
			return
		}
		var gone struct {
			Take    string `json:"take"` // of a recording
			Deleted bool   `json:"deleted"`
		}
		err := json.Unmarshal(e.Value, &gone)
		switch {
		case err != nil || !gone.Deleted:
		case k == rules.KindTake:
			deleted(sessionID, ids[0])
		default:
			deleted(sessionID, gone.Take)
		}
	})
}
