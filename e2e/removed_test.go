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
)

// TestRemovedSession: what was recorded outlives its session, with its manifest, unless the
// operator wants it otherwise.
func TestRemovedSession(t *testing.T) {
	for name, flags := range map[string][]string{"kept": nil, "forgotten": {"--forget-recordings"}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			server := newInstance(t, append(flags, "--data", dir, "--disk-reserve", "0", "--session-idle", "2s")...)
			c := server.join(signaling.JoinRequest{SessionID: "studio", DeviceType: "native"})
			_, err := c.Call(t.Context(), "start_recording", map[string]any{"duration": 100})
			check(t, err)
			var start session.StartRecording
			check(t, c.await(t, "start_recording").Decode(&start))
			eventually(t, "the take to begin", func() bool { return recordingOf(server).RecordingID != "" })
			f := upload.File{RecordingID: start.RecordingID, Name: "front.webm", Size: 5}
			check(t, (&upload.Client{URL: server.url, HTTP: client}).Send(t.Context(), f, strings.NewReader("frame")))
			take := filepath.Join(dir, "recordings", "studio", start.CommandID)
			checkManifest(t, filepath.Join(take, takes.ManifestName), func(m takes.Take) bool { return m.Recordings[0].SHA256 != nil })
			eventually(t, "the session to be removed", func() bool {
				status, _, err := server.do("GET", "/api/sessions/studio", "")
				return err == nil && status == 404
			})
			if name == "forgotten" {
				eventually(t, "its files to be removed", func() bool {
					_, err := os.Stat(filepath.Dir(take))
					return errors.Is(err, fs.ErrNotExist)
				})
				return
			}
			b, err := os.ReadFile(filepath.Join(take, start.RecordingID+"-front.webm"))
			if err != nil || string(b) != "frame" {
				t.Errorf("the file has %q, %v", b, err)
			}
			if _, err := os.Stat(filepath.Join(take, takes.ManifestName)); err != nil {
				t.Error(err)
			}
		})
	}
}
