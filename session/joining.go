package session

import "context"

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
		instance: s.cfg.Instance,
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
