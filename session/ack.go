package session

import (
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/wire"
)

// armed notes that a device holds a command and has set its timer.
func armed(s *state, deviceID, commandID string, now instant) ([]change, error) {
	if err := s.mayAck(deviceID, commandID); err != nil {
		return nil, err
	}
	before := s.acks[commandID][deviceID]
	if before != nil && before.Armed {
		return nil, nil
	}
	after := ack{Armed: true, ArmedAt: now}
	if before != nil {
		after = *before
		after.Armed, after.ArmedAt = true, now
	}
	return append(s.unpaged(commandID), s.put(before != nil, &after, kindAck, commandID, deviceID)), nil
}

// act is what a device says of its acting: when, and how well its clock is known.
type act struct {
	at      clock.SessionTime
	late    bool
	bound   time.Duration
	bounded bool
}

// fired notes when a device acted. The first word counts.
func fired(s *state, deviceID, commandID string, a act) ([]change, error) {
	if err := s.mayAck(deviceID, commandID); err != nil {
		return nil, err
	}
	before := s.acks[commandID][deviceID]
	if before != nil && before.answered() {
		return nil, nil
	}
	if !near(a.at, s.commands[commandID].Timestamp) {
		return nil, fault(wire.CodeBadTime, "at is too far from the command's instant")
	}
	var after ack
	if before != nil {
		after = *before
	}
	after.Fired, after.FiredAt, after.Late = true, instantOf(a.at), a.late
	after.Bounded, after.Bound = a.bounded, a.bound
	return append(s.unpaged(commandID), s.put(before != nil, &after, kindAck, commandID, deviceID)), nil
}

// mayAck refuses words about commands that nobody was told to act on.
func (s *state) mayAck(deviceID, commandID string) error {
	if _, d := s.device(deviceID); d == nil {
		return fault(wire.CodeNotJoined, "the device isn't in the session")
	}
	switch c := s.commands[commandID]; {
	case c == nil:
		return fault(wire.CodeUnknownCommand, "there is no command %s", commandID)
	case c.Cancelled:
		return fault(wire.CodeCommandCancelled, "the command is cancelled")
	}
	return nil
}

// unpaged has the start of a take that goes on written into a page again: the one that
// has it lacks what is about to be acknowledged.
func (s *state) unpaged(commandID string) []change {
	c := s.commands[commandID]
	if c == nil || !c.Paged {
		return nil
	}
	again := *c
	again.Paged = false
	return []change{s.put(true, &again, kindCommand, commandID)}
}
