package rules

import (
	"slices"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/text"
	"github.com/downbeat-sync/downbeat/wire"
)

// DeviceStatus is how a device says that it is. What it doesn't say is unknown: nil,
// or empty.
type DeviceStatus struct {
	Battery       *float64        `json:"battery,omitempty"` // 0 to 1
	Charging      *bool           `json:"charging,omitempty"`
	Camera        string          `json:"camera,omitempty"`     // none, off, ready, recording, covered, frozen, lost or refused
	Microphone    string          `json:"microphone,omitempty"` // none, off, ready, silent, lost or refused
	LevelDb       *float64        `json:"levelDb,omitempty"`    // peak of the sound in the last second, -120 to 0
	FrameRate     *float64        `json:"frameRate,omitempty"`  // frames a second that the camera really gives
	DroppedFrames *int64          `json:"droppedFrames,omitempty"`
	PendingBytes  *int64          `json:"pendingBytes,omitempty"` // recorded, and not yet confirmed by the server
	FreeBytes     *int64          `json:"freeBytes,omitempty"`    // of storage, left on the device
	Warnings      []Warning       `json:"warnings,omitempty"`     // at most 16
	UploadError   string          `json:"uploadError,omitempty"`  // why its uploads don't go on
	Media         *MediaStatus    `json:"media,omitempty"`        // of what it plays
	Settings      *DeviceSettings `json:"settings,omitempty"`     // of its camera, as they really are
	Note          string          `json:"note,omitempty"`         // for people

	Timestamp clock.SessionTime `json:"timestamp"` // when this instance heard so
}

// Warning is something that a device warns of: a code, and a number where the
// code has one.
type Warning struct {
	Code  string   `json:"code"` // a lower-case word; unknown ones are passed on
	Value *float64 `json:"value,omitempty"`
}

// MediaStatus is how the device is with the medium that it plays.
type MediaStatus struct {
	MediaURL  string   `json:"mediaUrl,omitempty"`
	State     string   `json:"state"`
	Error     string   `json:"error,omitempty"`
	DriftMs   *float64 `json:"driftMs,omitempty"`   // its position less the timeline's: positive is ahead
	DurationS *float64 `json:"durationS,omitempty"` // s
}

// DeviceSettings are those of the device's camera, and what it could have instead.
type DeviceSettings struct {
	Width       int      `json:"width,omitempty"`
	Height      int      `json:"height,omitempty"`
	FrameRate   *float64 `json:"frameRate,omitempty"`
	BitRate     *float64 `json:"bitRate,omitempty"` // bits a second
	Torch       *bool    `json:"torch,omitempty"`
	Orientation string   `json:"orientation,omitempty"` // any, landscape or portrait
	Container   string   `json:"container,omitempty"`   // auto, mp4 or webm
	CameraID    string   `json:"cameraId,omitempty"`
	Cameras     []Camera `json:"cameras,omitempty"` // at most 16
	Refused     []string `json:"refused,omitempty"` // settings that the camera doesn't take, at most 16
}

// Camera is one of those that a device has.
type Camera struct {
	ID    string `json:"id"`
	Label string `json:"label"`
}

// What the parts of a device may be; the empty one is unknown.
var (
	cameras      = []string{"", "none", "off", "ready", "recording", "covered", "frozen", "lost", "refused"}
	microphones  = []string{"", "none", "off", "ready", "silent", "lost", "refused"}
	mediaStates  = []string{"idle", "loading", "ready", "playing", "paused", "buffering", "seeking", "failed", "ended", "blocked"}
	orientations = []string{"", "any", "landscape", "portrait"}
	containers   = []string{"", "auto", "mp4", "webm"}
)

const (
	maxStatus  = 4 << 10 // bytes of a status in JSON: each of the leader's devices gets all of them every second
	maxItems   = 16      // in each of a status' lists
	maxTold    = 256     // characters of what a program says
	maxPixels  = 1 << 16 // of a picture's width or height
	maxBitRate = 1e10
)

