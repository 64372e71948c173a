package session

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// instant is a session time as it is stored: whole nanoseconds, so that reading
// it back gives the same instant, always a multiple of a microsecond.
type instant int64

// instantOf rounds t to the microseconds that the wire can carry.
func instantOf(t clock.SessionTime) instant { return instant((int64(t) + 500) / 1000 * 1000) }

func (i instant) time() clock.SessionTime            { return clock.SessionTime(i) }
func (i instant) add(d time.Duration) instant        { return i + instant(d) }
func (i instant) sub(j instant) time.Duration        { return time.Duration(i - j) }
func (i instant) iso() string                        { return time.Unix(0, int64(i)).UTC().Format(isoLayout) }
func millis(d time.Duration) float64                 { return float64(d) / float64(time.Millisecond) }
func clamp(d, low, high time.Duration) time.Duration { return max(low, min(d, high)) }

const isoLayout = "2006-01-02T15:04:05.000Z"

// meta is what belongs to a session as a whole.
type meta struct {
	CreatorID   string  `json:"creatorId"`
	CreatorName string  `json:"creatorName,omitempty"`
	Name        string  `json:"name,omitempty"`
	NamedAt     instant `json:"namedAt,omitempty"`
	Ended       instant `json:"ended,omitempty"`     // when the leader ended it; what is left is being removed
	TokenHash   []byte  `json:"tokenHash,omitempty"` // of the creator's token
	CreatedAt   instant `json:"createdAt"`
	LeaderID    string  `json:"leaderId"`
	LeaderSince instant `json:"leaderSince"`
	Asked       string  `json:"asked,omitempty"` // for the lead, first of all, while the leader was away
	AskedAt     instant `json:"askedAt,omitempty"`
	Revived     bool    `json:"revived,omitempty"` // brought back by a device that remembered it: its creator may still come
	Take        string  `json:"take,omitempty"`    // the start that was issued last, or is about to be
	TakeAt      instant `json:"takeAt,omitempty"`  // when that was decided
}

// user is a person and the devices that it brought.
type user struct {
	ID       string   `json:"id"`
	Username string   `json:"username"`
	Avatar   string   `json:"avatar,omitempty"`
	JoinedAt instant  `json:"joinedAt"`
	LastSeen instant  `json:"lastSeen"`
	Changed  instant  `json:"changed"` // when a device came or went last
	Devices  []device `json:"devices"` // in the order of joining, never none

	Edited    instant `json:"edited,omitempty"`    // when something but its connections changed
	TokenHash []byte  `json:"tokenHash,omitempty"` // of the secret in its user token
}

// device is one endpoint of a user.
type device struct {
	ID        string  `json:"id"`
	Type      string  `json:"type,omitempty"`
	View      string  `json:"view,omitempty"`
	UserAgent string  `json:"userAgent,omitempty"`
	NoRecords bool    `json:"noRecords,omitempty"` // no part of takes
	Silenced  bool    `json:"silenced,omitempty"`  // is to make no sound
	Removed   bool    `json:"removed,omitempty"`   // the leader removed it; what is left is being removed
	Role      Role    `json:"role,omitempty"`
	TokenHash []byte  `json:"tokenHash"` // of the secret in its resume token
	JoinedAt  instant `json:"joinedAt"`
	Connected bool    `json:"connected"`
	Conn      uint64  `json:"conn"`               // counts its connections
	Since     instant `json:"since"`              // when it got connected, or disconnected
	Instance  string  `json:"instance,omitempty"` // that it connected to last
}

// command is something that all devices do at one instant.
type command struct {
	ID        string          `json:"id"`
	Event     string          `json:"event"`
	Name      string          `json:"name,omitempty"`
	Payload   json.RawMessage `json:"payload,omitempty"`
	By        string          `json:"by,omitempty"` // the user; none over REST and for the service's own
	IssuedAt  instant         `json:"issuedAt"`
	Timestamp instant         `json:"timestamp"`
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
}

// played is what a playback_sync made of the timeline.
type played struct {
	Position  float64 `json:"position"` // s
	IsPlaying bool    `json:"isPlaying"`
	Rate      float64 `json:"rate"`
}

// ack is what one device has said about one command.
type ack struct {
	Armed   bool          `json:"armed,omitempty"`
	ArmedAt instant       `json:"armedAt,omitempty"` // when the server heard so
	Fired   bool          `json:"fired,omitempty"`
	FiredAt instant       `json:"firedAt,omitempty"` // when the device acted
	Late    bool          `json:"late,omitempty"`
	Bounded bool          `json:"bounded,omitempty"` // whether Bound is known
	Bound   time.Duration `json:"bound,omitempty"`   // of the device's clock when it reported

	Missed   string        `json:"missed,omitempty"`   // why it wasn't carried out; empty if it was, or nothing was said
	MissedBy time.Duration `json:"missedBy,omitempty"` // how late it was then
}

// recording is what one device records of one take.
type recording struct {
	ID         string        `json:"id"`
	Take       string        `json:"take"`   // the start command's id
	TakeAt     instant       `json:"takeAt"` // that command's timestamp
	Label      string        `json:"label,omitempty"`
	DeviceID   string        `json:"deviceId"`
	Owner      []byte        `json:"owner,omitempty"` // the device's TokenHash: who may upload
	Type       string        `json:"type"`
	View       string        `json:"view,omitempty"`
	User       string        `json:"user,omitempty"` // the name that the device's user had given when the take began
	Started    bool          `json:"started,omitempty"`
	Start      instant       `json:"start,omitempty"` // the first captured frame's
	StartBound time.Duration `json:"startBound,omitempty"`
	Stopped    bool          `json:"stopped,omitempty"`
	Stop       instant       `json:"stop,omitempty"` // the last captured frame's
	StopBound  time.Duration `json:"stopBound,omitempty"`
	Upload     string        `json:"upload,omitempty"` // uploading, uploaded or failed
	Heard      instant       `json:"heard,omitempty"`  // when something of the upload was heard
	Size       int64         `json:"size,omitempty"`   // bytes
	Path       string        `json:"path,omitempty"`   // of the file that this service took in
	SHA256     string        `json:"sha256,omitempty"` // hexadecimal, of that file
	FileType   string        `json:"fileType,omitempty"`

	Part    int              `json:"part,omitempty"` // of the device's; 0 as 1
	Report  *RecordingReport `json:"report,omitempty"`
	Deleted bool             `json:"deleted,omitempty"` // with its take: nothing else of it is kept
}

// completion says which recordings were all uploaded when.
type completion struct {
	Set []byte  `json:"set"` // hash of the recordings' ids
	At  instant `json:"at"`
}

// What a record is called; its key has the same name.
func (u *user) id() string      { return u.ID }
func (c *command) id() string   { return c.ID }
func (r *recording) id() string { return r.ID }
func (t *takeMeta) id() string  { return t.ID }

// entry is a key's value as of one revision, as the store has it.
type entry struct {
	Key      string
	Value    []byte // nil when the key has been deleted
	Revision uint64
}

// encode writes a record; payloads keep their bytes but for white space.
func encode(record any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(record); err != nil {
		return nil, fmt.Errorf("session: encode %T: %w", record, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func decode[T any](e entry) (*T, error) {
	if e.Value == nil {
		return nil, nil
	}
	record := new(T)
	if err := json.Unmarshal(e.Value, record); err != nil {
		return nil, fmt.Errorf("session: entry %s: %w", e.Key, err)
	}
	return record, nil
}
