package session

import (
	"context"
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

// schedule issues a command of the application's own.
func (r *room) schedule(ctx context.Context, by string, q ScheduleRequest) (Scheduled, error) {
	if err := q.validate(); err != nil {
		return Scheduled{}, err
	}
	c := command{Event: wire.Command, By: by, Name: q.Name, Payload: q.Payload}
	if q.MaxLate != nil {
		c.MaxLate = *q.MaxLate
	}
	return r.issue(ctx, func(id string, extra time.Duration) transition {
		c.ID = id
		return func(s *state, now instant) ([]change, error) {
			return schedule(s, c, when{q.At, q.Delay, r.lead() + extra}, now)
		}
	})
}

// start issues a take.
func (r *room) start(ctx context.Context, by string, q StartRequest) (Scheduled, error) {
	if err := q.validate(); err != nil {
		return Scheduled{}, err
	}
	c := command{Event: wire.StartRecording, By: by, Label: q.PostureLabel, Duration: q.Duration, Devices: q.Devices}
	return r.issue(ctx, func(id string, extra time.Duration) transition {
		c.ID = id
		return func(s *state, now instant) ([]change, error) {
			return start(s, c, when{q.At, q.Delay, r.lead() + extra}, now)
		}
	})
}

// play issues a change of the timeline.
func (r *room) play(ctx context.Context, by string, q PlaybackRequest) (Scheduled, error) {
	if err := q.validate(); err != nil {
		return Scheduled{}, err
	}
	return r.issue(ctx, func(id string, extra time.Duration) transition {
		c := command{ID: id, Event: wire.PlaybackSync, By: by}
		return func(s *state, now instant) ([]change, error) {
			return play(s, c, q, when{lead: r.lead() + extra}, now)
		}
	})
}

// stopTake issues the stop of the take. It is not planned anew: a stop that comes late is
// carried out at once, and its issuer is told how late it is.
func (r *room) stopTake(ctx context.Context, by string) (Scheduled, error) {
	var id string
	err := r.update(ctx, func(s *state, now instant) (changes []change, err error) {
		id, changes, err = stop(s, by, r.lead(), now)
		return changes, err
	})
	if err != nil {
		return Scheduled{}, err
	}
	stop, err := r.scheduled(id)
	if late := r.svc.now().time().Sub(stop.Timestamp); err == nil && late > 0 {
		stop.LateMs = millis(late)
	}
	return stop, err
}

// scheduled looks a command up that has just been seen.
func (r *room) scheduled(id string) (Scheduled, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.state.commands[id]
	if c == nil {
		return Scheduled{}, fault(wire.CodeUnknownCommand, "the command is gone")
	}
	return Scheduled{CommandID: c.ID, Timestamp: c.Timestamp.time()}, nil
}

// catchUp tells a member of the commands that it can still act on: those that
// lie ahead, and, if it has been away, those that it isn't too late for; the stop of
// what it still records, however long ago that was.
func (r *room) catchUp(m *Member, d *device, now instant) {
	for _, c := range r.state.commandsByTime() {
		a := r.state.acks[c.ID][d.ID]
		if _, later := r.withheld[c.ID]; later || r.disowned[c.ID] || c.Cancelled || a != nil && a.answered() || c.Timestamp <= now && !r.stillFor(d, c, now) {
			continue
		}
		for _, n := range announce(c) {
			m.deliver(Event{Name: n.name, Data: n.to(d)})
		}
		if step := r.state.playback.stepOf(c.ID); step != nil {
			for _, n := range r.state.playback.announce(*step) {
				m.deliver(Event{Name: n.name, Data: n.to(d)})
			}
		}
	}
}

// stillFor reports whether a device that was away is to carry out a command whose instant
// has passed: an application's as long as it isn't too late, what belongs to a take or to
// the timeline as long as its report is open.
func (r *room) stillFor(d *device, c *command, now instant) bool {
	switch {
	case d.JoinedAt > c.Timestamp, r.state.pointless(c, now):
		return false
	case c.Event == wire.Command:
		return true
	}
	return now < reportDue(c, r.svc.cfg.ReportWait) || r.state.stillRecords(d, c)
}
