package session

import (
	"github.com/downbeat-sync/downbeat/clock"
)

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
