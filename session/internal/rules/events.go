package rules

import (
	"encoding/json"

	"github.com/downbeat-sync/downbeat/clock"
)

// UserJoined is the data of user_joined: a user got its first connected device.
type UserJoined struct {
	UserID    string            `json:"userId"`
	Username  string            `json:"username"`
	Avatar    string            `json:"avatar"`
	Timestamp clock.SessionTime `json:"timestamp"`
}

// UserLeft is the data of user_left: a user left, or its last device is disconnected.
type UserLeft struct {
	UserID    string            `json:"userId"`
	Username  string            `json:"username"`
	Timestamp clock.SessionTime `json:"timestamp"`
}

// DeviceJoined is the data of device_joined: a device got connected.
type DeviceJoined struct {
	DeviceID   string            `json:"deviceId"`
	DeviceType string            `json:"deviceType"` // empty for one that joined as a user
	ViewType   string            `json:"viewType"`
	Timestamp  clock.SessionTime `json:"timestamp"`
	UserID     string            `json:"userId"`
	Records    bool              `json:"records"`
	Silenced   bool              `json:"silenced"`
}

// DeviceChanged is the data of device_changed: something but the connection of a device is
// otherwise.
type DeviceChanged struct {
	DeviceID   string            `json:"deviceId"`
	UserID     string            `json:"userId"`
	DeviceType string            `json:"deviceType"`
	ViewType   string            `json:"viewType"`
	Records    bool              `json:"records"`
	Silenced   bool              `json:"silenced"`
	Timestamp  clock.SessionTime `json:"timestamp"`
}

// DeviceRemoved is the data of device_removed: a device has left or was removed, and is no
// part of the session any more; its user neither, if it was its last one.
type DeviceRemoved struct {
	DeviceID  string            `json:"deviceId"`
	UserID    string            `json:"userId"`
	Timestamp clock.SessionTime `json:"timestamp"`
}

// UserChanged is the data of user_changed: a user is called otherwise.
type UserChanged struct {
	UserID    string            `json:"userId"`
	Username  string            `json:"username"`
	Avatar    string            `json:"avatar"`
	Timestamp clock.SessionTime `json:"timestamp"`
}

// SessionChanged is the data of session_changed.
type SessionChanged struct {
	Name      string            `json:"name"` // empty: none
	Timestamp clock.SessionTime `json:"timestamp"`
}

// SessionEnded is the data of session_ended: the leader ended the session.
type SessionEnded struct {
	Timestamp clock.SessionTime `json:"timestamp"`
}

// DeviceDisconnected is the data of device_disconnected: a device's connection
// is gone, or the device has left.
type DeviceDisconnected struct {
	DeviceID  string            `json:"deviceId"`
	Timestamp clock.SessionTime `json:"timestamp"`
}

// LeadershipChanged is the data of leadership_changed.
type LeadershipChanged struct {
	NewLeaderID   string            `json:"newLeaderId"`
	NewLeaderName string            `json:"newLeaderName"`
	Timestamp     clock.SessionTime `json:"timestamp"`
}

// Command is the data of command.
type Command struct {
	CommandID string            `json:"commandId"`
	Name      string            `json:"name"`
	Payload   json.RawMessage   `json:"payload"` // as the leader gave it; null if it gave none
	Timestamp clock.SessionTime `json:"timestamp"`
	MaxLateMs float64           `json:"maxLateMs"` // who would act later than this after Timestamp doesn't
}

// StartRecording is the data of start_recording.
type StartRecording struct {
	CommandID    string            `json:"commandId"`
	PostureLabel string            `json:"postureLabel"`
	Duration     float64           `json:"duration"` // ms; 0 = until stopped
	Timestamp    clock.SessionTime `json:"timestamp"`
	RecordingID  string            `json:"recordingId,omitempty"` // this device's own, if it records
}

// StopRecording is the data of stop_recording.
type StopRecording struct {
	CommandID string            `json:"commandId"`
	Timestamp clock.SessionTime `json:"timestamp"`
}

// Cancelled is the data of cancelled.
type Cancelled struct {
	CommandID string `json:"commandId"`
	Reason    string `json:"reason"`
}

// PlaybackSync is the data of playback_sync.
type PlaybackSync struct {
	PlaybackState
	Timestamp clock.SessionTime `json:"timestamp"` // the same as LastUpdateTime
	LeaderID  string            `json:"leaderId"`  // empty where the service itself did it, to wait or to go on
	CommandID string            `json:"commandId"`

	WaitingFor []string `json:"waitingFor,omitempty"` // devices that have to load before it goes on
}

// SessionCompleted is the data of session_completed: every recording is uploaded.
type SessionCompleted struct {
	SessionID string            `json:"sessionId"`
	Timestamp clock.SessionTime `json:"timestamp"`
}
