package rules

import (
	"bytes"
	"maps"
	"slices"

	"github.com/downbeat-sync/downbeat/clock"
)

// Snapshot is a session as the protocol's session object has it. Users and Devices are shared
// with other snapshots, and not to be modified.
type Snapshot struct {
	SessionID     string            `json:"sessionId"`
	Name          string            `json:"name"` // empty: none
	CreatorID     string            `json:"creatorId"`
	LeaderID      string            `json:"leaderId"`
	Status        string            `json:"status"` // active, recording or completed
	Users         []UserState       `json:"users"`  // the longest joined first
	Devices       []DeviceState     `json:"devices"`
	PlaybackState PlaybackState     `json:"playbackState"`
	Media         *Media            `json:"media,omitempty"` // what playbackState is of; none before any
	Take          *Take             `json:"take"`            // null while none is scheduled or under way
	Camera        *CameraSettings   `json:"camera"`          // what is wanted of all devices that record; null for nothing
	CreatedAt     string            `json:"createdAt"`       // ISO 8601
	LastActivity  clock.SessionTime `json:"lastActivity"`
	UserCount     int               `json:"userCount"` // connected or not

	roster *roster // where Users and Devices are from
}

// Take is a take that is scheduled or under way: until the instant of its stop.
type Take struct {
	TakeID        string             `json:"takeId"` // the start's commandId
	PostureLabel  string             `json:"postureLabel"`
	Timestamp     clock.SessionTime  `json:"timestamp"`     // when all start
	Duration      float64            `json:"duration"`      // ms; 0 = until stopped
	StopTimestamp *clock.SessionTime `json:"stopTimestamp"` // null before a stop is issued
	StopCommandID *string            `json:"stopCommandId"`
	Devices       []string           `json:"devices"` // the ones that record; null: all that do
}

// UserState is a user of a Snapshot.
type UserState struct {
	ID          string            `json:"id"`
	Username    string            `json:"username"`
	Avatar      string            `json:"avatar"`
	JoinedAt    string            `json:"joinedAt"` // ISO 8601
	LastSeen    clock.SessionTime `json:"lastSeen"` // to about ten seconds
	IsConnected bool              `json:"isConnected"`
	IsLeader    bool              `json:"isLeader"`
}

// DeviceState is a device of a Snapshot.
type DeviceState struct {
	DeviceID    string `json:"deviceId"`
	UserID      string `json:"userId"`
	DeviceType  string `json:"deviceType"`
	ViewType    string `json:"viewType"`
	IsConnected bool   `json:"isConnected"`
	Records     bool   `json:"records"`  // whether it takes part in takes
	Silenced    bool   `json:"silenced"` // whether it is to make no sound

	Camera *CameraSettings `json:"camera"` // what is wanted of it itself; null for nothing
}

// Summary is a session in the list of all.
type Summary struct {
	SessionID    string            `json:"sessionId"`
	UserCount    int               `json:"userCount"`
	HasMedia     bool              `json:"hasMedia"`
	CreatedAt    string            `json:"createdAt"` // ISO 8601
	LastActivity clock.SessionTime `json:"lastActivity"`

	Name           string `json:"name"`
	LeaderName     string `json:"leaderName"` // empty while nobody is known to lead
	ConnectedCount int    `json:"connectedCount"`
	Status         string `json:"status"` // as in a Snapshot
}

// Snapshot returns the session as the protocol has it.
func (s *State) Snapshot(now Instant) Snapshot {
	m := s.Meta
	if m == nil { // removed under the feet of one who is still there
		m = &Meta{}
	}
	snap := Snapshot{
		SessionID: s.ID, Name: m.Name, CreatorID: m.CreatorID, LeaderID: m.LeaderID, Status: s.Status(now),
		Users: s.members().users, Devices: s.members().devices,
		PlaybackState: s.Playback.At(now).Settled(now).Wire(), Media: s.Playback.media(now), Take: s.takeUnderWay(now), Camera: s.camera(allCameras), CreatedAt: m.CreatedAt.iso(),
		LastActivity: s.LastActivity().Time(), UserCount: len(s.Users), roster: s.members(),
	}
	return snap
}

// Status returns active, recording or completed.
func (s *State) Status(now Instant) string {
	if s.activeTake(now) != nil {
		return "recording"
	}
	if set := s.uploadedSet(now); set != nil && s.completed != nil && bytes.Equal(set, s.completed.Set) {
		return "completed"
	}
	return "active"
}

// Summary returns the session as the list of all has it.
func (s *State) Summary(now Instant) Summary {
	return Summary{
		s.ID, len(s.Users), s.Playback != nil && s.Playback.MediaURL != "",
		s.Meta.CreatedAt.iso(), s.LastActivity().Time(),
		s.Meta.Name, s.nameOf(s.Meta.LeaderID), s.connectedCount(), s.Status(now),
	}
}

// LastActivity returns when something was last heard or asked for.
func (s *State) LastActivity() Instant {
	last := Instant(0)
	if s.Meta != nil {
		last = max(s.Meta.CreatedAt, s.Meta.Active)
	}
	for _, u := range s.Users {
		last = max(last, s.lastSeen(u))
	}
	for _, c := range s.Commands {
		last = max(last, c.IssuedAt)
	}
	for _, r := range s.Recordings {
		last = max(last, r.Heard)
	}
	return last
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
