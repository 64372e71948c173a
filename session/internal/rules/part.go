package rules

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/downbeat-sync/downbeat/wire"
)

// maxParts bounds how often a device may begin anew within one take.
const maxParts = 200

// Part is a recording of a device that has several of one take, since it was
// cut off: by a reload, or because its camera was taken away.
type Part struct {
	RecordingID string `json:"recordingId"`
	Part        int    `json:"part"` // 1 for the first
}

// NextPart gives a device one more recording of a take.
func NextPart(s *State, deviceID, id string, now Instant) (Part, []Change, error) {
	r, err := s.ofDevice(deviceID, id)
	if err != nil {
		return Part{}, nil, err
	}
	take := s.activeTake(now)
	if take == nil || take.ID != r.Take || now < take.Timestamp {
		return Part{}, nil, Fault(wire.CodeNotRecording, "the take of recording %s isn't under way", id)
	}
	for n := r.part(); n <= maxParts; n++ {
		p := Part{partID(r.Take, deviceID, n), n}
		switch known := s.Recordings[p.RecordingID]; {
		case known == nil && len(s.Recordings) >= maxRecordings:
			return Part{}, nil, Fault(wire.CodeTooManyRecordings, "the session has %d recordings", len(s.Recordings))
		case known == nil:
			return p, s.putRecording(r.next(p)), nil
		case known.isFresh():
			return p, nil, nil
		}
	}
	return Part{}, nil, Fault(wire.CodeTooManyRecordings, "the device has begun %d times within this take", maxParts)
}

// next returns a recording of the same take and device of which nothing is known.
func (r *RecordingRecord) next(p Part) *RecordingRecord {
	return &RecordingRecord{
		ID: p.RecordingID, Take: r.Take, TakeAt: r.TakeAt, Label: r.Label, DeviceID: r.DeviceID, Owner: r.Owner, User: r.User, Type: r.Type, View: r.View,
		Part: p.Part,
	}
}

// isFresh reports whether a device may begin a recording: it has said nothing of it yet.
func (r *RecordingRecord) isFresh() bool {
	return !r.Started && r.Upload == "" && r.Report == nil && !r.Deleted
}

// part returns which part of the device's it is; entries of before there were parts don't say.
func (r *RecordingRecord) part() int { return max(r.Part, 1) }

// partID names the parts that a device records of a take.
func partID(takeID, deviceID string, part int) string {
	if part == 1 {
		return RecordingID(takeID, deviceID)
	}
	return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "downbeat:%s/%s/%d", takeID, deviceID, part)).String()
}

// latestPart returns the last recording that a device has of a take, or nil.
func (s *State) latestPart(takeID, deviceID string) (latest *RecordingRecord) {
	for n := 1; ; n++ {
		r := s.Recordings[partID(takeID, deviceID, n)]
		if r == nil {
			return latest
		}
		latest = r
	}
}
