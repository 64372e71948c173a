package api

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/session"
)

// TestRecordingsOverTheWire records, reports, uploads and reads the list both ways.
func TestRecordingsOverTheWire(t *testing.T) {
	w := onSockets(t, session.Config{MinLead: time.Millisecond})
	c := w.Join(t, `{"sessionId":"studio","deviceType":"mobile","viewType":"=cmd|' /C calc'!A0"}`)
	sent := w.now()
	c.Send(message("start_recording", `{"postureLabel":"a \"b\", c","duration":1,"delay":40}`, 2))
	var take session.StartRecording
	must(t, c.Next("start_recording").Decode(&take))
	if ahead := take.Timestamp.Sub(sent); ahead < 40*time.Millisecond {
		t.Errorf("the start was %v ahead, in spite of its delay", ahead)
	}
	id := take.RecordingID
	at, err := json.Marshal(take.Timestamp)
	must(t, err)
	c.Send(message("recording_started", `{"recordingId":"`+id+`","timestamp":`+string(at)+`,"bound":0.5}`, 3))
	c.Next("stop_recording")
	c.Send(message("upload_completed", `{"recordingId":"`+id+`","fileSizeBytes":42}`, 4))
	var completed session.SessionCompleted
	must(t, c.Next("session_completed").Decode(&completed))
	if completed.SessionID != "studio" || completed.Timestamp < take.Timestamp {
		t.Errorf("completed %+v", completed)
	}

	var list struct{ Recordings []session.Recording }
	must(t, json.Unmarshal(w.get(t, "/api/sessions/studio/recordings", "application/json, text/csv;q=0.5"), &list))
	if r := list.Recordings[0]; r.RecordingID != id || *r.FileSizeBytes != 42 || *r.StartBoundMs != 0.5 || r.UploadStatus != "uploaded" {
		t.Errorf("listed %+v", r)
	}
	table := w.get(t, "/api/sessions/studio/recordings", "text/csv")
	rows, err := csv.NewReader(bytes.NewReader(table)).ReadAll()
	must(t, err)
	if len(rows) != 2 || rows[1][0] != "studio" || rows[1][1] != `a "b", c` || rows[1][4] != `'=cmd|' /C calc'!A0` || rows[1][5] != string(at) ||
		rows[1][8] != "42" || !bytes.Contains(table, []byte("part,username\r\n")) {
		t.Errorf("the table is %q", table)
	}
}

// TestProgressIsListed while a recording is uploaded, and no longer.
func TestProgressIsListed(t *testing.T) {
	w := onSockets(t, session.Config{MinLead: time.Millisecond})
	c := w.Join(t, `{"sessionId":"studio","deviceType":"mobile"}`)
	c.Send(message("start_recording", `{"duration":1}`, 2))
	var take session.StartRecording
	must(t, c.Next("start_recording").Decode(&take))
	w.awaitRecording(take.RecordingID)
	w.server.cfg.Files = kept{arriving: take.RecordingID}
	row := func() listed {
		var list struct{ Recordings []listed }
		must(t, json.Unmarshal(w.get(t, "/api/sessions/studio/recordings", ""), &list))
		return list.Recordings[0]
	}
	if r := row(); r.UploadedBytes != nil || r.UploadLength != nil {
		t.Errorf("before uploading %+v", r)
	}
	_, err := w.Sessions.UploadBegan(t.Context(), take.RecordingID, session.Receiver{})
	must(t, err)
	if r := row(); r.UploadedBytes == nil || *r.UploadedBytes != 5 || r.UploadLength != nil {
		t.Errorf("while uploading %+v", r)
	}
	if table := w.get(t, "/api/sessions/studio/recordings", "text/csv"); !bytes.HasSuffix(table, []byte(",5,,,1,\r\n")) {
		t.Errorf("the table is %q", table)
	}
}

func (w *world) get(t *testing.T, path, accept string) []byte {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), "GET", w.URL+path, nil)
	must(t, err)
	q.Header.Set("Accept", accept)
	client := http.Client{Transport: &http.Transport{DialContext: w.Dial, DisableKeepAlives: true}}
	resp, err := client.Do(q)
	must(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	must(t, err)
	if accept != "text/csv" {
		conforms(t, "GET", path, resp.StatusCode, b)
	}
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") == "" {
		t.Errorf("%s: %s %v", path, resp.Status, resp.Header)
	}
	return b
}

func TestPrefersCSV(t *testing.T) {
	for accept, want := range map[string]bool{
		"": false, "*/*": false, "application/json": false, "text/csv": true, "text/csv; charset=utf-8": true, "nonsense;;": false,
		"application/json, text/csv;q=0.9": false, "application/json;q=0.1,text/csv": true, "text/csv;q=0": false,
	} {
		if got := prefersCSV(strings.Split(accept, "|")); got != want {
			t.Errorf("%q: %v", accept, got)
		}
	}
}
