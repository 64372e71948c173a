package rules

import (
	"slices"

	"github.com/downbeat-sync/downbeat/internal/text"
	"github.com/downbeat-sync/downbeat/wire"
)

// CameraSettings are how a leader wants cameras to record. What is nil or empty is
// left to the device.
type CameraSettings struct {
	Width       *int     `json:"width,omitempty"`
	Height      *int     `json:"height,omitempty"`
	FrameRate   *float64 `json:"frameRate,omitempty"`
	BitRate     *float64 `json:"bitRate,omitempty"` // bits a second
	CameraID    string   `json:"cameraId,omitempty"`
	Torch       *bool    `json:"torch,omitempty"`
	Orientation string   `json:"orientation,omitempty"` // any, landscape or portrait
	Container   string   `json:"container,omitempty"`   // auto, mp4 or webm
	Sound       *bool    `json:"sound,omitempty"`
}

// cameraWish is what a leader wants of a device, or of all.
type cameraWish struct {
	Settings CameraSettings `json:"settings"`
}

// allCameras stands for all devices where a device's id is expected.
const allCameras = "_all"

// CameraChanged is the data of camera_settings.
type CameraChanged struct {
	DeviceID *string        `json:"deviceId"` // null: all devices
	Settings CameraSettings `json:"settings"`
}

// SetCamera says how a device is to record from now on, or all devices where deviceID is empty.
func SetCamera(s *State, by, deviceID string, q CameraSettings) ([]Change, error) {
	if err := s.MayLead(by); err != nil {
		return nil, err
	}
	of := deviceID
	if of == "" {
		of = allCameras
	} else if s.Owners[deviceID] == "" {
		return nil, Fault(wire.CodeUnknownDevice, "there is no device %s", deviceID)
	}
	changes := []Change{s.Put(s.Cameras[of] != nil, &cameraWish{q}, kindCamera, of)}
	for _, id := range sortedKeys(s.Cameras) { // those that have left say nothing any more
		if id != of && id != allCameras && s.Owners[id] == "" {
			changes = append(changes, s.remove(kindCamera, id))
		}
	}
	return changes, nil
}

// Validate refuses settings that no camera can have, with CodeBadSettings.
func (q *CameraSettings) Validate() error {
	pixels := func(n *int) bool { return n == nil || *n >= 1 && *n <= maxPixels }
	switch {
	case !pixels(q.Width) || !pixels(q.Height):
		return Fault(wire.CodeBadSettings, "width and height must be from 1 to %d", maxPixels)
	case q.FrameRate != nil && !Within(*q.FrameRate, 1, 1000), q.BitRate != nil && !Within(*q.BitRate, 1000, maxBitRate):
		return Fault(wire.CodeBadSettings, "frameRate or bitRate is out of range")
	case !slices.Contains(orientations, q.Orientation):
		return Fault(wire.CodeBadSettings, "orientation must be any, landscape or portrait")
	case !slices.Contains(containers, q.Container):
		return Fault(wire.CodeBadSettings, "container must be auto, mp4 or webm")
	case !text.Fits(q.CameraID, maxTold):
		return Fault(wire.CodeBadSettings, "cameraId must be text of at most %d bytes", maxTold)
	}
	return nil
}

// cameraChanged tells the devices what is wanted of them now.
func cameraChanged(id string, after *cameraWish) []Notice {
	if after == nil {
		return nil
	}
	c := CameraChanged{Settings: after.Settings}
	if id != allCameras {
		c.DeviceID = &id
	}
	return []Notice{tell(wire.CameraSettings, c)}
}

// camera returns what is wanted of a device itself, or of all; nil for nothing.
func (s *State) camera(of string) *CameraSettings {
	if w := s.Cameras[of]; w != nil {
		return &w.Settings
	}
	return nil
}
