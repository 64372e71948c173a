package session

import (
	"time"

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
	uploadUploading = "uploading"
	uploadUploaded  = "uploaded"
	uploadFailed    = "failed" // the device said that there is nothing to upload
)

// plan gives each device that is told to record an entry, at the instant of
// the take: from then on it is known what has to be uploaded, whoever leaves.
func plan(s *state, now instant) []change {
	take := s.unplanned()
	if take == nil || now < take.Timestamp {
		return nil
	}
	var changes []change
	for _, d := range s.devicesByJoining() {
		id := recordingID(take.ID, d.ID)
		if !s.isDeleted(take.ID) && d.records(take) && d.Connected && d.concerned(take) && s.recordings[id] == nil {
			changes = append(changes, s.put(false, newRecording(take, s.users[s.owners[d.ID]], d), kindRecording, id))
		}
	}
	done := *take
	done.Planned = true
	return append(changes, s.put(true, &done, kindCommand, take.ID))
}

// unplanned returns a take whose recordings have no entries yet, or nil.
func (s *state) unplanned() *command {
	for _, c := range s.commands {
		if c.Event == wire.StartRecording && !c.Cancelled && !c.Planned {
			return c
		}
	}
	return nil
}

func newRecording(take *command, u *user, d *device) *recording {
	return &recording{
		ID: recordingID(take.ID, d.ID), Take: take.ID, TakeAt: take.Timestamp, Label: take.Label,
		DeviceID: d.ID, Owner: d.TokenHash, User: u.ownName(), Type: d.Type, View: d.View,
	}
}

// recordingNow names what a device records of the take that is scheduled or under way,
// empty when there is none or it has no part in it.
func (s *state) recordingNow(d *device, now instant) string {
	if take := s.activeTake(now); take != nil && d.records(take) {
		return recordingID(take.ID, d.ID)
	}
	return ""
}

// planned returns the recording that a device is to make of a take of that id.
func (s *state) planned(deviceID, id string) *recording {
	u, d := s.device(deviceID)
	for _, c := range s.commands {
		if d != nil && c.Event == wire.StartRecording && !c.Cancelled && d.records(c) && recordingID(c.ID, deviceID) == id {
			return newRecording(c, u, d)
		}
	}
	return nil
}

// ofDevice returns a copy of a recording that the device makes or made.
func (s *state) ofDevice(deviceID, id string) (*recording, error) {
	r := s.recordings[id]
	if r == nil {
		r = s.planned(deviceID, id)
	}
	if r == nil || r.DeviceID != deviceID {
		return nil, fault(wire.CodeUnknownRecording, "this device has no recording %s", id)
	}
	if r.Deleted || s.isDeleted(r.Take) {
		return nil, deleted(id)
	}
	c := *r
	return &c, nil
}

// stillRecords reports whether a device may go on recording what a stop has ended.
func (s *state) stillRecords(d *device, stop *command) bool {
	if stop.Event != wire.StopRecording {
		return false
	}
	r := s.latestPart(stop.Take, d.ID)
	return r != nil && !r.Deleted && !r.Stopped && r.Upload == ""
}

func deleted(recordingID string) *Error {
	return fault(wire.CodeRecordingDeleted, "recording %s has been deleted with its take", recordingID)
}

func (s *state) putRecording(r *recording) []change {
	return []change{s.put(s.recordings[r.ID] != nil, r, kindRecording, r.ID)}
}

// recorded notes the true time of a recording's first frame (first) or last.
func recorded(s *state, deviceID, id string, first bool, at clock.SessionTime, bound time.Duration) ([]change, error) {
	r, err := s.ofDevice(deviceID, id)
	if err != nil {
		return nil, err
	}
	if bound < 0 || bound > maxAhead || !near(at, r.TakeAt) {
		return nil, fault(wire.CodeBadTime, "the time of the frame can't be right")
	}
	switch {
	case first && r.Started, !first && r.Stopped:
		return nil, nil
	case first:
		r.Started, r.Start, r.StartBound = true, instantOf(at), bound
		if r.Upload == uploadFailed { // it missed the start, as it thought, and something was recorded all the same
			r.Upload = ""
		}
	case !r.Started:
		return nil, fault(wire.CodeRecordingNotStarted, "recording %s hasn't started", id)
	case instantOf(at) < r.Start:
		return nil, fault(wire.CodeBadTime, "the last frame is before the first one")
	default:
		r.Stopped, r.Stop, r.StopBound = true, instantOf(at), bound
	}
	return s.putRecording(r), nil
}

// near reports whether a device may really mean t when it speaks of the instant i.
func near(t clock.SessionTime, i instant) bool {
	return t > i.add(-maxAhead).time() && t < i.add(2*maxAhead).time()
}

// status tells what has become of a recording.
func (s *state) uploadStatus(r *recording, now instant) string {
	if r.Upload != "" {
		return r.Upload
	}
	if take := s.activeTake(now); !r.Stopped && take != nil && take.ID == r.Take && s.latestPart(r.Take, r.DeviceID) == r {
		return uploadRecording
	}
	return uploadPending
}