// Validate refuses a status that can't be, with CodeBadStatus, and tidies its texts.
func (s *DeviceStatus) Validate() error {
	s.UploadError = text.Tidy(s.UploadError, maxTold)
	switch {
	case s.Battery != nil && !Within(*s.Battery, 0, 1):
		return Fault(wire.CodeBadStatus, "battery must be from 0 to 1")
	case !slices.Contains(cameras, s.Camera):
		return Fault(wire.CodeBadStatus, "camera must be none, off, ready, recording, covered, frozen, lost or refused")
	case !slices.Contains(microphones, s.Microphone):
		return Fault(wire.CodeBadStatus, "microphone must be none, off, ready, silent, lost or refused")
	case s.LevelDb != nil && !Within(*s.LevelDb, -1000, 1000):
		return Fault(wire.CodeBadStatus, "levelDb must be a number of decibels")
	case !isRate(s.FrameRate):
		return Fault(wire.CodeBadStatus, "frameRate must be from 0 to 1000")
	case !isSize(s.PendingBytes), !isSize(s.FreeBytes), !isSize(s.DroppedFrames):
		return Fault(wire.CodeBadStatus, "pendingBytes, freeBytes and droppedFrames must be whole numbers that aren't negative")
	case !areWarnings(s.Warnings):
		return Fault(wire.CodeBadStatus, "warnings must be at most %d of {code, value?}, each code a lower-case word", maxItems)
	case !IsText(&s.Note, 128):
		return Fault(wire.CodeBadStatus, "note must be text of at most 128 characters")
	}
	if s.LevelDb != nil { // sound may go beyond full scale, and silence is infinitely far below
		level := min(max(*s.LevelDb, -120), 0)
		s.LevelDb = &level
	}
	return s.validateParts()
}

// validateParts looks at what has fields of its own, and at how much there is of all.
func (s *DeviceStatus) validateParts() error {
	if m := s.Media; m != nil {
		if err := m.validate(); err != nil {
			return err
		}
	}
	if set := s.Settings; set != nil {
		if err := set.validate(); err != nil {
			return err
		}
	}
	if b, err := Encode(s); err != nil || len(b) > maxStatus {
		return Fault(wire.CodeBadStatus, "a status may have %d bytes", maxStatus)
	}
	return nil
}

func (m *MediaStatus) validate() error {
	m.Error = text.Tidy(m.Error, maxTold)
	switch {
	case !text.Fits(m.MediaURL, 2048):
		return Fault(wire.CodeBadStatus, "media.mediaUrl must have at most 2048 bytes")
	case !slices.Contains(mediaStates, m.State):
		return Fault(wire.CodeBadStatus, "media.state is none of those in docs/protocol.md")
	case m.DriftMs != nil && !Within(*m.DriftMs, -1e10, 1e10), m.DurationS != nil && !Within(*m.DurationS, 0, MaxPosition):
		return Fault(wire.CodeBadStatus, "media.driftMs or media.durationS is out of range")
	}
	return nil
}

func (d *DeviceSettings) validate() error {
	for i, c := range d.Cameras {
		d.Cameras[i].Label = text.Tidy(c.Label, 64)
		if !text.Fits(c.ID, maxTold) {
			return Fault(wire.CodeBadStatus, "a camera's id must have at most %d bytes", maxTold)
		}
	}
	switch {
	case d.Width < 0 || d.Width > maxPixels || d.Height < 0 || d.Height > maxPixels:
		return Fault(wire.CodeBadStatus, "settings.width or settings.height is out of range")
	case !isRate(d.FrameRate), d.BitRate != nil && !Within(*d.BitRate, 0, maxBitRate):
		return Fault(wire.CodeBadStatus, "settings.frameRate or settings.bitRate is out of range")
	case !slices.Contains(orientations, d.Orientation), !slices.Contains(containers, d.Container):
		return Fault(wire.CodeBadStatus, "settings.orientation or settings.container is none of those in docs/protocol.md")
	case !text.Fits(d.CameraID, maxTold):
		return Fault(wire.CodeBadStatus, "settings.cameraId must have at most %d bytes", maxTold)
	case len(d.Cameras) > maxItems || len(d.Refused) > maxItems:
		return Fault(wire.CodeBadStatus, "settings.cameras and settings.refused may have %d elements each", maxItems)
	case slices.ContainsFunc(d.Refused, func(name string) bool { return !IsID(name, "") }):
		return Fault(wire.CodeBadStatus, "settings.refused must be names of settings")
	}
	return nil
}

func areWarnings(list []Warning) bool {
	return len(list) <= maxItems && !slices.ContainsFunc(list, func(w Warning) bool {
		return !isCode(w.Code) || w.Value != nil && !Within(*w.Value, -1e15, 1e15)
	})
}

// isCode reports whether s is a lower-case word of at most 32 letters, digits and underscores.
func isCode(s string) bool {
	if s == "" || len(s) > 32 {
		return false
	}
	return !slices.ContainsFunc([]byte(s), func(c byte) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_'
	})
}

func isSize(n *int64) bool { return n == nil || *n >= 0 && *n <= MaxFileSize }

func isRate(x *float64) bool { return x == nil || Within(*x, 0, 1000) }
