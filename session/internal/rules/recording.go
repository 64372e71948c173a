package rules

import (
	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/wire"
)

// maxRecordings bounds what a session keeps of its takes.
const maxRecordings = 10_000

// What has become of a recording. Only the last three are stored: the first
// two follow from what the device and the clock say.
const (
	uploadRecording = "recording" // the take goes on
	uploadPending   = "pending"   // the take is over, no byte has come
	UploadUploading = "uploading"
	UploadUploaded  = "uploaded"
	UploadFailed    = "failed" // the device said that there is nothing to upload
)

// plan gives each device that is told to record an entry, at the instant of
// the take: from then on it is known what has to be uploaded, whoever leaves.
func plan(s *State, now Instant) []Change {
	take := s.unplanned()
	if take == nil || now < take.Timestamp {
		return nil
	}
	var changes []Change
	for _, d := range s.DevicesByJoining() {
		id := RecordingID(take.ID, d.ID)
		if !s.IsDeleted(take.ID) && d.records(take) && d.Connected && d.concerned(take) && s.Recordings[id] == nil {
			changes = append(changes, s.Put(false, newRecording(take, s.Users[s.Owners[d.ID]], d), KindRecording, id))
		}
	}
	done := *take
	done.Planned = true
	return append(changes, s.Put(true, &done, KindCommand, take.ID))
}

// unplanned returns a take whose recordings have no entries yet, or nil.
func (s *State) unplanned() *CommandRecord {
	for _, c := range s.Commands {
		if c.Event == wire.StartRecording && !c.Cancelled && !c.Planned {
			return c
		}
	}
	return nil
}

func newRecording(take *CommandRecord, u *User, d *Device) *RecordingRecord {
	return &RecordingRecord{
		ID: RecordingID(take.ID, d.ID), Take: take.ID, TakeAt: take.Timestamp, Label: take.Label,
		DeviceID: d.ID, Owner: d.TokenHash, User: u.ownName(), Type: d.Type, View: d.View,
	}
}

// RecordingNow names what a device records of the take that is scheduled or under way,
// empty when there is none or it has no part in it.
func (s *State) RecordingNow(d *Device, now Instant) string {
	if take := s.activeTake(now); take != nil && d.records(take) {
		return RecordingID(take.ID, d.ID)
	}
	return ""
}

// planned returns the recording that a device is to make of a take of that id.
func (s *State) planned(deviceID, id string) *RecordingRecord {
	u, d := s.Device(deviceID)
	for _, c := range s.Commands {
		if d != nil && c.Event == wire.StartRecording && !c.Cancelled && d.records(c) && RecordingID(c.ID, deviceID) == id {
			return newRecording(c, u, d)
		}
	}
	return nil
}

// ofDevice returns a copy of a recording that the device makes or made.
func (s *State) ofDevice(deviceID, id string) (*RecordingRecord, error) {
	r := s.Recordings[id]
	if r == nil {
		r = s.planned(deviceID, id)
	}
	if r == nil || r.DeviceID != deviceID {
		return nil, Fault(wire.CodeUnknownRecording, "this device has no recording %s", id)
	}
	if r.Deleted || s.IsDeleted(r.Take) {
		return nil, Deleted(id)
	}
	c := *r
	return &c, nil
}

// StillRecords reports whether a device may go on recording what a stop has ended.
func (s *State) StillRecords(d *Device, stop *CommandRecord) bool {
	if stop.Event != wire.StopRecording {
		return false
	}
	r := s.latestPart(stop.Take, d.ID)
	return r != nil && !r.Deleted && !r.Stopped && r.Upload == ""
}

// Deleted refuses what is asked of a recording that was deleted with its take.
func Deleted(recordingID string) *Error {
	return Fault(wire.CodeRecordingDeleted, "recording %s has been deleted with its take", recordingID)
}

func (s *State) putRecording(r *RecordingRecord) []Change {
	return []Change{s.Put(s.Recordings[r.ID] != nil, r, KindRecording, r.ID)}
}

// Recorded notes the true time of a recording's first frame (first) or last.
func Recorded(s *State, deviceID, id string, first bool, f Reading) ([]Change, error) {
	r, err := s.ofDevice(deviceID, id)
	if err != nil {
		return nil, err
	}
	if f.Bound < 0 || f.Bound > maxAhead || !near(f.At.Time(), r.TakeAt) {
		return nil, Fault(wire.CodeBadTime, "the time of the frame can't be right")
	}
	switch {
	case first && r.Started, !first && r.Stopped:
		return nil, nil
	case first:
		r.Started, r.Start, r.StartBound = true, f.At, f.Bound
		if f.Common > 0 && f.Common <= f.Bound {
			r.Common, r.Instance = f.Common, f.Instance
		}
		if r.Upload == UploadFailed { // it missed the start, as it thought, and something was recorded all the same
			r.Upload = ""
		}
	case !r.Started:
		return nil, Fault(wire.CodeRecordingNotStarted, "recording %s hasn't started", id)
	case f.At < r.Start:
		return nil, Fault(wire.CodeBadTime, "the last frame is before the first one")
	default:
		r.Stopped, r.Stop, r.StopBound = true, f.At, f.Bound
	}
	return s.putRecording(r), nil
}

// near reports whether a device may really mean t when it speaks of the instant i.
func near(t clock.SessionTime, i Instant) bool {
	return t > i.Add(-maxAhead).Time() && t < i.Add(2*maxAhead).Time()
}

// status tells what has become of a recording.
func (s *State) uploadStatus(r *RecordingRecord, now Instant) string {
	if r.Upload != "" {
		return r.Upload
	}
	if take := s.activeTake(now); !r.Stopped && take != nil && take.ID == r.Take && s.latestPart(r.Take, r.DeviceID) == r {
		return uploadRecording
	}
	return uploadPending
}
