package session

import (
	"encoding/json"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/wire"
)

const (
	maxPending  = 64  // commands that lie in the future
	maxCommands = 128 // the latest ones, which are kept as entries of their own
)

// ScheduleRequest asks for a command of the application's own. Without At and
// Delay it acts as soon as every device can hold it in time.
type ScheduleRequest struct {
	Name    string             // 1 to 64 letters, digits, _ - . or :
	Payload json.RawMessage    // any JSON value of at most 16 KiB, passed on as it is
	At      *clock.SessionTime // the instant to act at; it is the caller's to leave time enough
	Delay   *time.Duration     // from now, made longer where the devices need that
	MaxLate *time.Duration     // how late a device may still carry it out, 1 ms to 24 h; nil: DefaultMaxLate
}

// Scheduled is a command that is under way.
type Scheduled struct {
	CommandID string            `json:"commandId"`
	Timestamp clock.SessionTime `json:"timestamp"` // when all devices act

	// LateMs is there for the stop of a take whose instant had passed before it could be
	// told: by how much. Devices stop at once.
	LateMs float64 `json:"lateMs,omitempty"`
}

// when is a request's instant, with what the devices need.
type when struct {
	at    *clock.SessionTime
	delay *time.Duration
	lead  time.Duration
}

// instant chooses a command's timestamp.
func (w when) instant(now instant) (instant, error) {
	if w.at == nil {
		ahead := w.lead
		if w.delay != nil {
			ahead = max(ahead, *w.delay)
		}
		return instantOf(now.add(ahead).time()), nil
	}
	if w.delay != nil {
		return 0, fault(wire.CodeAmbiguousTime, "give at or delay, not both")
	}
	switch at := instantOf(*w.at); {
	case at <= now:
		return 0, fault(wire.CodeAtInPast, "at is %s ago", span(now.sub(at)))
	case at > now.add(maxAhead):
		return 0, fault(wire.CodeAtTooFar, "at is more than 24 h ahead")
	default:
		return at, nil
	}
}

// schedule issues the command, whose id, event and content are given, by its
// user. A command that exists already is left as it is.
func schedule(s *state, c command, w when, now instant) ([]change, error) {
	if s.commands[c.ID] != nil {
		return nil, nil
	}
	if err := s.mayLead(c.By); err != nil {
		return nil, err
	}
	at, err := w.instant(now)
	if err != nil {
		return nil, err
	}
	if s.pending(now) >= maxPending {
		return nil, &Error{wire.CodeTooManyCommands, "too many commands lie in the future", true}
	}
	c.IssuedAt, c.Timestamp = now, at
	return []change{s.put(false, &c, kindCommand, c.ID)}, nil
}

func (s *state) pending(now instant) int {
	n := 0
	for _, c := range s.commands {
		if !c.Cancelled && c.Timestamp > now {
			n++
		}
	}
	return n
}

// cancel takes a command back, which is possible until its instant. With the
// start of a recording goes its stop; a seek that is cancelled hasn't happened.
func cancel(s *state, by, commandID string, now instant) (changes []change, err error) {
	if err := s.mayLead(by); err != nil {
		return nil, err
	}
	const reason = "cancelled by the leader"
	switch c := s.commands[commandID]; {
	case c == nil:
		return nil, fault(wire.CodeUnknownCommand, "there is no command %s", commandID)
	case c.Cancelled: // perhaps by this very request, which had to begin again
	case c.Timestamp <= now:
		return nil, fault(wire.CodeCommandPast, "the command's instant has passed")
	default:
		changes = append(changes, s.cancelled(c, reason))
	}
	if stop := s.stopOf(commandID); stop != nil {
		changes = append(changes, s.cancelled(stop, reason))
	}
	if s.playback.stepOf(commandID) != nil {
		changes = append(changes, s.put(true, s.playback.without(commandID), kindPlayback))
	}
	return changes, nil
}

func (s *state) cancelled(c *command, reason string) change {
	gone := *c
	gone.Cancelled, gone.Reason = true, reason
	return s.put(true, &gone, kindCommand, c.ID)
}

// noted writes down what a playback_sync brings: into its command, which is about to
// be written, or has been by an attempt before.
func (s *state) noted(c *command, p played) []change {
	if s.commands[c.ID] == nil {
		c.Play = &p
		return nil
	}
	if c.Play != nil && *c.Play == p {
		return nil
	}
	again := *c
	again.Play = &p
	return []change{s.put(true, &again, kindCommand, c.ID)}
}
