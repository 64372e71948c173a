package session

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
	maxID      = 64   // bytes
	maxUserID  = 128  // bytes
	maxName    = 64   // characters of what people call themselves, devices and sessions
	maxAvatar  = 1024 // bytes
	maxPayload = 16 << 10
	maxAhead   = 24 * time.Hour
	maxListed  = 1000 // devices that a request names
)

// ValidSessionID tells whether a session may be called so: 1 to 64 letters,
// digits, underscores and hyphens.
func ValidSessionID(id string) bool { return isID(id, "") }

func isID(id, punctuation string) bool {
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

const badUserID = `a user's id must be 1 to 128 ASCII characters without spaces, " < > and \`

// ValidUserID tells whether a user may be called so: 1 to 128 visible ASCII characters but " < > and \.
func ValidUserID(id string) bool { return isUserID(id) }

// isUserID reports whether a user may be called so by programs. Whoever gives ids has a
// form of their own for them, such as auth0|5f7c8ec7 or kim+film@example.org.
func isUserID(id string) bool {
	if id == "" || len(id) > maxUserID || id[0] == '.' {
		return false
	}
	return strings.IndexFunc(id, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"<>\`, r) }) < 0
}

// isText reports whether *s is text of at most limit characters, and normalises it then:
// what people write is kept in one spelling.
func isText(s *string, limit int) (ok bool) {
	*s, ok = text.Clean(*s, limit)
	return ok
}

func (q *JoinRequest) validate() error {
	switch {
	case !ValidSessionID(q.SessionID):
		return fault(wire.CodeBadSessionID, "sessionId must be 1 to 64 letters, digits, _ or -")
	case q.UserID != "" && !isUserID(q.UserID), q.Admission.UserID != "" && !isUserID(q.Admission.UserID):
		return fault(wire.CodeBadUserID, badUserID)
	case !isText(&q.Username, maxName):
		return fault(wire.CodeBadUsername, "username must be text of at most 64 characters")
	case !text.Fits(q.Avatar, maxAvatar):
		return fault(wire.CodeBadAvatar, "avatar must be text of at most 1024 bytes")
	case q.DeviceType != "" && q.DeviceType != "desktop" && q.DeviceType != "mobile" && q.DeviceType != "native":
		return fault(wire.CodeBadDeviceType, "deviceType must be desktop, mobile or native")
	case !isText(&q.ViewType, maxName):
		return fault(wire.CodeBadViewType, "viewType must be text of at most 64 characters")
	case !text.Fits(q.UserAgent, 512):
		return fault(wire.CodeBadUserAgent, "userAgent must be text of at most 512 bytes")
	case len(q.ResumeToken) > 256:
		return fault(wire.CodeBadResumeToken, "resumeToken is too long")
	case q.UserToken != "" && !isUserToken(q.UserToken):
		return fault(wire.CodeBadUserToken, "userToken must be one of session_joined's")
	case len(q.CreatorToken) > 256:
		return fault(wire.CodeBadToken, "token is too long")
	}
	return nil
}

func isUserToken(token string) bool {
	id, secret := parseSecret(token)
	return isUserID(id) && isSecret(secret)
}

func (q *CreateRequest) validate() error {
	switch {
	case q.CreatorID != "" && !isUserID(q.CreatorID):
		return fault(wire.CodeBadUserID, badUserID)
	case !isText(&q.CreatorName, maxName):
		return fault(wire.CodeBadUsername, "creatorName must be text of at most 64 characters")
	case !isText(&q.Name, maxName):
		return badSessionName()
	}
	return nil
}

func (q *ScheduleRequest) validate() error {
	switch {
	case !isID(q.Name, ".:"):
		return fault(wire.CodeBadName, "name must be 1 to 64 letters, digits, _ - . or :")
	case len(q.Payload) > maxPayload:
		return fault(wire.CodePayloadTooLarge, "payload must be at most %d bytes", maxPayload)
	case len(q.Payload) > 0 && (!json.Valid(q.Payload) || !utf8.Valid(q.Payload)):
		return fault(wire.CodeBadPayload, "payload must be one JSON value in UTF-8")
	case q.MaxLate != nil && (*q.MaxLate < leastMaxLate || *q.MaxLate > mostMaxLate):
		return fault(wire.CodeBadMaxLate, "maxLateMs must be between 1 ms and 24 h")
	}
	return validateDelay(q.Delay)
}

func (q *StartRequest) validate() error {
	switch {
	case !isText(&q.PostureLabel, 128):
		return fault(wire.CodeBadLabel, "postureLabel must be text of at most 128 characters")
	case q.Devices != nil && (len(q.Devices) == 0 || len(q.Devices) > maxListed):
		return fault(wire.CodeBadDevices, "devices must be 1 to %d ids", maxListed)
	case q.Duration < 0 || q.Duration > maxAhead:
		return fault(wire.CodeBadDuration, "duration must be between 0 and 24 h")
	}
	return validateDelay(q.Delay)
}

func validateDelay(delay *time.Duration) error {
	if delay != nil && (*delay < 0 || *delay > maxAhead) {
		return fault(wire.CodeBadDelay, "delay must be between 0 and 24 h")
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
	return fmt.Sprintf("%.3g ms", millis(d))
}
