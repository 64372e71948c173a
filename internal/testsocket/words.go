package testsocket

import (
	"regexp"
	"testing"
)

// inside is what tells of the program's inside, and nothing to whoever wrote a client.
var inside = regexp.MustCompile(`Go |struct|json:|[uU]nmarshal|strconv|0x[0-9a-f]|\b(session|signaling|access|clock|peer|upload|store|websocket|gorilla|pion|ice|sdp|nats|time|http|context|text)[:.] ?[a-z]|\.go\b|\d+h\d+m|\d+\.\d+s\b|EOF|deadline exceeded|<nil>|map\[|%!|/tmp|\*[a-z]`)

// WantPlain expects a text that speaks of the protocol alone.
func WantPlain(t testing.TB, what, text string) {
	t.Helper()
	if found := inside.FindString(text); found != "" || text == "" {
		t.Errorf("%.80s: %q has %q", what, text, found)
	}
}

// Wrong are values of each of JSON's types, and texts that aren't JSON.
var Wrong = []string{`"x"`, `7`, `-7`, `1.5`, `1e400`, `9223372036854775808`, `true`, `[]`, `[1]`, `{}`, `{"a":1}`, `"`, `{`, `x`, ``, `1 2`, "\"\x01\""}
