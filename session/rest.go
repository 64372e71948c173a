package session

import (
	"cmp"
	"context"
	"errors"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/session/internal/rules"
	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/wire"
)

// CreateRequest says who creates a session. All is optional.
type CreateRequest struct {
	CreatorID   string
	CreatorName string
	Name        string // of the session, at most 64 characters
}

// Info is a session as its creator gets to know it.
type Info struct {
	SessionID string            `json:"sessionId"`
	CreatorID string            `json:"creatorId"`
	Token     string            `json:"token"` // proves to be the creator; see JoinRequest.CreatorToken
	CreatedAt clock.SessionTime `json:"createdAt"`
}

// Create creates a session under a new id. Its creator leads it once it has joined.
func (s *Service) Create(ctx context.Context, q CreateRequest) (Info, error) {
	if err := q.validate(); err != nil {
		return Info{}, err
	}
	token := newSecret()
	info := Info{SessionID: s.cfg.NewID(), CreatorID: cmp.Or(q.CreatorID, s.cfg.NewID()), Token: token}
	r, err := s.enter(ctx, info.SessionID)
	if err != nil {
		return Info{}, err
	}
	defer s.exit(r)
	err = s.alone(ctx, func() error {
		if err := s.roomForOneMore(ctx, r); err != nil {
			return err
		}
		return r.update(ctx, func(st *rules.State, now rules.Instant) ([]rules.Change, error) {
			if st.Meta != nil { // our own, after a conflict with nobody else: ids are random
				return nil, nil
			}
			info.CreatedAt = now.Time()
			return []rules.Change{st.Put(false, &rules.Meta{
				CreatorID: info.CreatorID, CreatorName: q.CreatorName, Name: q.Name, TokenHash: rules.Hash(token),
				CreatedAt: now, LeaderID: info.CreatorID, LeaderSince: now,
			}, rules.KindMeta)}, nil
		})
	})
	if err != nil {
		return Info{}, err
	}
	return info, nil
}

// Count returns how many sessions there are.
func (s *Service) Count(ctx context.Context) (int, error) {
	if err := s.indexed(ctx); err != nil {
		return 0, err
	}
	return s.index.count(), nil
}

// nobodys is the key of no session.
const nobodys = "s.-.-"

// Ready asks the store for an answer, and fails without one, and before it is known which sessions there are.
func (s *Service) Ready(ctx context.Context) error {
	select {
	case <-s.index.loaded:
	default:
		return unavailable("the sessions", errors.New("they aren't all known yet"))
	}
	if _, err := s.cfg.Store.Get(ctx, nobodys); err != nil && !errors.Is(err, store.ErrNotFound) {
		return unavailable("the store", err)
	}
	return nil
}

// roomForOneMore refuses a session beyond the limit, unless it exists.
func (s *Service) roomForOneMore(ctx context.Context, r *room) error {
	if r.exists() {
		return nil
	}
	sessions, err := s.Count(ctx)
	if err != nil {
		return err
	}
	if sessions >= s.cfg.MaxSessions {
		return &Error{Code: wire.CodeTooManySessions, Message: "there are as many sessions as are allowed", Retry: true}
	}
	return nil
}

// Snapshot returns a session as it is now.
func (s *Service) Snapshot(ctx context.Context, sessionID string) (snap Snapshot, err error) {
	err = s.visit(ctx, sessionID, func(r *room) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		snap = r.state.Snapshot(s.now())
		return nil
	})
	return snap, err
}

// Exists tells whether there is a session of that id.
func (s *Service) Exists(ctx context.Context, sessionID string) error {
	return s.visit(ctx, sessionID, func(*room) error { return nil })
}

// IsCreator tells whether token is the one that Create returned.
func (s *Service) IsCreator(ctx context.Context, sessionID, token string) (is bool, err error) {
	err = s.visit(ctx, sessionID, func(r *room) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		is = r.state.IsCreator(token)
		return nil
	})
	return is, err
}

// Schedule issues a command for one who may although it isn't a member.
func (s *Service) Schedule(ctx context.Context, sessionID string, q ScheduleRequest) (cmd Scheduled, err error) {
	err = s.visit(ctx, sessionID, func(r *room) error {
		cmd, err = r.schedule(ctx, "", q)
		return err
	})
	return cmd, err
}

// Cancel takes a command back for one who may although it isn't a member.
func (s *Service) Cancel(ctx context.Context, sessionID, commandID string) error {
	return s.visit(ctx, sessionID, func(r *room) error {
		return r.update(ctx, func(st *rules.State, now rules.Instant) ([]rules.Change, error) {
			return rules.Cancel(st, "", commandID, now)
		})
	})
}

// Sync returns how well the clocks of a session's connected devices are known,
// the longest joined first.
func (s *Service) Sync(ctx context.Context, sessionID string) (devices []DeviceSync, err error) {
	err = s.visit(ctx, sessionID, func(r *room) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		devices = r.syncStatus(s.now()).Devices
		return nil
	})
	return devices, err
}

// ValidUserID tells whether a user may be called so: 1 to 128 visible ASCII characters but " < > and \.
func ValidUserID(id string) bool { return rules.IsUserID(id) }

func (q *CreateRequest) validate() error {
	switch {
	case q.CreatorID != "" && !rules.IsUserID(q.CreatorID):
		return rules.Fault(wire.CodeBadUserID, rules.BadUserID)
	case !rules.IsText(&q.CreatorName, rules.MaxName):
		return rules.Fault(wire.CodeBadUsername, "creatorName must be text of at most 64 characters")
	case !rules.IsText(&q.Name, rules.MaxName):
		return badSessionName()
	}
	return nil
}
