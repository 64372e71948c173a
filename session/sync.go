package session

import (
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/clock"
)

// Clocks tells how well the clocks of the devices are known. Its methods must
// return at once and must not call the service.
type Clocks interface {
	// Quality returns what is known of a device's clock now, by this instance or by the
	// one that the device is connected to; ok is false where that is nothing.
	Quality(deviceID string) (q Quality, ok bool)
	// Burst asks for a burst of measurements that ends right before an instant.
	Burst(deviceID string, before clock.SessionTime)
}

// Quality is what is known of a device's clock.
type Quality struct {
	Estimate clock.Estimate
	Path     string // websocket, udp, tcp, or empty when there is none
	Hidden   bool   // the device's page is hidden
	// Shared is the part of the estimate's 99 % bound that all devices of an instance have in common:
	// by how much its session time may be off.
	Shared time.Duration
	// Common is the least that Shared was in any map that the device may have gone by for a reading that it
	// made from Since on; earlier ones have no common part that is known.
	Common time.Duration
	Since  clock.SessionTime
	// NoClock is of a device that has none: of its Estimate Delay and Jitter alone are known.
	NoClock bool
}

// common returns what a reading of a device that is connected here has in common with those
// of this instance's other devices.
func (s *Service) common(deviceID string, at clock.SessionTime) (part time.Duration, instance string) {
	q, ok := s.cfg.Clocks.Quality(deviceID)
	if !ok || q.Common == 0 || at < q.Since {
		return 0, ""
	}
	return q.Common, s.cfg.Instance
}

// SyncStatus is the data of sync_status.
type SyncStatus struct {
	SessionID string            `json:"sessionId"`
	Timestamp clock.SessionTime `json:"timestamp"`
	Devices   []DeviceSync      `json:"devices"` // the connected ones, the longest joined first
}

// DeviceSync is how well a device's clock is known.
type DeviceSync struct {
	DeviceID string  `json:"deviceId"`
	OffsetMs float64 `json:"offsetMs"` // device time − session time
	BoundMs  float64 `json:"boundMs"`  // 99 %; 0 while unsynced
	HardMs   float64 `json:"hardMs"`
	SharedMs float64 `json:"sharedMs"` // the part of boundMs by which its server's session time may be off; 0 for one server
	DelayMs  float64 `json:"delayMs"`
	JitterMs float64 `json:"jitterMs"`
	SkewPpm  float64 `json:"skewPpm"`
	Path     string  `json:"path"`
	State    string  `json:"state"` // unsynced, settling, tracking, holdover; none: it has no clock
	Hidden   bool    `json:"hidden"`

	LeadMs     float64  `json:"leadMs"`     // how far ahead it needs a command
	LeftBehind []string `json:"leftBehind"` // what the others don't wait for it with: lead, buffering

	Desync *DesyncStats  `json:"desync"` // null before the device has reported any
	Status *DeviceStatus `json:"status"` // null before the device has told one
}

// With what the others don't wait for a device any more.
const (
	behindLead      = "lead"      // commands don't lie as far ahead as it needs
	behindBuffering = "buffering" // the medium goes on although it has to load
)

// syncStatus is called with room.mu held.
func (r *room) syncStatus(now rules.Instant) SyncStatus {
	status := SyncStatus{r.id, now.Time(), []DeviceSync{}}
	links := r.links()
	needs, given := make(map[string]time.Duration, len(links)), r.leadOver(links)
	for _, n := range r.state.Needs(links) {
		needs[n.DeviceID] = n.Lead
	}
	for _, d := range r.state.DevicesByJoining() {
		if d.Connected {
			q, ok := r.svc.cfg.Clocks.Quality(d.ID)
			sync := deviceSync(d.ID, q, ok)
			sync.LeadMs, sync.LeftBehind = rules.Millis(needs[d.ID]), []string{}
			if needs[d.ID] > given {
				sync.LeftBehind = append(sync.LeftBehind, behindLead)
			}
			if r.state.Playback.LeftBehind(d.ID, now) {
				sync.LeftBehind = append(sync.LeftBehind, behindBuffering)
			}
			sync.Desync, sync.Status = r.desyncOf(d.ID), r.statusOf(d.ID)
			status.Devices = append(status.Devices, sync)
		}
	}
	return status
}

func deviceSync(deviceID string, q Quality, ok bool) DeviceSync {
	if !ok {
		return DeviceSync{DeviceID: deviceID, State: stateName(clock.Unsynced)}
	}
	e := q.Estimate
	state := stateName(e.State)
	if q.NoClock {
		state = "none"
	}
	return DeviceSync{
		DeviceID: deviceID, OffsetMs: rules.Millis(e.Offset), BoundMs: rules.Millis(e.Bound), HardMs: rules.Millis(e.Hard),
		DelayMs: rules.Millis(e.Delay), JitterMs: rules.Millis(e.Jitter), SkewPpm: e.Skew * 1e6,
		SharedMs: rules.Millis(q.Shared), Path: q.Path, State: state, Hidden: q.Hidden,
	}
}

func stateName(s clock.State) string {
	switch s {
	case clock.Settling:
		return "settling"
	case clock.Tracking:
		return "tracking"
	case clock.Holdover:
		return "holdover"
	}
	return "unsynced"
}

// noClocks knows no clock.
type noClocks struct{}

func (noClocks) Quality(string) (Quality, bool)  { return Quality{}, false }
func (noClocks) Burst(string, clock.SessionTime) {}
