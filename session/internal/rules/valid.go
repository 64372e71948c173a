package rules

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/downbeat-sync/downbeat/internal/text"
	"github.com/downbeat-sync/downbeat/wire"
)

const (
	maxID      = 64       // bytes
	maxUserID  = 128      // bytes
	MaxName    = 64       // characters of what people call themselves, devices and sessions
	MaxAvatar  = 1024     // bytes
	MaxPayload = 16 << 10 // bytes
	maxAhead   = 24 * time.Hour
	MaxListed  = 1000 // devices that a request names
)

// ValidSessionID tells whether a session may be called so: 1 to 64 letters,
// digits, underscores and hyphens.
func ValidSessionID(id string) bool { return IsID(id, "") }

// IsID reports whether s is 1 to 64 letters, digits, _ or -, or one of the others.
func IsID(id, punctuation string) bool {
	if id == "" || len(id) > maxID || id[0] == '.' {
		return false
	}
	for i := range len(id) {
		if !isWord(id[i]) && !strings.Contains(punctuation, id[i:i+1]) {
			return false
		}
	}
	return true
}

// BadUserID says in a refusal what a user may be called.
const BadUserID = `a user's id must be 1 to 128 ASCII characters without spaces, " < > and \`

// IsUserID reports whether a user may be called so by programs. Whoever gives ids has a
// form of their own for them, such as auth0|5f7c8ec7 or kim+film@example.org.
func IsUserID(id string) bool {
	if id == "" || len(id) > maxUserID || id[0] == '.' {
		return false
	}
	return strings.IndexFunc(id, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"<>\`, r) }) < 0
}

// IsText reports whether *s is text of at most limit characters, and normalises it then:
// what people write is kept in one spelling.
func IsText(s *string, limit int) (ok bool) {
	*s, ok = text.Clean(*s, limit)
	return ok
}

// Validate refuses what can't be true of anybody who joins.
func (q *JoinRequest) Validate() error {
	switch {
	case !ValidSessionID(q.SessionID):
		return Fault(wire.CodeBadSessionID, "sessionId must be 1 to 64 letters, digits, _ or -")
	case q.UserID != "" && !IsUserID(q.UserID), q.Admission.UserID != "" && !IsUserID(q.Admission.UserID):
		return Fault(wire.CodeBadUserID, BadUserID)
	case !IsText(&q.Username, MaxName):
		return Fault(wire.CodeBadUsername, "username must be text of at most 64 characters")
	case !text.Fits(q.Avatar, MaxAvatar):
		return Fault(wire.CodeBadAvatar, "avatar must be text of at most 1024 bytes")
	case q.DeviceType != "" && q.DeviceType != "desktop" && q.DeviceType != "mobile" && q.DeviceType != "native":
		return Fault(wire.CodeBadDeviceType, "deviceType must be desktop, mobile or native")
	case !IsText(&q.ViewType, MaxName):
		return Fault(wire.CodeBadViewType, "viewType must be text of at most 64 characters")
	case !text.Fits(q.UserAgent, 512):
		return Fault(wire.CodeBadUserAgent, "userAgent must be text of at most 512 bytes")
	case len(q.ResumeToken) > 256:
		return Fault(wire.CodeBadResumeToken, "resumeToken is too long")
	case q.UserToken != "" && !isUserToken(q.UserToken):
		return Fault(wire.CodeBadUserToken, "userToken must be one of session_joined's")
	case len(q.CreatorToken) > 256:
		return Fault(wire.CodeBadToken, "token is too long")
	}
	return nil
}

func isUserToken(token string) bool {
	id, secret := ParseSecret(token)
	return IsUserID(id) && isSecret(secret)
}

// Validate refuses a command that can't be.
func (q *ScheduleRequest) Validate() error {
	switch {
	case !IsID(q.Name, ".:"):
		return Fault(wire.CodeBadName, "name must be 1 to 64 letters, digits, _ - . or :")
	case len(q.Payload) > MaxPayload:
		return Fault(wire.CodePayloadTooLarge, "payload must be at most %d bytes", MaxPayload)
	case len(q.Payload) > 0 && (!json.Valid(q.Payload) || !utf8.Valid(q.Payload)):
		return Fault(wire.CodeBadPayload, "payload must be one JSON value in UTF-8")
	case q.MaxLate != nil && (*q.MaxLate < leastMaxLate || *q.MaxLate > mostMaxLate):
		return Fault(wire.CodeBadMaxLate, "maxLateMs must be between 1 ms and 24 h")
	}
	return validateDelay(q.Delay)
}

// Validate refuses a take that can't be.
func (q *StartRequest) Validate() error {
	switch {
	case !IsText(&q.PostureLabel, 128):
		return Fault(wire.CodeBadLabel, "postureLabel must be text of at most 128 characters")
	case q.Devices != nil && (len(q.Devices) == 0 || len(q.Devices) > MaxListed):
		return Fault(wire.CodeBadDevices, "devices must be 1 to %d ids", MaxListed)
	case q.Duration < 0 || q.Duration > maxAhead:
		return Fault(wire.CodeBadDuration, "duration must be between 0 and 24 h")
	}
	return validateDelay(q.Delay)
}

func validateDelay(delay *time.Duration) error {
	if delay != nil && (*delay < 0 || *delay > maxAhead) {
		return Fault(wire.CodeBadDelay, "delay must be between 0 and 24 h")
	}
	return nil
}

// span says how long a time is, in the unit that suits it.
func span(d time.Duration) string {
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "days"}, {time.Hour, "hours"}, {time.Minute, "minutes"}, {time.Second, "seconds"}} {
		if d >= 2*unit.of {
			return fmt.Sprintf("%d %s", d/unit.of, unit.name)
		}
	}
	return fmt.Sprintf("%.3g ms", Millis(d))
}
