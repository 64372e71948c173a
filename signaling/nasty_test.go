package signaling

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/session"
)

// fields are all that requests have.
var fields = map[string][]string{
	"join_session": {
		"sessionId", "userId", "username", "avatar", "deviceType", "viewType", "userAgent", "token", "key", "resumeToken", "offer", "exchanges",
	},
	"schedule":          {"name", "payload", "at", "delay", "maxLateMs"},
	"start_recording":   {"sessionId", "postureLabel", "duration", "at", "delay", "devices"},
	"stop_recording":    {"sessionId"},
	"cancel":            {"commandId"},
	"armed":             {"commandId"},
	"fired":             {"commandId", "at", "late"},
	"missed":            {"commandId", "lateMs", "reason"},
	"recording_started": {"recordingId", "timestamp", "bound"},
	"recording_stopped": {"recordingId", "timestamp", "bound"},
	"recording_failed":  {"recordingId"},
	"recording_part":    {"recordingId"},
	"recording_report":  {"recordingId", "report"},
	"camera_settings":   {"deviceId", "settings"},
	"watch_monitor":     {"on"},
	"monitor":           {"image", "width", "height", "peakDb", "rmsDb"},
	"upload_completed":  {"recordingId", "fileSizeBytes"},
	"load_media":        {"mediaUrl", "mediaId", "mediaTitle", "mediaDuration", "subtitles", "loop"},
	"playback_options":  {"loop", "waitForAll", "waitLimitMs"},
	"media_info":        {"mediaUrl", "mediaDuration"},
	"buffering":         {"mediaUrl", "buffering"},
	"sync_playback":     {"position", "isPlaying", "mediaUrl", "mediaId", "playbackRate"},
	"report_desync":     {"reportedPosition", "reportedTime"},
	"device_status": {"battery", "charging", "camera", "pendingBytes", "freeBytes", "note", "media",
		"microphone", "levelDb", "frameRate", "droppedFrames", "warnings", "uploadError", "settings"},
	"offer":     {"sdp"},
	"candidate": {"candidate"},
}

var nasty = []string{
	`null`, `true`, `0`, `-1`, `-0.0`, `1e-320`, `1e308`, `-1e308`, `9223372036854775807`, `9223372036854775808`, `1795431600000.5`, `""`,
	`"../../etc/passwd"`, `"a/b"`, `"*"`, `">"`, `"s.*.meta"`, `"."`, `"__proto__"`, `"\u0000"`, `"\n"`, `"\ud800"`, `"\u202e"`, `"🎬"`, `"=1+1"`,
	`[]`, `{}`, `[[[[]]]]`, `{"a":{"b":null}}`, `"` + strings.Repeat("x", 3000) + `"`, `"` + strings.Repeat("é", 300) + `"`,
	strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
}

// TestNastyValues puts each nasty value into each field of each request, the others
// being as they should. Whatever is answered is documented and nothing unforeseen, and
// the connection goes on.
func TestNastyValues(t *testing.T) {
	doc, err := os.ReadFile("../docs/protocol.md")
	must(t, err)
	good := map[string]string{
		"sessionId": `"studio"`, "name": `"flash"`, "commandId": `"c"`, "recordingId": `"r"`, "timestamp": `1`, "at": `4102444800000`,
		"fileSizeBytes": `1`, "mediaUrl": `"/film.mp4"`, "isPlaying": `true`, "reportedPosition": `1`, "reportedTime": `1`, "sdp": `"x"`, "candidate": `"x"`,
		"mediaDuration": `90`, "buffering": `true`, "on": `true`, "settings": `{}`,
	}
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		leader := w.join(t, `{"sessionId":"studio","deviceType":"desktop"}`)
		for event := range requests {
			if strings.HasPrefix(event, "join") || event == "leave_session" {
				continue
			}
			for _, field := range fields[event] {
				for _, value := range nasty {
					time.Sleep(time.Second) // a fault is regained
					leader.send(message(event, dataWith(fields[event], good, field, value), 5))
					leader.wantSaneAnswer(event+"."+field+" "+value, string(doc))
				}
			}
		}
		leader.wantAnswer()
	})
	for _, field := range fields["join_session"] {
		inBubble(t, session.Config{}, func(t *testing.T, w *world) {
			for _, value := range nasty {
				c := w.connect(t)
				c.send(message("join_session", dataWith(fields["join_session"], good, field, value), 5))
				c.wantSaneAnswer("join_session."+field+" "+value, string(doc))
				_ = c.ws.WriteControl(websocket.CloseMessage, nil, time.Time{})
			}
		})
	}
}

