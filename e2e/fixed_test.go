package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/signaling"
)

// The events and answers that are fixed, marked ● in docs/protocol.md, with the
// fields that they must have: name:kind, where kinds are s(tring), n(umber), b(ool), l(ist of strings), any(thing), t(ime in
// ISO 8601), or another of these objects, after * in a list. Those with a ? may be missing.
var fixed = map[string]string{
	"user":          "id:s username:s avatar:s joinedAt:t lastSeen:n isConnected:b isLeader:b",
	"device":        "deviceId:s userId:s deviceType:s viewType:s isConnected:b records:b silenced:b camera:any",
	"playbackState": "mediaUrl:s mediaId:s position:n isPlaying:b lastUpdateTime:n playbackRate:n loop:b mediaDuration:n",
	"subtitle":      "url:s label:s language:s",
	"media":         "mediaUrl:s mediaId:s mediaTitle:s mediaDuration:n " + playedAs,
	"session": "sessionId:s name:s creatorId:s leaderId:s status:s users:*user devices:*device playbackState:playbackState media:media? take:any camera:any " +
		"createdAt:t lastActivity:n userCount:n",
	"status":              "id:s status:s",
	"summary":             "sessionId:s userCount:n hasMedia:b createdAt:t lastActivity:n name:s leaderName:s connectedCount:n status:s",
	"authoritative":       "mediaUrl:s mediaId:s position:n isPlaying:b lastUpdateTime:n playbackRate:n loop:b mediaDuration:n timestamp:n",
	"session_joined":      "sessionId:s userId:s deviceId:s isLeader:b resumeToken:s userToken:s? role:s? recordingId:s? session:session",
	"joined_session":      "success:b deviceId:s session:status timestamp:n",
	"user_joined":         "userId:s username:s avatar:s timestamp:n",
	"user_left":           "userId:s username:s timestamp:n",
	"device_joined":       "deviceId:s deviceType:s viewType:s timestamp:n userId:s records:b silenced:b",
	"device_disconnected": "deviceId:s timestamp:n",
	"playback_sync":       "mediaUrl:s mediaId:s position:n isPlaying:b lastUpdateTime:n playbackRate:n loop:b mediaDuration:n timestamp:n leaderId:s commandId:s",
	"media_loaded":        "mediaUrl:s mediaId:s mediaTitle:s mediaDuration:n timestamp:n loadedBy:s " + playedAs,
	"leadership_changed":  "newLeaderId:s newLeaderName:s timestamp:n",
	"desync_recovery":     "authoritativeState:authoritative reportedPosition:n reportedTime:n",
	"heartbeat_ack":       "timestamp:n",
	"start_recording":     "commandId:s postureLabel:s duration:n timestamp:n recordingId:s?",
	"stop_recording":      "commandId:s timestamp:n",
	"session_completed":   "sessionId:s timestamp:n",
	"error":               "message:s code:s event:s retry:b",
	"POST":                "success:b sessionId:s creatorId:s message:s token:s",
	"list":                "success:b sessions:*summary totalSessions:n",
	"one":                 "success:b session:session",
	"refusal":             "success:b error:reason",
	"reason":              "code:s message:s",
}

const playedAs = "subtitles:*subtitle loop:b waitForAll:b waitLimitMs:n waitingFor:l"

// wrong says where an object isn't as it is fixed.
func wrong(name string, data []byte) (faults []string) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return []string{fmt.Sprintf("%s: %v: %s", name, err, data)}
	}
	for spec := range strings.FieldsSeq(fixed[name]) {
		field, kind, _ := strings.Cut(spec, ":")
		kind, optional := strings.CutSuffix(kind, "?")
		v, there := fields[field]
		delete(fields, field)
		switch list, isList := strings.CutPrefix(kind, "*"); {
		case !there && optional:
		case !there:
			faults = append(faults, name+" has no "+field)
		case isList:
			var elements []json.RawMessage
			if err := json.Unmarshal(v, &elements); err != nil {
				faults = append(faults, fmt.Sprintf("%s.%s: %s", name, field, v))
			}
			for _, e := range elements {
				faults = append(faults, wrong(list, e)...)
			}
		case fixed[kind] != "":
			faults = append(faults, wrong(kind, v)...)
		case !isKind(kind, v):
			faults = append(faults, fmt.Sprintf("%s.%s isn't of kind %s: %s", name, field, kind, v))
		}
	}
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		faults = append(faults, name+" has "+field+" as well")
	}
	return faults
}

func isKind(kind string, v []byte) bool {
	var s string
	switch {
	case kind == "n":
		return json.Unmarshal(v, new(float64)) == nil && string(v) != "null"
	case kind == "any":
		return true
	case kind == "l":
		return json.Unmarshal(v, new([]string)) == nil && string(v) != "null"
	case kind == "b":
		return string(v) == "true" || string(v) == "false"
	case json.Unmarshal(v, &s) != nil || string(v) == "null":
		return false
	case kind == "t":
		_, err := time.Parse("2006-01-02T15:04:05.000Z", s)
		return err == nil
	}
	return kind == "s"
}

