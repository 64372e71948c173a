package session

import (
	"context"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/session/internal/rules"
	"github.com/downbeat-sync/downbeat/wire"
)

// Member is one connection of a device to its session. Its methods are safe
// for concurrent use; after Leave, Disconnect, or once the device is connected
// anew they fail with the code not_joined.
type Member struct {
	svc              *Service
	room             *room
	userID, deviceID string
	conn             uint64
	since            uint64 // room.attached when it was
	role             Role
	rules            bool // may take the lead from one who is there
	directsTakes     bool // starts and stops takes without leading
	deliver          func(Event)
	monitor          monitoring    // guarded by room.mu
	status           *DeviceStatus // guarded by room.mu; nil before the device has told one

	once   sync.Once     // it ends once
	gone   chan struct{} // closed when the membership has ended
	ending Ending        // why, set before that
	ousted bool          // by others, set before that
}

// DeviceID returns the device's id, a UUID given by the service.
func (m *Member) DeviceID() string { return m.deviceID }

// SessionID returns the id of the session.
func (m *Member) SessionID() string { return m.room.id }

// UserID returns the id of the user whose device it is.
func (m *Member) UserID() string { return m.userID }

// Done returns a channel that is closed when the membership has ended: by
// Leave, by Disconnect, or for a reason that Ending tells, in which case this
// connection is of no more use.
func (m *Member) Done() <-chan struct{} { return m.gone }

// IsLeader reports whether the member's user leads the session now, and the device may.
func (m *Member) IsLeader() bool {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	return m.leads()
}

// leads is IsLeader with room.mu held: a device whose role never leads doesn't, even if
// it is the leader's.
func (m *Member) leads() bool { return m.role.Leads() && m.room.state.IsLeader(m.userID) }

// State returns the session as it is now.
func (m *Member) State() Snapshot {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	return m.room.state.Snapshot(m.svc.now())
}

// Schedule issues a command of the application's own. Leader only.
func (m *Member) Schedule(ctx context.Context, q ScheduleRequest) (Scheduled, error) {
	if err := m.begin(); err != nil {
		return Scheduled{}, err
	}
	defer m.svc.exit(m.room)
	return m.room.schedule(ctx, m.userID, q)
}

// StartRecording begins a take on all devices. Leader only, but for members that direct takes.
func (m *Member) StartRecording(ctx context.Context, q StartRequest) (Scheduled, error) {
	if err := m.begin(); err != nil {
		return Scheduled{}, err
	}
	defer m.svc.exit(m.room)
	return m.room.start(ctx, m.director(), q)
}

// StopRecording ends the take. When its stop is under way already, it returns that. Leader only.
func (m *Member) StopRecording(ctx context.Context) (Scheduled, error) {
	if err := m.begin(); err != nil {
		return Scheduled{}, err
	}
	defer m.svc.exit(m.room)
	return m.room.stopTake(ctx, m.director())
}

// LoadMedia puts a medium on the session's timeline. Leader only.
func (m *Member) LoadMedia(ctx context.Context, q LoadRequest) error {
	if err := q.Validate(); err != nil {
		return err
	}
	return m.update(ctx, func(s *rules.State, now rules.Instant) ([]rules.Change, error) {
		return rules.Load(s, m.userID, q, now)
	})
}

// SyncPlayback changes the timeline, for all devices at one instant. Leader only.
func (m *Member) SyncPlayback(ctx context.Context, q PlaybackRequest) (Scheduled, error) {
	if err := m.begin(); err != nil {
		return Scheduled{}, err
	}
	defer m.svc.exit(m.room)
	return m.room.play(ctx, m.userID, q)
}

// Desync answers a member's report that its media was at position (in
// seconds) at an instant with what the timeline says.
func (m *Member) Desync(position float64, at clock.SessionTime) (Desync, error) {
	if !rules.Within(position, 0, rules.MaxPosition) {
		return Desync{}, rules.Fault(wire.CodeBadPlayback, "reportedPosition must be a number of seconds that isn't negative")
	}
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	now := m.svc.now()
	m.room.desynced(m.deviceID, position, at, now)
	d := Desync{ReportedPosition: position, ReportedTime: at}
	d.AuthoritativeState.PlaybackState = m.room.state.Playback.At(now).At(now).Wire()
	d.AuthoritativeState.Timestamp = now.Time()
	return d, nil
}

