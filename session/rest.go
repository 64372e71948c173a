package session

import (
	"cmp"
	"context"
	"slices"

	"github.com/downbeat-sync/downbeat/clock"
)

// CreateRequest says who creates a session. All is optional.
type CreateRequest struct {
	CreatorID   string
	CreatorName string
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
		return r.update(ctx, func(st *state, now instant) ([]change, error) {
			if st.meta != nil { // our own, after a conflict with nobody else: ids are random
				return nil, nil
			}
			info.CreatedAt = now.time()
			return []change{st.put(false, &meta{
				CreatorID: info.CreatorID, CreatorName: q.CreatorName, TokenHash: hash(token),
				CreatedAt: now, LeaderID: info.CreatorID, LeaderSince: now,
			}, kindMeta)}, nil
		})
	})
	if err != nil {
		return Info{}, err
	}
	return info, nil
}

// roomForOneMore refuses a session beyond the limit, unless it exists.
func (s *Service) roomForOneMore(ctx context.Context, r *room) error {
	if r.exists() {
		return nil
	}
	sessions, err := s.cfg.Store.List(ctx, metas)
	if err != nil {
		return unavailable("counting the sessions", err)
	}
	if len(sessions) >= s.cfg.MaxSessions {
		return &Error{CodeTooManySessions, "there are as many sessions as are allowed", true}
	}
	return nil
}

// Snapshot returns a session as it is now.
func (s *Service) Snapshot(ctx context.Context, sessionID string) (snap Snapshot, err error) {
	err = s.visit(ctx, sessionID, func(r *room) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		snap = r.state.snapshot(s.now())
		return nil
	})
	return snap, err
}

// List returns all sessions, the oldest first.
func (s *Service) List(ctx context.Context) ([]Summary, error) {
	list := []Summary{}
	states := map[string]*state{}
	for _, k := range []kind{kindMeta, kindUser, kindPlayback} {
		filter := "s.*." + string(k)
		if k == kindUser {
			filter += ".*"
		}
		entries, err := s.cfg.Store.List(ctx, filter)
		if err != nil {
			return nil, unavailable("listing the sessions", err)
		}
		for _, e := range entries {
			s.collect(states, e)
		}
	}
	for _, st := range states {
		if st.meta != nil {
			list = append(list, st.summary())
		}
	}
	slices.SortFunc(list, func(a, b Summary) int {
		return cmp.Or(cmp.Compare(a.CreatedAt, b.CreatedAt), cmp.Compare(a.SessionID, b.SessionID))
	})
	return list, nil
}

func (s *Service) collect(states map[string]*state, e Entry) {
	sessionID, _, _, err := parseKey(e.Key)
	if err == nil {
		if states[sessionID] == nil {
			states[sessionID] = newState(sessionID)
		}
		_, _, err = states[sessionID].apply(e)
	}
	if err != nil {
		s.cfg.Log.Error("an entry can't be read", "key", e.Key, "error", err)
	}
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
		return r.update(ctx, func(st *state, now instant) ([]change, error) { return cancel(st, "", commandID, now) })
	})
}

// Report returns what the devices have said about a command so far.
func (s *Service) Report(ctx context.Context, sessionID, commandID string) (rep Report, err error) {
	err = s.visit(ctx, sessionID, func(r *room) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		c := r.state.commands[commandID]
		if c == nil {
			return fault(CodeUnknownCommand, "there is no command %s", commandID)
		}
		rep = report(r.state, c)
		return nil
	})
	return rep, err
}

// Sync returns how well the clocks of a session's connected devices are known,
// the longest joined first.
func (s *Service) Sync(ctx context.Context, sessionID string) (devices []DeviceSync, err error) {
	err = s.visit(ctx, sessionID, func(r *room) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		devices = syncStatus(r.state, s.cfg.Clocks, s.now()).Devices
		return nil
	})
	return devices, err
}

// Join connects a device to a session and creates the session if it is
// missing. The answer has the session with the device in it, and deliver is
// called with everything that happens after that, one event at a time and in
// order, beginning with the commands that the device can still act on. The
// first calls may come before Join returns: the caller holds them back until
// it has passed the answer on. deliver must return at once and must not call
// the service.
func (s *Service) Join(ctx context.Context, q JoinRequest, deliver func(Event)) (*Member, Joined, error) {
	if err := q.validate(); err != nil {
		return nil, Joined{}, err
	}
	r, err := s.enter(ctx, q.SessionID)
	if err != nil {
		return nil, Joined{}, err
	}
	m, joined, err := s.seat(ctx, r, q, deliver)
	if err != nil {
		s.exit(r)
		return nil, Joined{}, err
	}
	return m, joined, nil
}

func (s *Service) seat(ctx context.Context, r *room, q JoinRequest, deliver func(Event)) (*Member, Joined, error) {
	n := newcomer{
		JoinRequest: q, deviceID: s.cfg.NewID(), userID: s.cfg.NewID(), secret: newSecret(), maxDevices: s.cfg.MaxDevices,
	}
	var at seat
	err := s.alone(ctx, func() error {
		if err := s.roomForOneMore(ctx, r); err != nil {
			return err
		}
		return r.update(ctx, func(st *state, now instant) (changes []change, err error) {
			at, changes, err = join(st, n, now)
			return changes, err
		})
	})
	if err != nil {
		return nil, Joined{}, err
	}
	m := &Member{
		svc: s, room: r, userID: at.userID, deviceID: at.deviceID, conn: at.conn,
		deliver: deliver, gone: make(chan struct{}),
	}
	joined, err := r.attach(m, at.token)
	return m, joined, err
}

// attach makes a member hear of everything after the answer that it returns.
func (r *room) attach(m *Member, token string) (Joined, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	u, d := r.state.device(m.deviceID)
	if d == nil || d.Conn != m.conn || !d.Connected {
		return Joined{}, fault(CodeNotJoined, "the device has been connected anew meanwhile")
	}
	now := r.svc.now()
	if !r.leaderHere() {
		r.lastSync = now
	}
	r.members[m.deviceID] = m
	joined := Joined{SessionJoined: SessionJoined{
		SessionID: r.id, UserID: u.ID, DeviceID: d.ID, IsLeader: r.state.isLeader(u.ID),
		ResumeToken: token, Session: r.state.snapshot(now),
	}}
	if d.Type != "" {
		joined.JoinedSession = &JoinedSession{true, d.ID, SessionStatus{r.id, r.state.status(now)}, d.Since.time()}
	}
	r.catchUp(m, d, now)
	r.hurry()
	return joined, nil
}
