package session

import (
	"context"
	"errors"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/wire"
)

const (
	maxAttempts = 100                    // of one request under contention
	seeWithin   = 5 * time.Second        // in which a change must come back from the store
	retryAfter  = 200 * time.Millisecond // when the store failed
)

// transition is a pure function of the state and the time.
type transition func(s *rules.State, now rules.Instant) ([]rules.Change, error)

// sure is a transition that nothing refuses.
func sure(changes func(s *rules.State, now rules.Instant) []rules.Change) transition {
	return func(s *rules.State, now rules.Instant) ([]rules.Change, error) { return changes(s, now), nil }
}

// update applies a transition by compare-and-set, on ever newer states as long
// as others are faster, and returns when the room has seen the result.
func (r *room) update(ctx context.Context, step transition) error {
	for range maxAttempts {
		r.mu.Lock()
		changes, err := step(r.state, r.svc.now())
		mean := rules.Happenings(r.state, changes)
		r.expect(mean, true)
		r.mu.Unlock()
		if err != nil {
			return err
		}
		stored, revision, lost, err := r.write(ctx, changes)
		r.tellStored(mean, stored)
		switch {
		case err != nil:
			return unavailable("the store doesn't take the change", err)
		case lost == nil:
			return r.see(ctx, func() bool { return r.seen >= revision })
		}
		// The state was older than the store: wait until it is the newer one.
		if err := r.see(ctx, func() bool { return r.state.Revisions[lost.Key] != lost.Known }); err != nil {
			return err
		}
	}
	return &Error{Code: wire.CodeBusy, Message: "too many changes at once", Retry: true}
}

// write puts changes in their order up to the first that lost against another writer. stored
// is how many it put.
func (r *room) write(ctx context.Context, changes []rules.Change) (stored int, revision uint64, lost *rules.Change, err error) {
	for i, c := range changes {
		revision, err = r.writeOne(ctx, c)
		if errors.Is(err, store.ErrConflict) {
			return i, 0, &changes[i], nil
		}
		if err != nil {
			return i, 0, nil, err
		}
	}
	return len(changes), revision, nil, nil
}

func (r *room) writeOne(ctx context.Context, c rules.Change) (uint64, error) {
	if c.Record == nil {
		return r.svc.cfg.Store.Delete(ctx, c.Key, c.Revision)
	}
	value, err := rules.Encode(c.Record)
	if err != nil {
		return 0, err
	}
	return r.svc.cfg.Store.Put(ctx, c.Key, value, c.Revision)
}

func (r *room) see(ctx context.Context, cond func() bool) error {
	if err := r.await(ctx, cond); err != nil {
		return unavailable("the change hasn't been seen", err)
	}
	return nil
}
