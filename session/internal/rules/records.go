package rules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// Instant is a session time as it is stored: whole nanoseconds, so that reading
// it back gives the same instant, always a multiple of a microsecond.
type Instant int64

// InstantOf rounds t to the microseconds that the wire can carry.
func InstantOf(t clock.SessionTime) Instant { return Instant((int64(t) + 500) / 1000 * 1000) }

// Time returns the instant as a session time.
func (i Instant) Time() clock.SessionTime { return clock.SessionTime(i) }

// Add returns the instant d later.
func (i Instant) Add(d time.Duration) Instant { return i + Instant(d) }

// Sub returns the time from j to i.
func (i Instant) Sub(j Instant) time.Duration { return time.Duration(i - j) }
func (i Instant) iso() string                 { return time.Unix(0, int64(i)).UTC().Format(isoLayout) }

// Millis returns a duration in milliseconds.
func Millis(d time.Duration) float64                 { return float64(d) / float64(time.Millisecond) }
func clamp(d, low, high time.Duration) time.Duration { return max(low, min(d, high)) }

const isoLayout = "2006-01-02T15:04:05.000Z"

// Meta is what belongs to a session as a whole.
type Meta struct {
	CreatorID   string  `json:"creatorId"`
	CreatorName string  `json:"creatorName,omitempty"`
	Name        string  `json:"name,omitempty"`
	NamedAt     Instant `json:"namedAt,omitempty"`
	Ended       Instant `json:"ended,omitempty"`     // when the leader ended it; what is left is being removed
	TokenHash   []byte  `json:"tokenHash,omitempty"` // of the creator's token
	CreatedAt   Instant `json:"createdAt"`
	LeaderID    string  `json:"leaderId"`
	LeaderSince Instant `json:"leaderSince"`
	Asked       string  `json:"asked,omitempty"` // for the lead, first of all, while the leader was away
	AskedAt     Instant `json:"askedAt,omitempty"`
	Revived     bool    `json:"revived,omitempty"` // brought back by a device that remembered it: its creator may still come
	Active      Instant `json:"active,omitempty"`  // when somebody was heard, to a part of the time that the session is kept idle
	Take        string  `json:"take,omitempty"`    // the start that was issued last, or is about to be
	TakeAt      Instant `json:"takeAt,omitempty"`  // when that was decided
}

// User is a person and the devices that it brought.
type User struct {
	ID       string   `json:"id"`
	Username string   `json:"username"`
	Avatar   string   `json:"avatar,omitempty"`
	JoinedAt Instant  `json:"joinedAt"`
	LastSeen Instant  `json:"lastSeen"`
	Changed  Instant  `json:"changed"` // when a device came or went last
	Devices  []Device `json:"devices"` // in the order of joining, never none

	Edited    Instant `json:"edited,omitempty"`    // when something but its connections changed
	TokenHash []byte  `json:"tokenHash,omitempty"` // of the secret in its user token
	ByName    bool    `json:"byName,omitempty"`    // it keeps no token: who names it is it
}

// Device is one endpoint of a user.
type Device struct {
	ID        string  `json:"id"`
	Type      string  `json:"type,omitempty"`
	View      string  `json:"view,omitempty"`
	UserAgent string  `json:"userAgent,omitempty"`
	NoRecords bool    `json:"noRecords,omitempty"` // no part of takes
	Silenced  bool    `json:"silenced,omitempty"`  // is to make no sound
	Removed   bool    `json:"removed,omitempty"`   // the leader removed it; what is left is being removed
	Role      Role    `json:"role,omitempty"`
	NoClock   bool    `json:"noClock,omitempty"` // it acts when it hears a command
	TokenHash []byte  `json:"tokenHash"`         // of the secret in its resume token
	JoinedAt  Instant `json:"joinedAt"`
	Connected bool    `json:"connected"`
	Conn      uint64  `json:"conn"`               // counts its connections
	Since     Instant `json:"since"`              // when it got connected, or disconnected
	Instance  string  `json:"instance,omitempty"` // that it connected to last
}

// CommandRecord is something that all devices do at one instant.
type CommandRecord struct {
	ID        string          `json:"id"`
	Event     string          `json:"event"`
	Name      string          `json:"name,omitempty"`
	Payload   json.RawMessage `json:"payload,omitempty"`
	By        string          `json:"by,omitempty"` // the user; none over REST and for the service's own
	IssuedAt  Instant         `json:"issuedAt"`
	Timestamp Instant         `json:"timestamp"`
	Label     string          `json:"label,omitempty"`    // start_recording: the posture's
	Duration  time.Duration   `json:"duration,omitempty"` // start_recording: 0 = until stopped
	Take      string          `json:"take,omitempty"`     // stop_recording: the start's id
	Planned   bool            `json:"planned,omitempty"`  // start_recording: its recordings have their entries
	Cancelled bool            `json:"cancelled,omitempty"`
	Reason    string          `json:"reason,omitempty"`  // of the cancellation
	Devices   []string        `json:"devices,omitempty"` // start_recording: the ones that record; nil: all that do
	Play      *played         `json:"play,omitempty"`    // playback_sync: what it brought
	Paged     bool            `json:"paged,omitempty"`   // it is in a page of the history as well
	MaxLate   time.Duration   `json:"maxLate,omitempty"` // command: how late it may be carried out; 0: the default
	Unended   bool            `json:"unended,omitempty"` // start_recording: its duration is told, and its asker stops it
}

