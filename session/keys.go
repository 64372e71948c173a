package session

import (
	"fmt"
	"strings"
)

// kind is what an entry of a session is about: the third token of its key.
type kind string

const (
	kindMeta      kind = "meta"
	kindUser      kind = "user"
	kindCommand   kind = "command"
	kindAck       kind = "ack"
	kindRecording kind = "recording"
	kindPlayback  kind = "playback"
	kindCompleted kind = "completed"
	kindTake      kind = "take"
	kindCamera    kind = "camera"
)

// metas matches the one entry that every session has.
const metas = "s.*.meta"

// recordingsOf matches the recording of that id, whichever session it is of.
func recordingsOf(id string) string { return "s.*." + string(kindRecording) + "." + escape(id) }

// filterOf matches all entries of a session.
func filterOf(sessionID string) string { return "s." + sessionID + ".>" }

// keyOf returns the key of an entry of a session; ids tell entries of one kind apart.
func keyOf(sessionID string, k kind, ids ...string) string {
	var b strings.Builder
	b.WriteString("s." + sessionID + "." + string(k))
	for _, id := range ids {
		b.WriteString("." + escape(id))
	}
	return b.String()
}

// parseKey is the inverse of keyOf.
func parseKey(key string) (sessionID string, k kind, ids []string, err error) {
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
	return tokens[1], kind(tokens[2]), ids, nil
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