// Cancel takes a command back before its instant. Leader only.
func (m *Member) Cancel(ctx context.Context, commandID string) error {
	return m.update(ctx, func(s *rules.State, now rules.Instant) ([]rules.Change, error) {
		return rules.Cancel(s, m.userID, commandID, now)
	})
}

// Armed notes that the device holds a command and has set its timer. Saying so
// again changes nothing.
func (m *Member) Armed(_ context.Context, commandID string) error {
	_, err := m.say(commandID, func(s *rules.State, now rules.Instant) (*rules.Ack, error) {
		return rules.Armed(s, m.deviceID, commandID, now)
	})
	return err
}

// Fired notes when the device acted on a command, and whether it got it too
// late to act in time. Saying so again changes nothing.
func (m *Member) Fired(_ context.Context, commandID string, at clock.SessionTime, late bool) error {
	a := rules.Act{At: at, Late: late}
	if q, ok := m.svc.cfg.Clocks.Quality(m.deviceID); ok && q.Estimate.State != clock.Unsynced {
		a.Bound, a.Bounded = q.Estimate.Bound, true
		a.Common, a.Instance = m.svc.common(m.deviceID, at)
	}
	var off time.Duration
	first, err := m.say(commandID, func(s *rules.State, _ rules.Instant) (*rules.Ack, error) {
		ack, err := rules.Fired(s, m.deviceID, commandID, a)
		if ack != nil {
			off = at.Sub(s.Commands[commandID].Timestamp.Time())
		}
		return ack, err
	})
	if first {
		m.svc.cfg.Observe.Acted(off, late)
	}
	return err
}

// RecordingStarted notes the session time of the first captured frame or
// sample of one of the device's recordings, and the bound of its error.
func (m *Member) RecordingStarted(ctx context.Context, recordingID string, at clock.SessionTime, bound time.Duration) error {
	return m.recorded(ctx, recordingID, true, at, bound)
}

// RecordingStopped notes the session time of the last captured frame or sample.
func (m *Member) RecordingStopped(ctx context.Context, recordingID string, at clock.SessionTime, bound time.Duration) error {
	return m.recorded(ctx, recordingID, false, at, bound)
}

func (m *Member) recorded(ctx context.Context, recordingID string, first bool, at clock.SessionTime, bound time.Duration) error {
	f := rules.Reading{At: rules.InstantOf(at), Bound: bound}
	f.Common, f.Instance = m.svc.common(m.deviceID, at)
	return m.update(ctx, func(s *rules.State, _ rules.Instant) ([]rules.Change, error) {
		return rules.Recorded(s, m.deviceID, recordingID, first, f)
	})
}

// RequestLeadership makes the member's user the leader: if the leader has been away for Config.LeaderGrace, as soon
// as it has been, or
// at once with the creator's token or for one who joined by it or by the admin key.
func (m *Member) RequestLeadership(ctx context.Context, creatorToken string) error {
	return m.directs(ctx, func(s *rules.State, now rules.Instant) ([]rules.Change, error) {
		if creatorToken != "" && !s.IsCreator(creatorToken) {
			return nil, rules.Fault(wire.CodeBadToken, "the token isn't the creator's")
		}
		return rules.RequestLeadership(s, m.userID, m.rules || creatorToken != "", m.svc.cfg.LeaderGrace, now)
	})
}

