package session

import (
	"context"
	"crypto/rand"

	"github.com/downbeat-sync/downbeat/session/internal/rules"
	"github.com/downbeat-sync/downbeat/wire"
)

// Join connects a device to a session and creates the session if it is
// missing. The answer has the session with the device in it, and deliver is
// called with everything that happens after that, one event at a time and in
// order, beginning with the commands that the device can still act on. The
// first calls may come before Join returns: the caller holds them back until
// it has passed the answer on. deliver must return at once and must not call
// the service.
func (s *Service) Join(ctx context.Context, q JoinRequest, deliver func(Event)) (*Member, Joined, error) {
	return s.JoinPrepared(ctx, q, func(string) error { return nil }, deliver)
}

// JoinPrepared is Join, but calls prepare with the device's id when the request
// is good and before anything has changed: when prepare fails, so does joining,
// with its error, and nobody hears of it. Joining may still fail after it.
func (s *Service) JoinPrepared(
	ctx context.Context, q JoinRequest, prepare func(deviceID string) error, deliver func(Event),
) (*Member, Joined, error) {
	if q.Admission.Role == RoleObserver {
		q.DeviceType = "" // it records nothing
	}
	if err := q.Validate(); err != nil {
		return nil, Joined{}, err
	}
	r, err := s.enter(ctx, q.SessionID)
	if err != nil {
		return nil, Joined{}, err
	}
	m, joined, err := s.seat(ctx, r, q, prepare, deliver)
	if err != nil {
		s.exit(r)
		return nil, Joined{}, err
	}
	return m, joined, nil
}

func (s *Service) seat(
	ctx context.Context, r *room, q JoinRequest, prepare func(string) error, deliver func(Event),
) (*Member, Joined, error) {
	n := rules.Newcomer{
		JoinRequest: q, NewDeviceID: s.cfg.NewID(), NewUserID: s.cfg.NewID(), NewSecret: newSecret(), NewUserSecret: newSecret(), MaxDevices: s.cfg.MaxDevices,
		Instance: s.cfg.Instance, Grace: s.cfg.LeaderGrace,
	}
	prepared, err := r.prospect(n)
	if err == nil {
		err = prepare(prepared)
	}
	if err != nil {
		return nil, Joined{}, err
	}
	var at rules.Seat
	err = s.alone(ctx, func() error {
		if err := s.roomForOneMore(ctx, r); err != nil {
			return err
		}
		if err := s.place(ctx, r.id, false); err != nil {
			return unavailable("noting where devices are", err)
		}
		return r.update(ctx, func(st *rules.State, now rules.Instant) (changes []rules.Change, err error) {
			at, changes, err = rules.Join(st, n, now)
			if err == nil && at.DeviceID != prepared {
				return nil, &Error{Code: wire.CodeBusy, Message: "the device was removed meanwhile", Retry: true}
			}
			return st.Bounded(n.MaxDevices, changes, err)
		})
	})
	if err != nil {
		return nil, Joined{}, err
	}
	m := &Member{
		svc: s, room: r, userID: at.UserID, deviceID: at.DeviceID, conn: at.Conn, rules: at.Rules, directsTakes: q.DirectsTakes,
		deliver: deliver, gone: make(chan struct{}),
	}
	joined, err := r.attach(m, at)
	return m, joined, err
}

// prospect returns the id of the device that a newcomer would be, if it may join now.
func (r *room) prospect(n rules.Newcomer) (deviceID string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, _, err := rules.Join(r.state, n, r.svc.now())
	return at.DeviceID, err
}

// attach makes a member hear of everything after the answer that it returns.
func (r *room) attach(m *Member, at rules.Seat) (Joined, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	u, d := r.state.Device(m.deviceID)
	if !r.state.Live() && (d == nil || r.state.Meta != nil) {
		return Joined{}, rules.Fault(wire.CodeSessionNotFound, "session %s has just ended", r.id)
	}
	if d == nil || d.Conn != m.conn || !d.Connected {
		return Joined{}, rules.Fault(wire.CodeNotJoined, "the device has been connected anew meanwhile")
	}
	now := r.svc.now()
	if !r.leaderHere() {
		r.lastSync = now
	}
	m.role = d.Role
	r.attached++
	m.since = r.attached
	r.members[m.deviceID] = m
	r.unlinger(m.deviceID)
	joined := Joined{SessionJoined: SessionJoined{
		SessionID: r.id, UserID: u.ID, DeviceID: d.ID, IsLeader: m.leads(),
		ResumeToken: at.Token, UserToken: at.UserToken, Role: d.Role, RecordingID: r.state.RecordingNow(d, now),
		Session: r.state.Snapshot(now),
	}}
	if d.Type != "" {
		joined.JoinedSession = &JoinedSession{true, d.ID, SessionStatus{r.id, r.state.Status(now)}, d.Since.Time()}
	}
	r.catchUp(m, d, now)
	r.askMonitor()
	r.hurry()
	return joined, nil
}

// newSecret returns 128 unpredictable bits as text.
func newSecret() string { return rand.Text() }
