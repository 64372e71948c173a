package device

import (
	"context"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// RecordingPart returns the recording that what is left of the take under way goes to,
// when the device was cut off while it made the one given. Say recording_started of that
// first. A refusal is a [session.Error].
func (d *Device) RecordingPart(ctx context.Context, recordingID string) (session.Part, error) {
	m, err := d.insist(ctx, wire.RecordingPart, recordingOf{RecordingID: recordingID})
	if err != nil {
		return session.Part{}, err
	}
	var p session.Part
	return p, m.Decode(&p)
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
