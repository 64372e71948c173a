package session

import (
	"time"
)

// Observer is told what happens, for counting it and for writing it down. Its methods may be
// called with locks held: they must return at once and must not call the service.
type Observer interface {
	// Acted is told of each act that a device of this instance reports: how far from the
	// command's instant, positive is late, and whether the command came too late.
	Acted(off time.Duration, late bool)
	// Missed is told of each command that a device of this instance didn't carry out, and why.
	Missed(reason string)
	// Happened is told of what this instance has stored, once each, and of how the commands
	// went that it issued.
	Happened(Happening)
}

// nobody observes nothing.
type nobody struct{}

func (nobody) Acted(time.Duration, bool) {}
func (nobody) Missed(string)             {}
func (nobody) Happened(Happening)        {}

// HappeningKind says what has happened.
type HappeningKind string

// What happens to a session.
const (
	SessionIsCreated  HappeningKind = "session_created"   // Reason: revived, for those who were in one of that name before
	SessionIsRemoved  HappeningKind = "session_removed"   // Reason: ended by its leader, or idle
	LeadIsTaken       HappeningKind = "lead_changed"      // UserID leads, From did
	CommandIsIssued   HappeningKind = "command_scheduled" // of the application's own
	TakeIsStarted     HappeningKind = "take_started"      // at the instant of the command
	TakeIsStopped     HappeningKind = "take_stopped"      // at the instant of the command
	PlaybackIsChanged HappeningKind = "playback_changed"  // Reason: playing or paused
	CommandIsOff      HappeningKind = "command_cancelled"
	CommandIsReported HappeningKind = "command_reported" // Report is set
	UploadIsBegun     HappeningKind = "upload_started"
	UploadIsDone      HappeningKind = "upload_finished" // Bytes of the file
	UploadIsGivenUp   HappeningKind = "upload_given_up"
	RecordingIsLost   HappeningKind = "recording_failed"
	TakesAreComplete  HappeningKind = "session_completed" // every recording is uploaded
	DevicesAreLost    HappeningKind = "devices_lost"      // Devices of an instance that is gone are marked disconnected
)

// HappeningKinds are all of them.
var HappeningKinds = []HappeningKind{
	SessionIsCreated, SessionIsRemoved, LeadIsTaken, CommandIsIssued, TakeIsStarted, TakeIsStopped, PlaybackIsChanged, CommandIsOff,
	CommandIsReported, UploadIsBegun, UploadIsDone, UploadIsGivenUp, RecordingIsLost, TakesAreComplete, DevicesAreLost,
}

// Happening is something that happened to a session. What its kind doesn't have is empty.
type Happening struct {
	Kind        HappeningKind
	SessionID   string
	UserID      string // who leads from then on, or issued a command; empty for the service and for REST
	From        string // the user who led before
	DeviceID    string // that records
	CommandID   string
	RecordingID string
	TakeID      string
	Event       string        // of the command, as the protocol has it
	Name        string        // of a command of the application's own
	Ahead       time.Duration // from issuing a command to its instant
	Reason      string
	Devices     int // that are marked
	Bytes       int64
	Report      *Outcome
}

// Outcome is how a command went, at its first report. Devices are those that joined with a
// type or have answered: a console that only looks on is none of them.
type Outcome struct {
	Devices, Armed, Acted, Late, Missed int           // of them devices
	Spread                              time.Duration // latest act less earliest; 0 where fewer than two acted
}

func outcome(s *state, r Report) *Outcome {
	o := &Outcome{}
	for _, d := range r.Devices {
		_, dev := s.device(d.DeviceID)
		if !d.Armed && d.At == nil && d.Missed == nil && (dev == nil || dev.Type == "") {
			continue
		}
		o.Devices++
		o.Armed += oneIf(d.Armed)
		o.Acted += oneIf(d.At != nil)
		o.Late += oneIf(d.Late)
		o.Missed += oneIf(d.Missed != nil)
	}
	if r.SpreadMs != nil {
		o.Spread = time.Duration(*r.SpreadMs * float64(time.Millisecond))
	}
	return o
}

func oneIf(is bool) int {
	if is {
		return 1
	}
	return 0
}