// played is what a playback_sync made of the timeline.
type played struct {
	Position  float64 `json:"position"` // s
	IsPlaying bool    `json:"isPlaying"`
	Rate      float64 `json:"rate"`
}

// Ack is what one device has said about one command.
type Ack struct {
	Armed   bool          `json:"armed,omitempty"`
	ArmedAt Instant       `json:"armedAt,omitempty"` // when the server heard so
	Fired   bool          `json:"fired,omitempty"`
	FiredAt Instant       `json:"firedAt,omitempty"` // when the device acted
	Late    bool          `json:"late,omitempty"`
	Heard   bool          `json:"heard,omitempty"`   // FiredAt is when the device, which has no clock, heard of the command
	Bounded bool          `json:"bounded,omitempty"` // whether Bound is known
	Bound   time.Duration `json:"bound,omitempty"`   // of the device's clock when it reported

	Common   time.Duration `json:"common,omitempty"`   // the part of Bound that Instance's devices have in common
	Instance string        `json:"instance,omitempty"` // empty where there is no such part

	Missed   string        `json:"missed,omitempty"`   // why it wasn't carried out; empty if it was, or nothing was said
	MissedBy time.Duration `json:"missedBy,omitempty"` // how late it was then
}

// RecordingRecord is what one device records of one take.
type RecordingRecord struct {
	ID         string        `json:"id"`
	Take       string        `json:"take"`   // the start command's id
	TakeAt     Instant       `json:"takeAt"` // that command's timestamp
	Label      string        `json:"label,omitempty"`
	DeviceID   string        `json:"deviceId"`
	Owner      []byte        `json:"owner,omitempty"` // the device's TokenHash: who may upload
	Type       string        `json:"type"`
	View       string        `json:"view,omitempty"`
	User       string        `json:"user,omitempty"` // the name that the device's user had given when the take began
	Started    bool          `json:"started,omitempty"`
	Start      Instant       `json:"start,omitempty"` // the first captured frame's
	StartBound time.Duration `json:"startBound,omitempty"`
	Common     time.Duration `json:"common,omitempty"`   // the part of StartBound that Instance's devices have in common
	Instance   string        `json:"instance,omitempty"` // empty where there is no such part
	Stopped    bool          `json:"stopped,omitempty"`
	Stop       Instant       `json:"stop,omitempty"` // the last captured frame's
	StopBound  time.Duration `json:"stopBound,omitempty"`
	Upload     string        `json:"upload,omitempty"` // uploading, uploaded or failed
	Heard      Instant       `json:"heard,omitempty"`  // when something of the upload was heard
	Size       int64         `json:"size,omitempty"`   // bytes
	Path       string        `json:"path,omitempty"`   // of the file that this service took in
	SHA256     string        `json:"sha256,omitempty"` // hexadecimal, of that file
	FileType   string        `json:"fileType,omitempty"`
	Disk       string        `json:"disk,omitempty"` // which has the file, or what has come of it; empty: every instance's

	Part    int              `json:"part,omitempty"` // of the device's; 0 as 1
	Report  *RecordingReport `json:"report,omitempty"`
	Deleted bool             `json:"deleted,omitempty"` // with its take: nothing else of it is kept
}

// completion says which recordings were all uploaded when.
type completion struct {
	Set []byte  `json:"set"` // hash of the recordings' ids
	At  Instant `json:"at"`
}

// What a record is called; its key has the same name.
func (u *User) id() string            { return u.ID }
func (c *CommandRecord) id() string   { return c.ID }
func (r *RecordingRecord) id() string { return r.ID }
func (t *takeMeta) id() string        { return t.ID }

// Entry is a key's value as of one revision, as the store has it.
type Entry struct {
	Key      string
	Value    []byte // nil when the key has been deleted
	Revision uint64
}

// Encode writes a record; payloads keep their bytes but for white space.
func Encode(record any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(record); err != nil {
		return nil, fmt.Errorf("session: encode %T: %w", record, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Decode reads the record of an entry; nil of one that is deleted.
func Decode[T any](e Entry) (*T, error) {
	if e.Value == nil {
		return nil, nil
	}
	record := new(T)
	if err := json.Unmarshal(e.Value, record); err != nil {
		return nil, fmt.Errorf("session: entry %s: %w", e.Key, err)
	}
	return record, nil
}
