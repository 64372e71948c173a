package rules

import (
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
func (c *CommandRecord) maxLate() (d time.Duration, limited bool) {
	switch {
	case c.Event == wire.Command && c.MaxLate == 0:
		return DefaultMaxLate, true
	case c.Event == wire.Command:
		return c.MaxLate, true
	case c.Event == wire.StartRecording && c.Duration > 0 && !c.Unended:
		return c.Duration, true
	}
	return 0, false
}

// Pointless reports whether it is too late to carry a command out.
func (s *State) Pointless(c *CommandRecord, now Instant) bool {
	if d, limited := c.maxLate(); limited && now > c.Timestamp.Add(d) {
		return true
	}
	if c.Event != wire.StartRecording {
		return false
	}
	stop := s.StopOf(c.ID)
	return stop != nil && stop.Timestamp <= now
}

// Miss is what a device says of a command that it didn't carry out.
type Miss struct {
	Late   time.Duration // after the instant, when it should have acted
	Reason string
}

// Missed returns what is known of a device once it didn't carry a command out; nil where that is nothing new. The
// first word counts, be it this or fired.
func Missed(s *State, deviceID, commandID string, m Miss) (*Ack, error) {
	if err := s.mayAck(deviceID, commandID); err != nil {
		return nil, err
	}
	if !slices.Contains(missedReasons, m.Reason) {
		return nil, Fault(wire.CodeBadReason, "reason must be one of %q", missedReasons)
	}
	if m.Late < 0 || m.Late > maxAhead {
		return nil, Fault(wire.CodeBadTime, "lateMs must be between 0 and 24 h")
	}
	before := s.Acks[commandID][deviceID]
	if before != nil && before.Answered() {
		return nil, nil
	}
	var after Ack
	if before != nil {
		after = *before
	}
	after.Missed, after.MissedBy = m.Reason, m.Late.Round(time.Microsecond)
	return &after, nil
}

// NeverRecorded has the recording fail of a device that missed the start of a take: nobody
// is to wait for its upload.
func NeverRecorded(s *State, deviceID, commandID string) []Change {
	start := s.Commands[commandID]
	if a := s.Acks[commandID][deviceID]; start == nil || start.Event != wire.StartRecording || a == nil || a.Missed == "" {
		return nil
	}
	r, err := s.ofDevice(deviceID, RecordingID(start.ID, deviceID))
	if err != nil || r.Started || r.Upload != "" {
		return nil // it has no part in the take, or something was recorded all the same
	}
	r.Upload = UploadFailed
	return s.putRecording(r)
}

// Answered reports whether the device has said what came of the command.
func (a *Ack) Answered() bool { return a.Fired || a.Missed != "" }
