package rules

import (
	"encoding/json"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/wire"
)

const (
	maxPending  = 64  // commands that lie in the future
	MaxCommands = 128 // the latest ones, which are kept as entries of their own
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

// When is a request's instant, with what the devices need.
type When struct {
	At    *clock.SessionTime
	Delay *time.Duration
	Lead  time.Duration
}

// instant chooses a command's timestamp.
func (w When) instant(now Instant) (Instant, error) {
	if w.At == nil {
		ahead := w.Lead
		if w.Delay != nil {
			ahead = max(ahead, *w.Delay)
		}
		return InstantOf(now.Add(ahead).Time()), nil
	}
	if w.Delay != nil {
		return 0, Fault(wire.CodeAmbiguousTime, "give at or delay, not both")
	}
	switch at := InstantOf(*w.At); {
	case at <= now:
		return 0, Fault(wire.CodeAtInPast, "at is %s ago", span(now.Sub(at)))
	case at > now.Add(maxAhead):
		return 0, Fault(wire.CodeAtTooFar, "at is more than 24 h ahead")
	default:
		return at, nil
	}
}

// Schedule issues the command, whose id, event and content are given, by its
// user. A command that exists already is left as it is.
func Schedule(s *State, c CommandRecord, w When, now Instant) ([]Change, error) {
	if s.Commands[c.ID] != nil {
		return nil, nil
	}
	if err := s.MayLead(c.By); err != nil {
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
	return []Change{s.Put(false, &c, KindCommand, c.ID)}, nil
}

func (s *State) pending(now Instant) int {
	n := 0
	for _, c := range s.Commands {
		if !c.Cancelled && c.Timestamp > now {
			n++
		}
	}
	return n
}

// Cancel takes a command back, which is possible until its instant. With the
// start of a recording goes its stop; a seek that is cancelled hasn't happened.
func Cancel(s *State, by, commandID string, now Instant) (changes []Change, err error) {
	if err := s.MayLead(by); err != nil {
		return nil, err
	}
	const reason = "cancelled by the leader"
	switch c := s.Commands[commandID]; {
	case c == nil:
		return nil, Fault(wire.CodeUnknownCommand, "there is no command %s", commandID)
	case c.Cancelled: // perhaps by this very request, which had to begin again
	case c.Timestamp <= now:
		return nil, Fault(wire.CodeCommandPast, "the command's instant has passed")
	default:
		changes = append(changes, s.cancelled(c, reason))
	}
	if stop := s.StopOf(commandID); stop != nil {
		changes = append(changes, s.cancelled(stop, reason))
	}
	if s.Playback.StepOf(commandID) != nil {
		changes = append(changes, s.Put(true, s.Playback.without(commandID), KindPlayback))
	}
	return changes, nil
}

func (s *State) cancelled(c *CommandRecord, reason string) Change {
	gone := *c
	gone.Cancelled, gone.Reason = true, reason
	return s.Put(true, &gone, KindCommand, c.ID)
}

// noted writes down what a playback_sync brings: into its command, which is about to
// be written, or has been by an attempt before.
func (s *State) noted(c *CommandRecord, p played) []Change {
	if s.Commands[c.ID] == nil {
		c.Play = &p
		return nil
	}
	if c.Play != nil && *c.Play == p {
		return nil
	}
	again := *c
	again.Play = &p
	return []Change{s.Put(true, &again, KindCommand, c.ID)}
}

// TooSlow is why a command was called off by the service.
const TooSlow = "the store was slower than its instant"

// CallOff takes a command back whose instant may have passed.
func CallOff(s *State, id string) (changes []Change) {
	if c := s.Commands[id]; c != nil && !c.Cancelled {
		changes = append(changes, s.cancelled(c, TooSlow))
	}
	if s.Playback.StepOf(id) != nil {
		changes = append(changes, s.Put(true, s.Playback.without(id), KindPlayback))
	}
	for _, recording := range sortedKeys(s.Recordings) {
		if r := s.Recordings[recording]; r.Take == id && !r.Started && r.Upload == "" {
			changes = append(changes, s.remove(KindRecording, recording))
		}
	}
	return changes
}
