package api

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// TestTakesOverTheWire: parts, reports, marks and the end of a take.
func TestTakesOverTheWire(t *testing.T) {
	w := onSockets(t, session.Config{})
	c := w.Join(t, `{"sessionId":"studio","deviceType":"mobile"}`)
	c.Send(message("start_recording", `{"postureLabel":"plank"}`, 2))
	var take session.StartRecording
	must(t, c.Next("start_recording").Decode(&take))
	w.awaitRecording(take.RecordingID)
	at, _ := json.Marshal(take.Timestamp)
	c.Send(message("recording_started", `{"recordingId":"`+take.RecordingID+`","timestamp":`+string(at)+`}`, 3))
	c.Next("ok")
	c.Send(message("recording_part", `{"recordingId":"`+take.RecordingID+`"}`, 4))
	var part session.Part
	must(t, c.Next("recording_part").Decode(&part))
	if part.Part != 2 || part.RecordingID == take.RecordingID {
		t.Errorf("answered %+v", part)
	}
	c.Send(message("recording_report", `{"recordingId":"`+part.RecordingID+`","report":{"frames":3,"sound":"ok","later":true}}`, 5))
	c.Next("ok")
	c.Send(message("recording_report", `{"recordingId":"`+part.RecordingID+`","report":{"sound":"loud"}}`, 6))
	if e := c.Next("error"); !strings.Contains(string(e.Data), wire.CodeBadReport) {
		t.Errorf("answered %s", e.Data)
	}
	w.server.cfg.Exports = described{}
	w.callRaw(t, "/api/sessions/studio/recordings", `"part":2,"report":{"frames":3,"sound":"ok"}`)

	path := "/api/sessions/studio/takes/" + take.CommandID
	r := w.call(t, "PATCH", path, `{"postureLabel":"squat","mark":"bad","note":"once more"}`, nil)
	if r.Status != 200 {
		t.Errorf("answered %+v", r)
	}
	if e := c.Next("take_changed"); !strings.Contains(string(e.Data), `"postureLabel":"squat","mark":"bad","note":"once more","deleted":false`) {
		t.Errorf("told %s", e.Data)
	}
	w.callRaw(t, "/api/sessions/studio/recordings", `"mark":"bad","note":"once more"`)
	w.callRaw(t, path+"/manifest", `"mark": "bad"`)
	for body, code := range map[string]string{`{}`: wire.CodeBadTake, `{"mark":"x"}`: wire.CodeBadTake, `{"mark":1}`: "bad_field", `{"postureLabel":"\n"}`: wire.CodeBadLabel} {
		if r := w.call(t, "PATCH", path, body, nil); r.Status != 400 || r.Error.Code != code {
			t.Errorf("%s answered %+v", body, r)
		}
	}
	for path, want := range map[string]string{path: wire.CodeRecordingInProgress, path + "x": wire.CodeUnknownTake} {
		if r := w.call(t, "DELETE", path, "", nil); r.Error.Code != want {
			t.Errorf("answered %+v", r)
		}
	}
	if r := w.call(t, "DELETE", path+"?force=true", "", nil); r.Status != 200 {
		t.Errorf("answered %+v", r)
	}
	c.Next("stop_recording")
	c.Send(message("upload_completed", `{"recordingId":"`+part.RecordingID+`","fileSizeBytes":5}`, 7))
	if e := c.Next("error"); !strings.Contains(string(e.Data), wire.CodeRecordingDeleted) {
		t.Errorf("answered %s", e.Data)
	}
	w.callRaw(t, "/api/sessions/studio/recordings", `"recordings":[],"takes":[]`)
}

// TestWhoMayChangeTakes: who may command the session, and nobody else.
func TestWhoMayChangeTakes(t *testing.T) {
	w := guarded(t, access.Config{Mode: access.Link, AdminKey: adminKey})
	w.Join(t, `{"sessionId":"studio","key":"`+adminKey+`"}`)
	for secret, code := range map[string]string{
		"": wire.CodeKeyNeeded, w.server.access.JoinKey("studio"): wire.CodeNotAllowed, adminKey: wire.CodeUnknownTake,
	} {
		for _, method := range []string{"PATCH", "DELETE"} {
			if r := w.call(t, method, "/api/sessions/studio/takes/x", `{"mark":"good"}`, bearing(secret)); r.Error.Code != code {
				t.Errorf("%s with %q answered %+v", method, secret, r)
			}
		}
	}
}
