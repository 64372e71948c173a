package session

import (
	"context"
	"errors"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/wire"
)

// Ending is why a membership is over without the member's asking.
type Ending int

// Why a membership is over.
const (
	Replaced Ending = iota // the device is connected anew, or its session was forgotten
	Removed                // the leader removed the device
	Ended                  // the leader ended the session
)

// Ending says why Done is closed, if it was by somebody else.
func (m *Member) Ending() Ending { return m.ending }

// end ends the session, and removes what the store has of it.
func (r *room) end(ctx context.Context, by string) error {
	err := r.update(ctx, func(s *rules.State, now rules.Instant) ([]rules.Change, error) { return rules.Finish(s, by, now) })
	if err != nil {
		return err
	}
	return r.svc.clear(ctx, r.id)
}

// ended tells the members that the session has ended, and ends their memberships.
func (r *room) ended(d rules.Diff) {
	if after, _ := d.After.(*rules.Meta); after == nil || after.Ended == 0 {
		return
	}
	for id, m := range r.members {
		delete(r.members, id)
		m.replace(Ended)
	}
}

// clear deletes the entries of a session that has ended, its meta last: while that is
// there nobody joins. Any instance may do so, and several at once.
func (s *Service) clear(ctx context.Context, sessionID string) error {
	for range maxAttempts {
		entries, err := s.cfg.Store.List(ctx, rules.FilterOf(sessionID))
		if err != nil {
			return unavailable("removing the session", err)
		}
		if done, err := s.clearOnce(ctx, sessionID, entries); done || err != nil {
			return err
		}
	}
	return &Error{Code: wire.CodeBusy, Message: "too many changes at once", Retry: true}
}

// clearOnce is done when there is no entry left, or no session that has ended.
func (s *Service) clearOnce(ctx context.Context, sessionID string, entries []store.Entry) (done bool, err error) {
	whole := rules.KeyOf(sessionID, rules.KindMeta)
	var last *store.Entry
	for _, e := range entries {
		if e.Key == whole {
			last = &e
			if m, err := rules.Decode[rules.Meta](rules.Entry(e)); err == nil && m != nil && m.Ended == 0 {
				return true, nil // another session of that name
			}
		}
	}
	if last == nil {
		return true, nil
	}
	for _, e := range entries {
		if e.Key == whole {
			continue
		}
		if err := s.drop(ctx, e); err != nil {
			return false, err
		}
	}
	if len(entries) > 1 {
		return false, nil // look again before the last one
	}
	if err := s.forgetHistory(ctx, sessionID); err != nil {
		return false, unavailable("removing the session's history", err)
	}
	return false, s.drop(ctx, *last)
}

func (s *Service) drop(ctx context.Context, e store.Entry) error {
	if _, err := s.cfg.Store.Delete(ctx, e.Key, e.Revision); err != nil && !errors.Is(err, store.ErrConflict) {
		return unavailable("removing the session", err)
	}
	return nil
}
