package rules

import (
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

// Happenings tells what each of some changes means to whoever runs the server; one without
// a kind means nothing. s is the state that the changes were made from.
func Happenings(s *State, changes []Change) []Happening {
	all := make([]Happening, len(changes))
	for i, c := range changes {
		var h Happening
		switch after := c.Record.(type) {
		case *Meta:
			h = metaHappening(s.Meta, after)
		case *CommandRecord:
			h = commandHappening(s.Commands[after.ID], after)
		case *RecordingRecord:
			h = recordingHappening(s.Recordings[after.ID], after)
		case *completion:
			h.Kind = TakesAreComplete
		}
		h.SessionID = s.ID
		all[i] = h
	}
	return all
}

func metaHappening(before, after *Meta) (h Happening) {
	switch {
	case before == nil:
		h = Happening{Kind: SessionIsCreated, UserID: after.LeaderID}
		if after.Revived {
			h.Reason = "revived"
		}
	case after.Ended != before.Ended:
		h = Happening{Kind: SessionIsRemoved, Reason: "ended"}
	case after.LeaderID != before.LeaderID:
		h = Happening{Kind: LeadIsTaken, UserID: after.LeaderID, From: before.LeaderID}
	}
	return h
}

func commandHappening(before, after *CommandRecord) Happening {
	h := Happening{UserID: after.By, CommandID: after.ID, Event: after.Event, Name: after.Name, Ahead: after.Timestamp.Sub(after.IssuedAt)}
	switch {
	case after.Cancelled && before != nil && !before.Cancelled:
		h.Kind, h.Reason = CommandIsOff, after.Reason
	case after.Cancelled || before != nil:
	case after.Event == wire.StartRecording:
		h.Kind, h.TakeID = TakeIsStarted, after.ID
	case after.Event == wire.StopRecording:
		h.Kind, h.TakeID = TakeIsStopped, after.Take
	case after.Event == wire.PlaybackSync:
		h.Kind, h.Reason = PlaybackIsChanged, "paused"
		if after.Play != nil && after.Play.IsPlaying {
			h.Reason = "playing"
		}
	default:
		h.Kind = CommandIsIssued
	}
	return h
}

func recordingHappening(before, after *RecordingRecord) Happening {
	h := Happening{DeviceID: after.DeviceID, RecordingID: after.ID, TakeID: after.Take}
	was := ""
	if before != nil {
		was = before.Upload
	}
	switch {
	case after.Upload == was || after.Deleted:
	case after.Upload == UploadUploading:
		h.Kind = UploadIsBegun
	case after.Upload == UploadUploaded:
		h.Kind, h.Bytes = UploadIsDone, after.Size
	case after.Upload == UploadFailed:
		h.Kind = RecordingIsLost
	case was == UploadUploading:
		h.Kind = UploadIsGivenUp
	}
	return h
}

// Issues reports whether a command was issued whose outcome is to be told.
func (h Happening) Issues() bool {
	switch h.Kind {
	case CommandIsIssued, TakeIsStarted, TakeIsStopped, PlaybackIsChanged:
		return true
	}
	return false
}

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

// OutcomeOf sums a report up.
func OutcomeOf(s *State, r Report) *Outcome {
	o := &Outcome{}
	for _, d := range r.Devices {
		_, dev := s.Device(d.DeviceID)
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
