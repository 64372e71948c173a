package session

import (
	"context"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/session/internal/rules"
	"github.com/downbeat-sync/downbeat/wire"
)

// schedule issues a command of the application's own.
func (r *room) schedule(ctx context.Context, by string, q ScheduleRequest) (Scheduled, error) {
	if err := q.Validate(); err != nil {
		return Scheduled{}, err
	}
	c := rules.CommandRecord{Event: wire.Command, By: by, Name: q.Name, Payload: q.Payload}
	if q.MaxLate != nil {
		c.MaxLate = *q.MaxLate
	}
	return r.issue(ctx, func(id string, extra time.Duration) transition {
		c.ID = id
		return func(s *rules.State, now rules.Instant) ([]rules.Change, error) {
			return rules.Schedule(s, c, rules.When{At: q.At, Delay: q.Delay, Lead: r.lead() + extra}, now)
		}
	})
}

// start issues a take.
func (r *room) start(ctx context.Context, by string, q StartRequest) (Scheduled, error) {
	if err := q.Validate(); err != nil {
		return Scheduled{}, err
	}
	c := rules.CommandRecord{Event: wire.StartRecording, By: by, Label: q.PostureLabel, Duration: q.Duration, Devices: q.Devices, Unended: q.Unended}
	return r.issue(ctx, func(id string, extra time.Duration) transition {
		c.ID = id
		return func(s *rules.State, now rules.Instant) ([]rules.Change, error) {
			return rules.Start(s, c, rules.When{At: q.At, Delay: q.Delay, Lead: r.lead() + extra}, now)
		}
	})
}

// play issues a change of the timeline.
func (r *room) play(ctx context.Context, by string, q PlaybackRequest) (Scheduled, error) {
	if err := q.Validate(); err != nil {
		return Scheduled{}, err
	}
	return r.issue(ctx, func(id string, extra time.Duration) transition {
		c := rules.CommandRecord{ID: id, Event: wire.PlaybackSync, By: by}
		return func(s *rules.State, now rules.Instant) ([]rules.Change, error) {
			return rules.Play(s, c, q, rules.When{Lead: r.lead() + extra}, now)
		}
	})
}

// stopTake issues the stop of the take. It is not planned anew: a stop that comes late is
// carried out at once, and its issuer is told how late it is.
func (r *room) stopTake(ctx context.Context, by string) (Scheduled, error) {
	var id string
	err := r.update(ctx, func(s *rules.State, now rules.Instant) (changes []rules.Change, err error) {
		id, changes, err = rules.Stop(s, by, r.lead(), now)
		return changes, err
	})
	if err != nil {
		return Scheduled{}, err
	}
	stop, err := r.scheduled(id)
	if late := r.svc.now().Time().Sub(stop.Timestamp); err == nil && late > 0 {
		stop.LateMs = rules.Millis(late)
	}
	return stop, err
}

// scheduled looks a command up that has just been seen.
func (r *room) scheduled(id string) (Scheduled, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.state.Commands[id]
	if c == nil {
		return Scheduled{}, rules.Fault(wire.CodeUnknownCommand, "the command is gone")
	}
	return Scheduled{CommandID: c.ID, Timestamp: c.Timestamp.Time()}, nil
}

// catchUp tells a member of the commands that it can still act on: those that
// lie ahead, and, if it has been away, those that it isn't too late for; the stop of
// what it still records, however long ago that was.
func (r *room) catchUp(m *Member, d *rules.Device, now rules.Instant) {
	for _, c := range r.state.CommandsByTime() {
		a := r.state.Acks[c.ID][d.ID]
		if _, later := r.withheld[c.ID]; later || r.disowned[c.ID] || c.Cancelled || a != nil && a.Answered() || c.Timestamp <= now && !r.stillFor(d, c, now) {
			continue
		}
		for _, n := range rules.Announce(c) {
			m.deliver(Event{Name: n.Name, Data: n.To(d)})
		}
		if step := r.state.Playback.StepOf(c.ID); step != nil {
			for _, n := range r.state.Playback.Announce(*step) {
				m.deliver(Event{Name: n.Name, Data: n.To(d)})
			}
		}
	}
}

// stillFor reports whether a device that was away is to carry out a command whose instant
// has passed: an application's as long as it isn't too late, what belongs to a take or to
// the timeline as long as its report is open.
func (r *room) stillFor(d *rules.Device, c *rules.CommandRecord, now rules.Instant) bool {
	switch {
	case d.JoinedAt > c.Timestamp, r.state.Pointless(c, now):
		return false
	case c.Event == wire.Command:
		return true
	}
	return now < rules.ReportDue(c, r.svc.cfg.ReportWait) || r.state.StillRecords(d, c)
}

// Scheduled is a command that is under way.
type Scheduled struct {
	CommandID string            `json:"commandId"`
	Timestamp clock.SessionTime `json:"timestamp"` // when all devices act

	// LateMs is there for the stop of a take whose instant had passed before it could be
	// told: by how much. Devices stop at once.
	LateMs float64 `json:"lateMs,omitempty"`
}
