package session

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

// Joined is what one who joins is answered with.
type Joined struct {
	SessionJoined SessionJoined
	JoinedSession *JoinedSession // for one who joined with a deviceType
}

// SessionJoined is the data of session_joined.
type SessionJoined struct {
	SessionID   string   `json:"sessionId"`
	UserID      string   `json:"userId"`
	DeviceID    string   `json:"deviceId"`
	IsLeader    bool     `json:"isLeader"`
	ResumeToken string   `json:"resumeToken"`
	UserToken   string   `json:"userToken,omitempty"`   // of a user who is new, or who was joined by it
	Role        Role     `json:"role,omitempty"`        // of the device; empty: it may do everything
	RecordingID string   `json:"recordingId,omitempty"` // this device's own of the take that is scheduled or under way
	Session     Snapshot `json:"session"`
	JoinKey     string   `json:"joinKey,omitempty"` // of the session's link for devices, where it has one; filled in by the caller
	Keys        *Keys    `json:"keys,omitempty"`    // of all its links, for those who may lead; filled in by the caller
	Answer      string   `json:"answer,omitempty"`  // SDP, filled in by the caller
}

// Keys are those of a session's links: for devices, for who watches, and for who directs.
type Keys struct {
	Device string `json:"device"`
	Watch  string `json:"watch"`
	Direct string `json:"direct"`
}

// JoinedSession is the data of joined_session.
type JoinedSession struct {
	Success   bool              `json:"success"`
	DeviceID  string            `json:"deviceId"`
	Session   SessionStatus     `json:"session"`
	Timestamp clock.SessionTime `json:"timestamp"`
}

// SessionStatus is the session as joined_session has it.
type SessionStatus struct {
	ID     string `json:"id"`
	Status string `json:"status"`
}

func (s *state) snapshot(now instant) Snapshot {
	m := s.meta
	if m == nil { // removed under the feet of one who is still there
		m = &meta{}
	}
	snap := Snapshot{
		SessionID: s.id, Name: m.Name, CreatorID: m.CreatorID, LeaderID: m.LeaderID, Status: s.status(now),
		Users: s.members().users, Devices: s.members().devices,
		PlaybackState: s.playback.at(now).settled(now).wire(), Media: s.playback.media(now), Take: s.takeUnderWay(now), Camera: s.camera(allCameras), CreatedAt: m.CreatedAt.iso(),
		LastActivity: s.lastActivity().time(), UserCount: len(s.users), roster: s.members(),
	}
	return snap
}

func (s *state) status(now instant) string {
	if s.activeTake(now) != nil {
		return "recording"
	}
	if set := s.uploadedSet(now); set != nil && s.completed != nil && bytes.Equal(set, s.completed.Set) {
		return "completed"
	}
	return "active"
}

func (s *state) summary(now instant) Summary {
	return Summary{
		s.id, len(s.users), s.playback != nil && s.playback.MediaURL != "",
		s.meta.CreatedAt.iso(), s.lastActivity().time(),
		s.meta.Name, s.nameOf(s.meta.LeaderID), s.connectedCount(), s.status(now),
	}
}

// lastActivity returns when something was last heard or asked for.
func (s *state) lastActivity() instant {
	last := instant(0)
	if s.meta != nil {
		last = s.meta.CreatedAt
	}
	for _, u := range s.users {
		last = max(last, u.LastSeen)
	}
	for _, c := range s.commands {
		last = max(last, c.IssuedAt)
	}
	for _, r := range s.recordings {
		last = max(last, r.Heard)
	}
	return last
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
