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
	KindAck       Kind = "ack"
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
