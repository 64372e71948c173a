package rules

import (
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/wire"
)

// Armed returns what is known of a device once it holds a command and has set its timer; nil where that is nothing new.
func Armed(s *State, deviceID, commandID string, now Instant) (*Ack, error) {
	if err := s.mayAck(deviceID, commandID); err != nil {
		return nil, err
	}
	before := s.Acks[commandID][deviceID]
	if before != nil && before.Armed {
		return nil, nil
	}
	after := Ack{Armed: true, ArmedAt: now}
	if before != nil {
		after = *before
		after.Armed, after.ArmedAt = true, now
	}
	return &after, nil
}

// Act is what a device says of its acting: when, and how well its clock is known.
type Act struct {
	At      clock.SessionTime
	Late    bool
	Bound   time.Duration
	Bounded bool

	Common   time.Duration // the part of Bound that Instance's devices have in common
	Instance string

	Heard bool // At is when the device, which has no clock, heard of the command
}

// Fired returns what is known of a device once it acted; nil where that is nothing new. The first word counts.
func Fired(s *State, deviceID, commandID string, a Act) (*Ack, error) {
	if err := s.mayAck(deviceID, commandID); err != nil {
		return nil, err
	}
	before := s.Acks[commandID][deviceID]
	if before != nil && before.Answered() {
		return nil, nil
	}
	if !near(a.At, s.Commands[commandID].Timestamp) {
		return nil, Fault(wire.CodeBadTime, "at is too far from the command's instant")
	}
	var after Ack
	if before != nil {
		after = *before
	}
	after.Fired, after.FiredAt, after.Late = true, InstantOf(a.At), a.Late
	after.Bounded, after.Bound = a.Bounded, a.Bound
	if a.Common > 0 && a.Common <= a.Bound {
		after.Common, after.Instance = a.Common, a.Instance
	}
	after.Heard = a.Heard
	return &after, nil
}

// mayAck refuses words about commands that nobody was told to act on.
func (s *State) mayAck(deviceID, commandID string) error {
	if _, d := s.Device(deviceID); d == nil {
		return Fault(wire.CodeNotJoined, "the device isn't in the session")
	}
	switch c := s.Commands[commandID]; {
	case c == nil:
		return Fault(wire.CodeUnknownCommand, "there is no command %s", commandID)
	case c.Cancelled:
		return Fault(wire.CodeCommandCancelled, "the command is cancelled")
	}
	return nil
}

// unpaged has the start of a take that goes on written into a page again: the one that
// has it lacks what is about to be acknowledged.
func (s *State) unpaged(commandID string) []Change {
	c := s.Commands[commandID]
	if c == nil || !c.Paged {
		return nil
	}
	again := *c
	again.Paged = false
	return []Change{s.Put(true, &again, KindCommand, commandID)}
}
