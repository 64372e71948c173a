package rules

import (
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

// Validate refuses a report that can't be, with CodeBadReport, and tidies its texts.
func (q *RecordingReport) Validate() error {
	q.Codec, q.Container = text.Tidy(q.Codec, 128), text.Tidy(q.Container, 32)
	for _, ms := range []*float64{q.LateMs, q.DurationMs, q.SilentMs, q.FilledMs} {
		if ms != nil && !Within(*ms, -Millis(2*maxAhead), Millis(2*maxAhead)) {
			return Fault(wire.CodeBadReport, "a time of the report is out of range")
		}
	}
	switch {
	case !isSize(q.Frames), !isSize(q.DroppedFrames), !isRate(q.FrameRate):
		return Fault(wire.CodeBadReport, "frames, droppedFrames or frameRate is out of range")
	case !slices.Contains(sounds, q.Sound):
		return Fault(wire.CodeBadReport, "sound must be none, silent or ok")
	case q.AudioPpm != nil && !Within(*q.AudioPpm, -1e6, 1e6), q.PeakDb != nil && !Within(*q.PeakDb, -1000, 1000):
		return Fault(wire.CodeBadReport, "audioPpm or peakDb is out of range")
	case q.Width < 0 || q.Width > maxPixels || q.Height < 0 || q.Height > maxPixels:
		return Fault(wire.CodeBadReport, "width or height is out of range")
	case !areWarnings(q.Warnings):
		return Fault(wire.CodeBadReport, "warnings must be at most %d of {code, value?}, each code a lower-case word", maxItems)
	}
	if b, err := Encode(q); err != nil || len(b) > maxReport {
		return Fault(wire.CodeBadReport, "a report may have %d bytes", maxReport)
	}
	return nil
}

// ReportRecording notes how well a device made a recording.
func ReportRecording(s *State, deviceID, id string, q *RecordingReport) ([]Change, error) {
	r, err := s.ofDevice(deviceID, id)
	if err != nil || r.Report != nil && r.Upload == UploadUploaded {
		return nil, err
	}
	r.Report = q
	return s.putRecording(r), nil
}
