package session

import (
	"slices"

	"github.com/downbeat-sync/downbeat/clock"
)

// DeviceStatus is how a device says that it is. What it doesn't say is unknown: nil,
// or empty.
type DeviceStatus struct {
	Battery      *float64 `json:"battery,omitempty"` // 0 to 1
	Charging     *bool    `json:"charging,omitempty"`
	Camera       string   `json:"camera,omitempty"`       // off, ready, recording, frozen, lost or refused
	PendingBytes *int64   `json:"pendingBytes,omitempty"` // recorded, and not yet confirmed by the server
	FreeBytes    *int64   `json:"freeBytes,omitempty"`    // of storage, left on the device
	Note         string   `json:"note,omitempty"`         // for people

	Timestamp clock.SessionTime `json:"timestamp"` // when this instance heard so
}

// cameras are what a camera may be; the empty one is unknown.
var cameras = []string{"", "off", "ready", "recording", "frozen", "lost", "refused"}

// SetStatus notes how the device is, in the place of what it said before. It is
// kept as long as the membership, by this instance alone.
func (m *Member) SetStatus(s DeviceStatus) error {
	if err := s.validate(); err != nil {
		return err
	}
	if err := m.begin(); err != nil {
		return err
	}
	defer m.svc.exit(m.room)
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	s.Timestamp = m.svc.now().time()
	m.status = &s
	return nil
}

func (s *DeviceStatus) validate() error {
	switch {
	case s.Battery != nil && !within(*s.Battery, 0, 1):
		return fault(CodeBadStatus, "battery must be from 0 to 1")
	case !slices.Contains(cameras, s.Camera):
		return fault(CodeBadStatus, "camera must be off, ready, recording, frozen, lost or refused")
	case !isSize(s.PendingBytes), !isSize(s.FreeBytes):
		return fault(CodeBadStatus, "pendingBytes and freeBytes must be numbers of bytes that aren't negative")
	case !isText(&s.Note, 128):
		return fault(CodeBadStatus, "note must be text of at most 128 characters")
	}
	return nil
}

func isSize(n *int64) bool { return n == nil || *n >= 0 && *n <= maxFileSize }

// statusOf returns how a device says that it is, nil before it did. Called with
// room.mu held.
func (r *room) statusOf(deviceID string) *DeviceStatus {
	if m := r.members[deviceID]; m != nil {
		return m.status
	}
	return nil
}
