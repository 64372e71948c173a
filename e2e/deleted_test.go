package e2e

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
	"github.com/downbeat-sync/downbeat/takes"
	"github.com/downbeat-sync/downbeat/upload"
	"github.com/downbeat-sync/downbeat/wire"
)

// TestDeletedTake: of a take that is deleted nothing stays on the disk, whether it came
// before or comes late; also when the server was started anew in between. An empty file is
// no recording.
func TestDeletedTake(t *testing.T) {
	dir := t.TempDir()
	server := newInstance(t, "--data", dir, "--disk-reserve", "0")
	c := server.join(signaling.JoinRequest{SessionID: "studio", DeviceType: "native"})
	start := func() (s session.StartRecording) {
		t.Helper()
		_, err := c.Call(t.Context(), "start_recording", map[string]any{"duration": 100})
		check(t, err)
		check(t, c.await(t, "start_recording").Decode(&s))
		eventually(t, "the take to be over", func() bool {
			var answer struct{ Session session.Snapshot }
			server.get("/api/sessions/studio", &answer)
			return answer.Session.Take == nil
		})
		return s
	}
	send := func(id, bytes string) error {
		f := upload.File{RecordingID: id, Name: "front.webm", Size: int64(len(bytes))}
		return (&upload.Client{URL: server.url, HTTP: client}).Send(t.Context(), f, strings.NewReader(bytes))
	}
	kept, gone := start(), start()
	var refused *upload.Error
	if err := send(gone.RecordingID, ""); !errors.As(err, &refused) || refused.Code != wire.CodeEmptyUpload {
		t.Errorf("nothing was uploaded: %v", err)
	}
	check(t, send(kept.RecordingID, "frame"))
	check(t, send(gone.RecordingID, "frame"))
	of := func(s session.StartRecording) string { return filepath.Join(dir, "recordings", "studio", s.CommandID) }
	eventually(t, "the manifest", func() bool {
		_, err := os.Stat(filepath.Join(of(gone), takes.ManifestName))
		return err == nil
	})
	status, body, err := server.do("DELETE", "/api/sessions/studio/takes/"+gone.CommandID, "")
	if err != nil || status != 200 {
		t.Fatalf("%d %s %v", status, body, err)
	}
	removed := func(s session.StartRecording) func() bool {
		return func() bool {
			_, err := os.Stat(of(s))
			return errors.Is(err, fs.ErrNotExist)
		}
	}
	eventually(t, "the files to be removed", removed(gone))
	if err := send(gone.RecordingID, "frame"); !errors.As(err, &refused) || refused.Code != wire.CodeRecordingDeleted || refused.Status != 410 {
		t.Errorf("uploaded late: %v", err)
	}
	server.kill() // before it has removed what another one keeps, perhaps
	check(t, os.MkdirAll(of(gone), 0o700))
	check(t, os.WriteFile(filepath.Join(of(gone), "x"), nil, 0o600))
	server.start()
	eventually(t, "the files to be removed", removed(gone))
	if err := send(gone.RecordingID, "frame"); !errors.As(err, &refused) || refused.Code != wire.CodeRecordingDeleted {
		t.Errorf("uploaded late: %v", err)
	}
	if b, err := os.ReadFile(filepath.Join(of(kept), kept.RecordingID+"-front.webm")); err != nil || string(b) != "frame" {
		t.Errorf("the other take has %q, %v", b, err)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "uploads")); err != nil || len(left) > 1 { // the finished one's record
		t.Errorf("uploads has %v, %v", left, err)
	}
	if recordingOf(server).RecordingID != kept.RecordingID {
		t.Error("the other recording is gone")
	}
}
