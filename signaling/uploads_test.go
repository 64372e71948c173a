package signaling

import (
	"encoding/base64"
	"net/http"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/session"
)

// TestWhoMayUpload: an upload is begun with a secret of its recording's session.
func TestWhoMayUpload(t *testing.T) {
	w := guarded(t, access.Config{Mode: access.Link, AdminKey: adminKey})
	c := w.join(t, `{"sessionId":"studio","deviceType":"mobile","key":"`+adminKey+`"}`)
	c.send(message("start_recording", `{}`, 2))
	var take session.StartRecording
	must(t, c.next("start_recording").Decode(&take))
	w.awaitRecording(take.RecordingID)
	for _, q := range []struct {
		name, recording, secret string
		status                  int
		code                    string
	}{
		{"nothing", take.RecordingID, "", 401, access.CodeKeyNeeded},
		{"a stranger who asks for what isn't there", "x", "", 401, access.CodeKeyNeeded},
		{"another session's key", take.RecordingID, w.server.access.JoinKey("other"), 401, access.CodeBadKey},
		{"no recording", "", adminKey, 404, session.CodeUnknownRecording},
		{"unknown recording", "x", adminKey, 404, session.CodeUnknownRecording},
		{"the watch key", take.RecordingID, w.server.access.Keys("studio").Watch, 403, access.CodeNotAllowed},
		{"the join key", take.RecordingID, w.server.access.JoinKey("studio"), 404, "no_storage"}, // let through to where nothing is kept here
		{"the admin key", take.RecordingID, adminKey, 404, "no_storage"},
	} {
		r := w.call(t, "POST", "/api/uploads/", "", func(r *http.Request) {
			bearing(q.secret)(r)
			r.Header.Set("Upload-Metadata", "filename YQ==, recordingId "+base64.StdEncoding.EncodeToString([]byte(q.recording)))
		})
		if r.Status != q.status || r.Error.Code != q.code {
			t.Errorf("%s: %d %+v", q.name, r.Status, r.Error)
		}
	}
	r := w.call(t, "GET", "/api/uploads/", "", func(r *http.Request) {
		r.Header.Set("X-HTTP-Method-Override", "POST")
		r.Header.Set("Upload-Metadata", "recordingId "+base64.StdEncoding.EncodeToString([]byte(take.RecordingID)))
	})
	if r.Error.Code != access.CodeKeyNeeded {
		t.Errorf("a POST in disguise: %d %+v", r.Status, r.Error)
	}
	if r := w.call(t, "PATCH", "/api/uploads/x", "", nil); r.Error.Code != "no_storage" {
		t.Errorf("going on with an upload: %+v", r)
	}
}

// awaitRecording waits for a take's instant: from then on its recordings are known.
func (w *world) awaitRecording(id string) {
	w.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if _, err := w.svc.PlaceOf(w.t.Context(), id); err == nil {
			return
		} else if time.Now().After(deadline) {
			w.t.Fatal(err)
		}
	}
}
