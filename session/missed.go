package session

import (
	"context"
	"slices"
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

// DefaultMaxLate is how late a command of the application's own is still carried out
// where nothing else is asked for.
const DefaultMaxLate = time.Second

// Bounds of what a request may ask for instead.
const (
	leastMaxLate = time.Millisecond
	mostMaxLate  = maxAhead
)

// Why a device did not carry a command out.
const (
	MissedArrived   = "arrived_late" // it came when it was already too late
	MissedWoke      = "woke_late"    // it came in time, and the device couldn't act in time
	MissedNoClock   = "no_clock"     // session time became known when it was already too late
	MissedOvertaken = "overtaken"    // what takes its place was due already
)

// missedReasons are the ones that are taken. Pages refer to their places: it only grows at its end.
var missedReasons = []string{MissedArrived, MissedWoke, MissedNoClock, MissedOvertaken}

// maxLate returns how late the command may be carried out; limited is false for what is
// done however late it is.
func (c *command) maxLate() (d time.Duration, limited bool) {
	switch {
	case c.Event == wire.Command && c.MaxLate == 0:
		return DefaultMaxLate, true
	case c.Event == wire.Command:
		return c.MaxLate, true
	case c.Event == wire.StartRecording && c.Duration > 0:
		return c.Duration, true
	}
	return 0, false
}

// pointless reports whether it is too late to carry a command out.
func (s *state) pointless(c *command, now instant) bool {
	if d, limited := c.maxLate(); limited && now > c.Timestamp.add(d) {
		return true
	}
	if c.Event != wire.StartRecording {
		return false
	}
	stop := s.stopOf(c.ID)
	return stop != nil && stop.Timestamp <= now
}

// miss is what a device says of a command that it didn't carry out.
type miss struct {
	late   time.Duration // after the instant, when it should have acted
	reason string
}

// missed notes that a device didn't carry a command out. The first word counts, be it
// this or fired.
func missed(s *state, deviceID, commandID string, m miss) ([]change, error) {
	if err := s.mayAck(deviceID, commandID); err != nil {
		return nil, err
	}
	if !slices.Contains(missedReasons, m.reason) {
		return nil, fault(wire.CodeBadReason, "reason must be one of %q", missedReasons)
	}
	if m.late < 0 || m.late > maxAhead {
		return nil, fault(wire.CodeBadTime, "lateMs must be between 0 and 24 h")
	}
	before := s.acks[commandID][deviceID]
	if before != nil && before.answered() {
		return nil, nil
	}
	var after ack
	if before != nil {
		after = *before
	}
	after.Missed, after.MissedBy = m.reason, m.late.Round(time.Microsecond)
	changes := append(s.unpaged(commandID), s.put(before != nil, &after, kindAck, commandID, deviceID))
	return append(changes, s.neverRecorded(deviceID, s.commands[commandID])...), nil
}

// neverRecorded has the recording fail of a device that missed the start of a take: nobody
// is to wait for its upload.
func (s *state) neverRecorded(deviceID string, start *command) []change {
	if start.Event != wire.StartRecording {
		return nil
	}
	r, err := s.ofDevice(deviceID, recordingID(start.ID, deviceID))
	if err != nil || r.Started || r.Upload != "" {
		return nil // it has no part in the take, or something was recorded all the same
	}
	r.Upload = uploadFailed
	return s.putRecording(r)
}

// answered reports whether the device has said what came of the command.
func (a *ack) answered() bool { return a.Fired || a.Missed != "" }

// Missed notes that the device didn't carry a command out, by how much it was late then,
// and why. Saying so again changes nothing.
func (m *Member) Missed(ctx context.Context, commandID string, late time.Duration, reason string) error {
	first := false
	err := m.update(ctx, func(s *state, _ instant) ([]change, error) {
		changes, err := missed(s, m.deviceID, commandID, miss{late, reason})
		first = len(changes) > 0
		return changes, err
	})
	if err == nil && first {
		m.svc.cfg.Observe.Missed(reason)
	}
	return err
}
