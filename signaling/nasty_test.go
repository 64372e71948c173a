package signaling

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/internal/testsocket"
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
		leader := w.Join(t, `{"sessionId":"studio","deviceType":"desktop"}`)
		for event := range requests {
			if strings.HasPrefix(event, "join") || event == "leave_session" {
				continue
			}
			for _, field := range fields[event] {
				for _, value := range nasty {
					time.Sleep(time.Second) // a fault is regained
					leader.Send(message(event, dataWith(fields[event], good, field, value), 5))
					wantSaneAnswer(leader, event+"."+field+" "+value, string(doc))
				}
			}
		}
		wantAnswer(leader)
	})
	for _, field := range fields["join_session"] {
		inBubble(t, session.Config{}, func(t *testing.T, w *world) {
			for _, value := range nasty {
				c := w.Connect(t)
				c.Send(message("join_session", dataWith(fields["join_session"], good, field, value), 5))
				wantSaneAnswer(c, "join_session."+field+" "+value, string(doc))
				_ = c.WS.WriteControl(websocket.CloseMessage, nil, time.Time{})
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
func wantSaneAnswer(c *socket, what, doc string) {
	c.T.Helper()
	m := c.Any()
	for m.ReplyTo != 5 {
		m = c.Any()
	}
	var e ErrorData
	if m.Event != "error" {
		return
	}
	must(c.T, json.Unmarshal(m.Data, &e))
	testsocket.WantPlain(c.T, what, e.Message)
	if e.Code == "internal" || e.Code == "unavailable" || !strings.Contains(doc, "`"+e.Code+"`") || e.Message == "" {
		c.T.Errorf("%.80s is answered by %+v", what, e)
	}
}

// TestPlainWords: whatever of a wrong type is in a field, a message or a body, what is answered is in words of
// the protocol.
func TestPlainWords(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		c := w.Join(t, `{"sessionId":"studio","deviceType":"desktop"}`)
		c.Send(message("load_media", `{"mediaUrl":"/film.mp4"}`, 1))
		for event := range requests {
			if strings.HasPrefix(event, "join") || event == "leave_session" || event == "end_session" {
				continue
			}
			for _, field := range append([]string{""}, fields[event]...) {
				for _, value := range testsocket.Wrong {
					data := `{"` + field + `":` + value + `}`
					if field == "" {
						data = value
					}
					time.Sleep(time.Second) // a fault is regained
					c.Send(`{"id":999,"event":"` + event + `","data":` + data + `}`)
					c.Send(message("heartbeat", `null`, 998))
					wantPlainAnswers(c, event+" "+data)
				}
			}
		}
		for _, value := range testsocket.Wrong {
			for _, m := range []string{value, `{"event":` + value + `}`, `{"event":"heartbeat","id":` + value + `}`} {
				time.Sleep(2 * time.Second)
				c.Send(m)
				c.Send(message("heartbeat", `null`, 998))
				wantPlainAnswers(c, m)
			}
		}
		for _, at := range []string{"0", "1", "-5e12", "946684800000", "1e13", "4102444800000", "1e17", "1e300"} {
			time.Sleep(time.Second)
			c.Send(message("schedule", `{"name":"x","at":`+at+`}`, 997))
			c.Send(message("heartbeat", `null`, 998))
			wantPlainAnswers(c, "at "+at)
		}
	})
	for _, field := range fields["join_session"] {
		inBubble(t, session.Config{}, func(t *testing.T, w *world) {
			for _, value := range testsocket.Wrong {
				c := w.Connect(t)
				c.Send(`{"event":"join_session","id":5,"data":{"` + field + `":` + value + `}}`)
				m := c.Any()
				var e ErrorData
				if must(t, json.Unmarshal(m.Data, &e)); m.Event == "error" {
					testsocket.WantPlain(t, "join_session "+field+" "+value, e.Message)
				}
				_ = c.WS.WriteControl(websocket.CloseMessage, nil, time.Time{})
			}
		})
	}
}

// wantPlainAnswers takes what is answered up to the answer to request 998.
func wantPlainAnswers(c *socket, what string) {
	c.T.Helper()
	for m := c.Any(); m.ReplyTo != 998; m = c.Any() {
		if m.Event == "error" {
			var e ErrorData
			must(c.T, json.Unmarshal(m.Data, &e))
			testsocket.WantPlain(c.T, what, e.Message)
		}
	}
}

// wantAnswer expects that the connection goes on.
func wantAnswer(c *socket) {
	c.T.Helper()
	c.Send(message("heartbeat", "null", 999))
	for c.Any().ReplyTo != 999 {
	}
}
