package session

import (
	"context"
	"slices"

	"github.com/downbeat-sync/downbeat/internal/text"
	"github.com/downbeat-sync/downbeat/wire"
)

// RecordingReport is how well a device made a recording, by its own account. All is optional.
type RecordingReport struct {
	Frames        *int64    `json:"frames,omitempty"`
	DroppedFrames *int64    `json:"droppedFrames,omitempty"`
	FrameRate     *float64  `json:"frameRate,omitempty"`  // frames a second, as it was on average
	LateMs        *float64  `json:"lateMs,omitempty"`     // from when the take began to the first frame
	DurationMs    *float64  `json:"durationMs,omitempty"` // from the first frame to the last
	Sound         string    `json:"sound,omitempty"`      // none, silent or ok
	SilentMs      *float64  `json:"silentMs,omitempty"`   // without sound
	FilledMs      *float64  `json:"filledMs,omitempty"`   // of silence in the place of sound that was lost
	AudioPpm      *float64  `json:"audioPpm,omitempty"`   // by how much the sound's clock gains on session time
	PeakDb        *float64  `json:"peakDb,omitempty"`
	Width         int       `json:"width,omitempty"`
	Height        int       `json:"height,omitempty"`
	Codec         string    `json:"codec,omitempty"`
	Container     string    `json:"container,omitempty"`
	Warnings      []Warning `json:"warnings,omitempty"` // at most 16
}

var sounds = []string{"", "none", "silent", "ok"}

// maxReport bounds a report in JSON, in bytes.
const maxReport = 4 << 10

func (q *RecordingReport) validate() error {
	q.Codec, q.Container = text.Tidy(q.Codec, 128), text.Tidy(q.Container, 32)
	for _, ms := range []*float64{q.LateMs, q.DurationMs, q.SilentMs, q.FilledMs} {
		if ms != nil && !within(*ms, -millis(2*maxAhead), millis(2*maxAhead)) {
			return fault(wire.CodeBadReport, "a time of the report is out of range")
		}
	}
	switch {
	case !isSize(q.Frames), !isSize(q.DroppedFrames), !isRate(q.FrameRate):
		return fault(wire.CodeBadReport, "frames, droppedFrames or frameRate is out of range")
	case !slices.Contains(sounds, q.Sound):
		return fault(wire.CodeBadReport, "sound must be none, silent or ok")
	case q.AudioPpm != nil && !within(*q.AudioPpm, -1e6, 1e6), q.PeakDb != nil && !within(*q.PeakDb, -1000, 1000):
		return fault(wire.CodeBadReport, "audioPpm or peakDb is out of range")
	case q.Width < 0 || q.Width > maxPixels || q.Height < 0 || q.Height > maxPixels:
		return fault(wire.CodeBadReport, "width or height is out of range")
	case !areWarnings(q.Warnings):
		return fault(wire.CodeBadReport, "warnings must be at most %d of {code, value?}, each code a lower-case word", maxItems)
	}
	if b, err := encode(q); err != nil || len(b) > maxReport {
		return fault(wire.CodeBadReport, "a report may have %d bytes", maxReport)
	}
	return nil
}

// RecordingReport notes how well the device made a recording. The latest word
// counts until the recording is uploaded, and from then on the first.
func (m *Member) RecordingReport(ctx context.Context, recordingID string, q RecordingReport) error {
	if err := q.validate(); err != nil {
		return err
	}
	return m.update(ctx, func(s *state, _ instant) ([]change, error) { return reportRecording(s, m.deviceID, recordingID, &q) })
}

func reportRecording(s *state, deviceID, id string, q *RecordingReport) ([]change, error) {
	r, err := s.ofDevice(deviceID, id)
	if err != nil || r.Report != nil && r.Upload == uploadUploaded {
		return nil, err
	}
	r.Report = q
	return s.putRecording(r), nil
}