// dataWith writes the good values of fields, and a nasty one.
func dataWith(all []string, good map[string]string, field, value string) string {
	parts := []string{fmt.Sprintf("%q:%s", field, value)}
	for _, f := range all {
		if f != field && good[f] != "" && !(f == "at" && field == "delay") {
			parts = append(parts, fmt.Sprintf("%q:%s", f, good[f]))
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// wantSaneAnswer takes the answer to request 5.
func (c *socket) wantSaneAnswer(what, doc string) {
	c.t.Helper()
	m := c.any()
	for m.ReplyTo != 5 {
		m = c.any()
	}
	var e wireError
	if m.Event != "error" {
		return
	}
	must(c.t, json.Unmarshal(m.Data, &e))
	wantPlain(c.t, what, e.Message)
	if e.Code == "internal" || e.Code == "unavailable" || !strings.Contains(doc, "`"+e.Code+"`") || e.Message == "" {
		c.t.Errorf("%.80s is answered by %+v", what, e)
	}
}

// inside is what tells of the program's inside, and nothing to whoever wrote a client.
var inside = regexp.MustCompile(`Go |struct|json:|[uU]nmarshal|strconv|0x[0-9a-f]|\b(session|signaling|access|clock|peer|upload|store|websocket|gorilla|pion|ice|sdp|nats|time|http|context|text)[:.] ?[a-z]|\.go\b|\d+h\d+m|\d+\.\d+s\b|EOF|deadline exceeded|<nil>|map\[|%!|/tmp|\*[a-z]`)

// wantPlain expects a text that speaks of the protocol alone.
func wantPlain(t testing.TB, what, text string) {
	t.Helper()
	if found := inside.FindString(text); found != "" || text == "" {
		t.Errorf("%.80s: %q has %q", what, text, found)
	}
}

// wrong are values of each of JSON's types, and texts that aren't JSON.
var wrong = []string{`"x"`, `7`, `-7`, `1.5`, `1e400`, `9223372036854775808`, `true`, `[]`, `[1]`, `{}`, `{"a":1}`, `"`, `{`, `x`, ``, `1 2`, "\"\x01\""}

// TestPlainWords: whatever of a wrong type is in a field, a message or a body, what is answered is in words of
// the protocol.
func TestPlainWords(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		c := w.join(t, `{"sessionId":"studio","deviceType":"desktop"}`)
		c.send(message("load_media", `{"mediaUrl":"/film.mp4"}`, 1))
		for event := range requests {
			if strings.HasPrefix(event, "join") || event == "leave_session" || event == "end_session" {
				continue
			}
			for _, field := range append([]string{""}, fields[event]...) {
				for _, value := range wrong {
					data := `{"` + field + `":` + value + `}`
					if field == "" {
						data = value
					}
					time.Sleep(time.Second) // a fault is regained
					c.send(`{"id":999,"event":"` + event + `","data":` + data + `}`)
					c.send(message("heartbeat", `null`, 998))
					c.wantPlainAnswers(event + " " + data)
				}
			}
		}
		for _, value := range wrong {
			for _, m := range []string{value, `{"event":` + value + `}`, `{"event":"heartbeat","id":` + value + `}`} {
				time.Sleep(2 * time.Second)
				c.send(m)
				c.send(message("heartbeat", `null`, 998))
				c.wantPlainAnswers(m)
			}
		}
		for _, at := range []string{"0", "1", "-5e12", "946684800000", "1e13", "4102444800000", "1e17", "1e300"} {
			time.Sleep(time.Second)
			c.send(message("schedule", `{"name":"x","at":`+at+`}`, 997))
			c.send(message("heartbeat", `null`, 998))
			c.wantPlainAnswers("at " + at)
		}
	})
	for _, field := range fields["join_session"] {
		inBubble(t, session.Config{}, func(t *testing.T, w *world) {
			for _, value := range wrong {
				c := w.connect(t)
				c.send(`{"event":"join_session","id":5,"data":{"` + field + `":` + value + `}}`)
				m := c.any()
				var e wireError
				if must(t, json.Unmarshal(m.Data, &e)); m.Event == "error" {
					wantPlain(t, "join_session "+field+" "+value, e.Message)
				}
				_ = c.ws.WriteControl(websocket.CloseMessage, nil, time.Time{})
			}
		})
	}
}

// wantPlainAnswers takes what is answered up to the answer to request 998.
func (c *socket) wantPlainAnswers(what string) {
	c.t.Helper()
	for m := c.any(); m.ReplyTo != 998; m = c.any() {
		if m.Event == "error" {
			var e wireError
			must(c.t, json.Unmarshal(m.Data, &e))
			wantPlain(c.t, what, e.Message)
		}
	}
}

// TestPlainBodies is TestPlainWords for calls over HTTP.
func TestPlainBodies(t *testing.T) {
	w := onSockets(t, session.Config{})
	w.join(t, `{"sessionId":"studio"}`)
	w.server.calls = access.NewThrottle(1e6, 1e6)
	ask := func(method, path, body string) {
		q, err := http.NewRequestWithContext(t.Context(), method, w.url+path, strings.NewReader(body))
		must(t, err)
		r, err := http.DefaultClient.Do(q)
		must(t, err)
		defer r.Body.Close()
		var answer struct{ Error struct{ Message string } }
		must(t, json.NewDecoder(r.Body).Decode(&answer))
		if r.StatusCode >= 400 {
			wantPlain(t, method+" "+path+" "+body, answer.Error.Message)
		}
	}
	for path, of := range map[string][]string{
		"POST /api/sessions": {"creatorId", "creatorName", "name"}, "PATCH /api/sessions/studio": {"name"},
		"POST /api/sessions/studio/commands": {"name", "payload", "at", "delay", "maxLateMs"}, "PATCH /api/sessions/studio/takes/x": {"mark", "note", "postureLabel"},
	} {
		method, path, _ := strings.Cut(path, " ")
		for _, value := range wrong {
			ask(method, path, value)
			for _, field := range of {
				ask(method, path, `{"`+field+`":`+value+`}`)
			}
		}
	}
	for _, path := range []string{
		"/ws", "/api/nothing", "/api/sessions?limit=x", "/api/sessions?cursor=%00", "/api/sessions/studio/commands?limit=x", "/api/sessions/studio/commands?before=x",
		"/api/sessions/%00", "/api/sessions/none/sync", "/api/sessions/studio/recordings/x/file", "/api/sessions/studio/takes/x/take.zip", "/media/x",
	} {
		ask("GET", path, "")
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

// wantAnswer expects that the connection goes on.
func (c *socket) wantAnswer() {
	c.t.Helper()
	c.send(message("heartbeat", "null", 999))
	for c.any().ReplyTo != 999 {
	}
}
