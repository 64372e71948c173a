package api

import (
	"encoding/base64"
	"net/http"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// uploaders notes who begins uploads.
type uploaders struct{ by []Uploader }

func (u *uploaders) ServeUpload(w http.ResponseWriter, _ *http.Request, by Uploader) {
	u.by = append(u.by, by)
	writeError(w, http.StatusNotFound, noStorage) // nothing is kept here
}

// last is who was let through, if anybody was since it was asked last.
func (u *uploaders) last() Uploader {
	by := Uploader(-1)
	if len(u.by) > 0 {
		by = u.by[len(u.by)-1]
	}
	u.by = nil
	return by
}

// begin asks for an upload of a recording, with a secret.
func (w *world) begin(recording, secret string) reply {
	w.t.Helper()
	return w.call(w.t, "POST", "/api/uploads/", "", func(r *http.Request) {
		bearing(secret)(r)
		r.Header.Set("Upload-Metadata", "filename YQ==, recordingId "+base64.StdEncoding.EncodeToString([]byte(recording)))
	})
}

// TestWhoMayUpload: an upload is begun by the device that recorded, or by who may command its session.
func TestWhoMayUpload(t *testing.T) {
	w := guarded(t, access.Config{Mode: access.Link, AdminKey: adminKey})
	taken := &uploaders{}
	w.server.cfg.Uploads = taken
	c := w.Join(t, `{"sessionId":"studio","deviceType":"mobile","key":"`+adminKey+`"}`)
	other := w.Join(t, `{"sessionId":"studio","deviceType":"mobile","key":"`+w.server.access.JoinKey("studio")+`"}`)
	c.Send(message("start_recording", `{}`, 2))
	var take session.StartRecording
	must(t, c.Next("start_recording").Decode(&take))
	w.awaitRecording(take.RecordingID)
	for _, q := range []struct {
		name, recording, secret string
		status                  int
		code                    string
		by                      Uploader
	}{
		{"nothing", take.RecordingID, "", 401, wire.CodeKeyNeeded, -1},
		{"a stranger who asks for what isn't there", "x", "", 401, wire.CodeKeyNeeded, -1},
		{"another session's key", take.RecordingID, w.server.access.JoinKey("other"), 401, wire.CodeBadKey, -1},
		{"no recording", "", adminKey, 404, wire.CodeUnknownRecording, -1},
		{"unknown recording", "x", adminKey, 404, wire.CodeUnknownRecording, -1},
		{"the watch key", take.RecordingID, w.server.access.Keys("studio").Watch, 403, wire.CodeNotAllowed, -1},
		{"the join key, which all devices have", take.RecordingID, w.server.access.JoinKey("studio"), 403, "not_your_recording", -1},
		{"another device", take.RecordingID, other.Seat.ResumeToken, 401, wire.CodeBadKey, -1},
		{"a token that is nearly right", take.RecordingID, c.Seat.ResumeToken + "A", 401, wire.CodeBadKey, -1},
		{"the key to direct", take.RecordingID, w.server.access.Keys("studio").Direct, 404, "no_storage", ByLeader},
		{"the admin key", take.RecordingID, adminKey, 404, "no_storage", ByLeader},
		{"the device", take.RecordingID, c.Seat.ResumeToken, 404, "no_storage", ByRecorder},
	} {
		r := w.begin(q.recording, q.secret)
		if by := taken.last(); r.Status != q.status || r.Error.Code != q.code || by != q.by {
			t.Errorf("%s: %d %+v, by %d", q.name, r.Status, r.Error, by)
		}
	}
	r := w.call(t, "GET", "/api/uploads/", "", func(r *http.Request) {
		r.Header.Set("X-HTTP-Method-Override", "POST")
		r.Header.Set("Upload-Metadata", "recordingId "+base64.StdEncoding.EncodeToString([]byte(take.RecordingID)))
	})
	if r.Error.Code != wire.CodeKeyNeeded {
		t.Errorf("a POST in disguise: %d %+v", r.Status, r.Error)
	}
	if r := w.call(t, "PATCH", "/api/uploads/x", "", nil); r.Error.Code != "no_storage" || taken.last() != ByAnybody {
		t.Errorf("going on with an upload: %+v", r)
	}
	w.server.cfg.Uploads = nil
	if r := w.begin(take.RecordingID, adminKey); r.Status != 404 || r.Error.Code != "no_storage" {
		t.Errorf("where nothing is kept: %+v", r)
	}
}

// TestWhoUploadsWhereAllMay: in mode open everybody may, and what is proven counts all the same.
func TestWhoUploadsWhereAllMay(t *testing.T) {
	w := onSockets(t, session.Config{})
	taken := &uploaders{}
	w.server.cfg.Uploads = taken
	created := w.call(t, "POST", "/api/sessions", `{"creatorId":"ann"}`, nil)
	c := w.Join(t, `{"sessionId":"`+created.SessionID+`","token":"`+created.Token+`","deviceType":"mobile"}`)
	other := w.Join(t, `{"sessionId":"`+created.SessionID+`","deviceType":"mobile"}`)
	c.Send(message("start_recording", `{}`, 2))
	var take session.StartRecording
	must(t, c.Next("start_recording").Decode(&take))
	w.awaitRecording(take.RecordingID)
	for secret, by := range map[string]Uploader{
		"": ByAnybody, "x": ByAnybody, other.Seat.ResumeToken: ByAnybody, created.Token: ByLeader, c.Seat.ResumeToken: ByRecorder,
	} {
		if r := w.begin(take.RecordingID, secret); r.Error.Code != "no_storage" || taken.last() != by {
			t.Errorf("%q: %+v", secret, r)
		}
	}
}

// awaitRecording waits for a take's instant: from then on its recordings are known.
func (w *world) awaitRecording(id string) {
	w.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if _, err := w.Sessions.PlaceOf(w.t.Context(), id); err == nil {
			return
		} else if time.Now().After(deadline) {
			w.t.Fatal(err)
		}
	}
}