// Touch notes that the member is alive. It is cheap: the store is told once in a while that the session has somebody.
func (m *Member) Touch(ctx context.Context) error {
	if err := m.begin(); err != nil {
		return err
	}
	defer m.svc.exit(m.room)
	m.room.mu.Lock()
	now := m.svc.now()
	if m.room.state.Seen(m.userID, now) {
		out := m.room.tellOthers(now)
		if out.Seen == nil {
			out.Seen = map[string]rules.Instant{}
		}
		out.Seen[m.userID] = now
	}
	due := len(rules.Touch(m.room.state, m.svc.touchEvery(), now)) > 0
	m.room.mu.Unlock()
	if !due {
		return nil
	}
	return m.room.update(ctx, sure(func(s *rules.State, now rules.Instant) []rules.Change {
		return rules.Touch(s, m.svc.touchEvery(), now)
	}))
}

// Leave takes the device out of the session, and the user with its last one.
// Nothing is delivered any more from when it is called, and it is carried out
// even when ctx has ended.
func (m *Member) Leave(ctx context.Context) error {
	if !m.end() {
		return nil
	}
	defer m.svc.exit(m.room)
	ctx, stop := outlive(ctx)
	defer stop()
	// Disconnecting first tells the others when it was.
	if err := m.room.update(ctx, m.disconnect); err != nil {
		return err
	}
	return m.room.update(ctx, func(s *rules.State, now rules.Instant) ([]rules.Change, error) {
		return rules.Leave(s, m.deviceID, m.conn, now), nil
	})
}

// Disconnect marks the device disconnected; its resume token brings it back.
// Nothing is delivered any more from when it is called, and it is carried out
// even when ctx has ended. When the store fails, the mark is set as soon as that can be done while the session has members here.
func (m *Member) Disconnect(ctx context.Context) error {
	if !m.end() {
		return nil
	}
	defer m.svc.exit(m.room)
	ctx, stop := outlive(ctx)
	defer stop()
	err := m.room.update(ctx, m.disconnect)
	if err != nil {
		m.room.mu.Lock()
		m.room.dropped[m.deviceID] = m.conn
		m.room.mu.Unlock()
		m.room.hurry()
	}
	return err
}

func (m *Member) disconnect(s *rules.State, now rules.Instant) ([]rules.Change, error) {
	return rules.Disconnect(s, m.deviceID, m.conn, now), nil
}

// outlive returns a context that goes on for a while after ctx has ended: a
// connection's last words must be said when its context is over.
func outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), seeWithin)
}

func (m *Member) update(ctx context.Context, step transition) error {
	if err := m.begin(); err != nil {
		return err
	}
	defer m.svc.exit(m.room)
	return m.room.update(ctx, step)
}

// begin keeps the room open for a request of the member, which ends with exit.
func (m *Member) begin() error {
	if m.ended() || !m.svc.hold(m.room) {
		return rules.Fault(wire.CodeNotJoined, "the device isn't connected to the session any more")
	}
	return nil
}

func (m *Member) ended() bool {
	select {
	case <-m.gone:
		return true
	default:
		return false
	}
}

// end takes the member off the room's list; it reports whether it was on it.
func (m *Member) end() bool {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	first := false
	m.once.Do(func() {
		first = true
		delete(m.room.members, m.deviceID)
		close(m.gone)
		m.room.askMonitor()
	})
	return first
}

// replace ends the membership because of others. It runs under room.mu, so the room is left
// by a goroutine of the service.
func (m *Member) replace(why Ending) {
	m.once.Do(func() {
		m.ending, m.ousted = why, true
		close(m.gone)
		m.svc.wg.Go(func() { m.svc.exit(m.room) })
	})
}

// Role returns what the member may do at most.
func (m *Member) Role() Role { return m.role }

// Missed notes that the device didn't carry a command out, by how much it was late then,
// and why. Saying so again changes nothing.
func (m *Member) Missed(ctx context.Context, commandID string, late time.Duration, reason string) error {
	first, err := m.say(commandID, func(s *rules.State, _ rules.Instant) (*rules.Ack, error) {
		return rules.Missed(s, m.deviceID, commandID, rules.Miss{Late: late, Reason: reason})
	})
	if first {
		m.svc.cfg.Observe.Missed(reason)
	}
	if err != nil {
		return err
	}
	return m.update(ctx, sure(func(s *rules.State, _ rules.Instant) []rules.Change {
		return rules.NeverRecorded(s, m.deviceID, commandID)
	}))
}