// TestFixedNames goes through a session of the real program, and holds each fixed
// event and answer against its fields.
func TestFixedNames(t *testing.T) {
	server := newInstance(t, "--data", t.TempDir())
	seen := map[string]bool{}
	is := func(name string, data []byte) {
		t.Helper()
		seen[name] = true
		for _, fault := range wrong(name, data) {
			t.Error(fault)
		}
	}
	call := func(c *connected, want, event string, data any) []byte {
		t.Helper()
		m, err := c.Call(t.Context(), event, data)
		check(t, err)
		if m.Event != want {
			t.Errorf("%s is answered by %s", event, m.Event)
		}
		if fixed[want] != "" {
			is(want, m.Data)
		}
		return m.Data
	}
	hears := func(c *connected, name string) signaling.Message {
		t.Helper()
		m := c.await(t, name)
		is(name, m.Data)
		return m
	}
	rest := func(name, method, path, body string, status int) []byte {
		t.Helper()
		got, answer, err := server.do(method, path, body)
		check(t, err)
		if got != status {
			t.Errorf("%s %s: %d %s", method, path, got, answer)
		}
		is(name, answer)
		return answer
	}
	var created struct{ SessionID, Token string }
	check(t, json.Unmarshal(rest("POST", "POST", "/api/sessions", `{"creatorId":"ann","creatorName":"Ann"}`, 201), &created))
	ann, bob := server.dial(), server.dial()
	call(ann, "session_joined", "join_session", map[string]any{
		"sessionId": created.SessionID, "token": created.Token, "deviceType": "desktop", "viewType": "front", "userAgent": "test",
	})
	hears(ann, "joined_session")
	call(bob, "session_joined", "join_session", map[string]any{"sessionId": created.SessionID, "userId": "bob", "username": "Bob", "avatar": "b"})
	hears(ann, "user_joined")
	hears(ann, "device_joined")
	call(bob, "heartbeat_ack", "heartbeat", nil)
	call(ann, "ok", "load_media", map[string]any{"mediaUrl": "/film.mp4", "mediaId": "f", "mediaTitle": "Film", "mediaDuration": 90})
	hears(bob, "media_loaded")
	call(ann, "scheduled", "sync_playback", map[string]any{
		"position": 1, "isPlaying": true, "mediaUrl": "/film.mp4", "mediaId": "f", "playbackRate": 1,
	})
	sync := hears(bob, "playback_sync")
	var at struct{ Timestamp float64 }
	check(t, sync.Decode(&at))
	call(bob, "desync_recovery", "report_desync", map[string]any{"reportedPosition": 1.5, "reportedTime": at.Timestamp})
	state := call(bob, "session_state", "request_session_state", nil)
	for _, fault := range wrong("session", state) {
		t.Error(fault)
	}
	call(ann, "scheduled", "start_recording", map[string]any{"sessionId": created.SessionID, "postureLabel": "plank", "duration": 0})
	if start := hears(bob, "start_recording"); strings.Contains(string(start.Data), "recordingId") {
		t.Errorf("one without a deviceType records: %s", start.Data)
	}
	var start struct{ RecordingID string }
	check(t, hears(ann, "start_recording").Decode(&start))
	call(ann, "scheduled", "stop_recording", map[string]any{"sessionId": created.SessionID})
	hears(ann, "stop_recording")
	eventually(t, "the take to be over", func() bool {
		var got struct{ Session struct{ Status string } }
		server.get("/api/sessions/"+created.SessionID, &got)
		return got.Session.Status == "active"
	})
	call(ann, "ok", "upload_completed", map[string]any{"recordingId": start.RecordingID, "fileSizeBytes": 5})
	hears(bob, "session_completed")
	rest("list", "GET", "/api/sessions", "", 200)
	rest("one", "GET", "/api/sessions/"+created.SessionID, "", 200)
	rest("refusal", "GET", "/api/sessions/nowhere", "", 404)
	cat := server.dial()
	call(cat, "session_joined", "join_session", map[string]any{"sessionId": created.SessionID})
	check(t, cat.Send("sync_playback", map[string]any{"isPlaying": true}))
	hears(cat, "error")
	ann.drop()
	hears(bob, "device_disconnected")
	hears(bob, "user_left")
	hears(bob, "leadership_changed") // when ann has been away for 10 s
	call(bob, "ok", "request_leadership", nil)
	call(bob, "ok", "leave_session", nil)
	for name := range fixed {
		if strings.Contains(name, "_") && !seen[name] && name != "session_state" {
			t.Errorf("%s never came", name)
		}
	}
}
