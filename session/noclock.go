package session

import (
	"context"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/session/internal/rules"
)

// director is whose word a take is started and stopped by: nobody's in particular for a member that
// directs takes, as clients do that know no leader.
func (m *Member) director() string {
	if m.directsTakes && m.role.Leads() {
		return ""
	}
	return m.userID
}

// Heard notes when a device without a clock heard of a command, which is all that can be known of its
// acting, and by how much that may be off. Saying so again changes nothing.
func (m *Member) Heard(_ context.Context, commandID string, at clock.SessionTime, bound time.Duration) error {
	_, err := m.say(commandID, func(s *rules.State, _ rules.Instant) (*rules.Ack, error) {
		return rules.Fired(s, m.deviceID, commandID, rules.Act{At: at, Bound: bound, Bounded: true, Heard: true})
	})
	return err
}

// Playing returns the timeline as it holds at an instant, with its position there, as playback_sync
// has it; ok is false before any medium.
func (m *Member) Playing(at clock.SessionTime) (p PlaybackSync, ok bool) {
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	i := rules.InstantOf(at)
	p.PlaybackState = m.room.state.Playback.At(i).At(i).Wire()
	p.Timestamp = at
	if m.room.state.Meta != nil {
		p.LeaderID = m.room.state.Meta.LeaderID
	}
	return p, p.MediaURL != "" || p.IsPlaying
}

// Ousted reports, once Done is closed, whether others have ended the membership; Ending says why.
func (m *Member) Ousted() bool { return m.ousted }

// Linger disconnects the member as Disconnect does, and has it go on to be told what happens until stop is
// called or the device is connected anew: for a connection that is expected back. stop may be called again.
func (m *Member) Linger(ctx context.Context) (stop func(), err error) {
	if m.begin() != nil {
		return func() {}, nil
	}
	m.room.mu.Lock()
	m.room.lingering[m] = true
	m.room.mu.Unlock()
	stop = func() {
		m.room.mu.Lock()
		here := m.room.lingering[m]
		delete(m.room.lingering, m)
		m.room.mu.Unlock()
		if here {
			m.svc.exit(m.room)
		}
	}
	return stop, m.Disconnect(ctx)
}

// unlinger ends what a device hears while it is away: it is connected anew. r.mu is held.
func (r *room) unlinger(deviceID string) {
	for m := range r.lingering {
		if m.deviceID == deviceID {
			delete(r.lingering, m)
			r.svc.wg.Go(func() { r.svc.exit(r) })
		}
	}
}
