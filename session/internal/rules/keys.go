package rules

import (
	"fmt"
	"strings"
)

// Kind is what an entry of a session is about: the third token of its key.
type Kind string

// What entries are about.
const (
	KindMeta      Kind = "meta"
	KindUser      Kind = "user"
	KindCommand   Kind = "command"
	KindReport    Kind = "report"
	KindRecording Kind = "recording"
	KindPlayback  Kind = "playback"
	KindCompleted Kind = "completed"
	KindTake      Kind = "take"
	kindCamera    Kind = "camera"
)

// Metas matches the one entry that every session has.
const Metas = "s.*.meta"

// RecordingsOf matches the recording of that id, whichever session it is of.
func RecordingsOf(id string) string { return "s.*." + string(KindRecording) + "." + escape(id) }

// FilterOf matches all entries of a session.
func FilterOf(sessionID string) string { return "s." + sessionID + ".>" }

// Outside of the sessions: which instances have had devices, in which sessions, and which sessions are being removed.
const (
	Instances = "i.*"
	Leavings  = "x.*"
)

// KeyOfInstance returns the key of an instance or, with a session, of its having devices there.
func KeyOfInstance(instance string, sessions ...string) string {
	return strings.Join(append([]string{"i", escape(instance)}, sessions...), ".")
}

// InstanceOf returns the instance, and the session if there is one, of such a key.
func InstanceOf(key string) (instance, sessionID string, err error) {
	tokens := strings.Split(key, ".")
	if len(tokens) < 2 {
		return "", "", fmt.Errorf("session: key %q isn't of an instance", key)
	}
	instance, err = unescape(tokens[1])
	if len(tokens) > 2 {
		sessionID = tokens[2]
	}
	return instance, sessionID, err
}

// SessionsOf matches the sessions that an instance has had devices in.
func SessionsOf(instance string) string { return KeyOfInstance(instance, "*") }

// KeyOfLeaving returns the key that says of a session that what is left of it is being removed.
func KeyOfLeaving(sessionID string) string { return "x." + sessionID }

// UsersOf matches the users of a session.
func UsersOf(sessionID string) string { return "s." + sessionID + "." + string(KindUser) + ".*" }

// Entries of one kind, of all sessions.
const (
	AllRecordings = "s.*." + string(KindRecording) + ".*"
	AllTakes      = "s.*." + string(KindTake) + ".*"
)

// KeyOf returns the key of an entry of a session; ids tell entries of one kind apart.
func KeyOf(sessionID string, k Kind, ids ...string) string {
	var b strings.Builder
	b.WriteString("s." + sessionID + "." + string(k))
	for _, id := range ids {
		b.WriteString("." + escape(id))
	}
	return b.String()
}

// ParseKey is the inverse of KeyOf.
func ParseKey(key string) (sessionID string, k Kind, ids []string, err error) {
	tokens := strings.Split(key, ".")
	if len(tokens) < 3 || tokens[0] != "s" {
		return "", "", nil, fmt.Errorf("session: key %q isn't of a session", key)
	}
	for _, t := range tokens[3:] {
		id, err := unescape(t)
		if err != nil {
			return "", "", nil, fmt.Errorf("session: key %q: %w", key, err)
		}
		ids = append(ids, id)
	}
	return tokens[1], Kind(tokens[2]), ids, nil
}

// escape writes the bytes of an id that a key's token can't have as =XX.
func escape(id string) string {
	var b strings.Builder
	for i := range len(id) {
		if c := id[i]; isWord(c) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	return b.String()
}

func unescape(token string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(token); i++ {
		if token[i] != '=' {
			b.WriteByte(token[i])
			continue
		}
		var c byte
		if i+3 > len(token) {
			return "", fmt.Errorf("truncated escape in %q", token)
		}
		if _, err := fmt.Sscanf(token[i+1:i+3], "%02X", &c); err != nil {
			return "", fmt.Errorf("bad escape in %q", token)
		}
		b.WriteByte(c)
		i += 2
	}
	return b.String(), nil
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}
