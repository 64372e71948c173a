package session

import (
	"context"
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

// RecordingPart returns the recording that what is left of the take under way goes to, for a
// device whose recording was cut off: the first one, from the one given on, of which
// nothing is known yet. It is created if need be; asking again returns the same.
func (m *Member) RecordingPart(ctx context.Context, recordingID string) (p Part, err error) {
	err = m.update(ctx, func(s *state, now instant) (changes []change, err error) {
		p, changes, err = nextPart(s, m.deviceID, recordingID, now)
		return changes, err
	})
	return p, err
}

func nextPart(s *state, deviceID, id string, now instant) (Part, []change, error) {
	r, err := s.ofDevice(deviceID, id)
	if err != nil {
		return Part{}, nil, err
	}
	take := s.activeTake(now)
	if take == nil || take.ID != r.Take || now < take.Timestamp {
		return Part{}, nil, fault(wire.CodeNotRecording, "the take of recording %s isn't under way", id)
	}
	for n := r.part(); n <= maxParts; n++ {
		p := Part{partID(r.Take, deviceID, n), n}
		switch known := s.recordings[p.RecordingID]; {
		case known == nil && len(s.recordings) >= maxRecordings:
			return Part{}, nil, fault(wire.CodeTooManyRecordings, "the session has %d recordings", len(s.recordings))
		case known == nil:
			return p, s.putRecording(r.next(p)), nil
		case known.isFresh():
			return p, nil, nil
		}
	}
	return Part{}, nil, fault(wire.CodeTooManyRecordings, "the device has begun %d times within this take", maxParts)
}

// next returns a recording of the same take and device of which nothing is known.
func (r *recording) next(p Part) *recording {
	return &recording{
		ID: p.RecordingID, Take: r.Take, TakeAt: r.TakeAt, Label: r.Label, DeviceID: r.DeviceID, Owner: r.Owner, User: r.User, Type: r.Type, View: r.View,
		Part: p.Part,
	}
}

// isFresh reports whether a device may begin a recording: it has said nothing of it yet.
func (r *recording) isFresh() bool {
	return !r.Started && r.Upload == "" && r.Report == nil && !r.Deleted
}

// part returns which part of the device's it is; entries of before there were parts don't say.
func (r *recording) part() int { return max(r.Part, 1) }

// partID names the parts that a device records of a take.
func partID(takeID, deviceID string, part int) string {
	if part == 1 {
		return recordingID(takeID, deviceID)
	}
	return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "downbeat:%s/%s/%d", takeID, deviceID, part)).String()
}

// latestPart returns the last recording that a device has of a take, or nil.
func (s *state) latestPart(takeID, deviceID string) (latest *recording) {
	for n := 1; ; n++ {
		r := s.recordings[partID(takeID, deviceID, n)]
		if r == nil {
			return latest
		}
		latest = r
	}
}
