package device

import (
	"context"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// RecordingPart returns the recording that what is left of the take under way goes to,
// when the device was cut off while it made the one given. Say recording_started of that
// first. A refusal is a [session.Error].
func (d *Device) RecordingPart(ctx context.Context, recordingID string) (session.Part, error) {
	return answer[session.Part](d.insist(ctx, wire.RecordingPart, recordingOf{RecordingID: recordingID}))
}

// RecordingStarted tells the session time of the first captured frame, and by how much it
// may be off (bound, at least 0), until the server has answered. A refusal is a [session.Error].
func (d *Device) RecordingStarted(ctx context.Context, recordingID string, first clock.SessionTime, bound time.Duration) error {
	return d.Report(ctx, wire.RecordingStarted, frame{recordingID, first, inMillis(bound)})
}

// RecordingStopped tells the session time of the last captured frame, as RecordingStarted
// does of the first.
func (d *Device) RecordingStopped(ctx context.Context, recordingID string, last clock.SessionTime, bound time.Duration) error {
	return d.Report(ctx, wire.RecordingStopped, frame{recordingID, last, inMillis(bound)})
}

// RecordingFailed tells that there is nothing to upload of a recording, until the server
// has answered.
func (d *Device) RecordingFailed(ctx context.Context, recordingID string) error {
	return d.Report(ctx, wire.RecordingFailed, recordingOf{RecordingID: recordingID})
}

type frame struct {
	RecordingID string            `json:"recordingId"`
	Timestamp   clock.SessionTime `json:"timestamp"`
	Bound       float64           `json:"bound"` // ms
}

// ReportRecording tells how well the device made a recording, until the server has
// answered. It may be told again: the latest counts until the recording is uploaded.
func (d *Device) ReportRecording(ctx context.Context, recordingID string, r session.RecordingReport) error {
	return d.Report(ctx, wire.RecordingReport, recordingOf{recordingID, &r})
}

type recordingOf struct {
	RecordingID string                   `json:"recordingId"`
	Report      *session.RecordingReport `json:"report,omitempty"`
}
