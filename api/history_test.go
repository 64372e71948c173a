package api

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/downbeat-sync/downbeat/session"
)

// TestHistoryOverHTTP: what was issued is listed with what it did, whatever kind it is of.
func TestHistoryOverHTTP(t *testing.T) {
	w := onSockets(t, session.Config{})
	c := w.Join(t, `{"sessionId":"studio","deviceType":"native"}`)
	w.callRaw(t, "/api/sessions/studio/commands", `"commands":[],"more":false`)
	for i, m := range []string{
		message("schedule", `{"name":"flash","payload":{"n":1}}`, 1), message("sync_playback", `{"isPlaying":true,"position":2}`, 2),
		message("start_recording", `{"postureLabel":"plank","delay":60000,"devices":["`+c.Seat.DeviceID+`"]}`, 3),
	} {
		c.Send(m)
		if reply := c.Next("scheduled"); reply.ReplyTo != int64(i+1) {
			t.Errorf("answered %+v", reply)
		}
	}
	c.Send(message("start_recording", `{"devices":["nobody"]}`, 4))
	if e := c.Next("error"); !strings.Contains(string(e.Data), "recording_in_progress") {
		t.Errorf("answered %s", e.Data)
	}
	body := w.callRaw(t, "/api/sessions/studio/commands", `"report":null`)
	var list struct{ Commands []session.Issued }
	must(t, json.Unmarshal([]byte(body), &list))
	if len(list.Commands) != 3 {
		t.Fatalf("listed is %s", body)
	}
	start, play, flash := list.Commands[0], list.Commands[1], list.Commands[2]
	if play.Event != "playback_sync" {
		play, flash = flash, play // they may be for the same instant
	}
	if start.PostureLabel != "plank" || *start.Duration != 0 || !*play.IsPlaying || *play.Position != 2 || *play.PlaybackRate != 1 ||
		flash.Name != "flash" || string(flash.Payload) != `{"n":1}` {
		t.Errorf("listed is %s", body)
	}
	w.callRaw(t, "/api/sessions/studio/commands?limit=1", start.CommandID)
	w.callRaw(t, "/api/sessions/studio/commands?limit=1&before="+start.CommandID, `"more":true`)
	for _, limit := range []string{"0", "-1", "1001", "x", "1e2"} {
		if r := w.call(t, "GET", "/api/sessions/studio/commands?limit="+limit, "", nil); r.Error.Code != "bad_field" || r.Status != 400 {
			t.Errorf("limit %s: %+v", limit, r)
		}
	}
	w.callRaw(t, "/api/sessions/studio", `"take":{"takeId":"`+start.CommandID)
}

// callRaw gets what must conform to its description and contain something.
func (w *world) callRaw(t *testing.T, path, want string) string {
	t.Helper()
	resp, b := w.fetch(t, "GET", path, nil)
	bare, _, _ := strings.Cut(path, "?")
	conforms(t, "GET", bare, resp.StatusCode, b)
	if resp.StatusCode != 200 || !strings.Contains(string(b), want) {
		t.Errorf("%s answered %d %s, want %s in it", path, resp.StatusCode, b, want)
	}
	return string(b)
}
