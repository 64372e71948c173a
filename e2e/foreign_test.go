package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/signaling"
)

// TestForeignUpload: a member who knows the recording of another device, and its take's link, can't
// touch what that device uploads, neither before, nor while it does, nor after the server was killed.
func TestForeignUpload(t *testing.T) {
	dir, adminKey := t.TempDir(), access.NewKey()
	i := newInstance(t, "--data", dir, "--disk-reserve", "0", "--access", "link", "--admin-key", adminKey)
	leader := i.join(signaling.JoinRequest{SessionID: "studio", UserID: "ann", Key: adminKey})
	mallory := i.join(signaling.JoinRequest{SessionID: "studio", UserID: "mallory", Key: leader.Keys.Device})
	acts := make(chan device.Act, 2)
	camera := device.New(device.Config{URL: i.url, SessionID: "studio", Key: leader.Keys.Device, Act: func(a device.Act) { acts <- a }})
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() { left <- camera.Run(ctx) }()
	defer func() { leave(); <-left }()
	<-camera.Joined()
	leader.must(t, "start_recording", map[string]any{"duration": 200})
	id := (<-acts).RecordingID
	attack := func() {
		t.Helper()
		for _, secret := range []string{leader.Keys.Device, mallory.ResumeToken, mallory.UserToken, leader.Keys.Watch, ""} {
			for _, length := range []string{"0", "1", "68719476736"} {
				if status := i.beginUpload(id, secret, length); status != http.StatusForbidden && status != http.StatusUnauthorized {
					t.Errorf("%q begins an upload of %s bytes: %d", secret, length, status)
				}
			}
		}
	}
	film := bytes.Repeat([]byte("frame"), filmSize/5)
	half := &halting{bytes.NewReader(film), t.Context(), make(chan bool)}
	eventually(t, "the recording to be known", func() bool { return i.beginUpload(id, leader.Keys.Direct, "4000000") == http.StatusCreated })
	attack()
	sent := make(chan error, 1)
	go func() { sent <- camera.Upload(t.Context(), id, "a.webm", "video/webm", half, int64(len(film))) }()
	eventually(t, "half of the film", func() bool { return largestPart(dir) >= filmSize/2-1<<16 })
	attack()
	i.kill()
	i.start()
	attack()
	close(half.half)
	check(t, <-sent)
	files, err := filepath.Glob(filepath.Join(dir, "recordings", "studio", "*", id+"-a.webm"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	got, err := os.ReadFile(files[0])
	check(t, err)
	if !bytes.Equal(got, film) {
		t.Error("the file isn't what the camera sent")
	}
	attack()
}

// beginUpload asks for an upload and tells the answer's status.
func (i *instance) beginUpload(recordingID, secret, length string) int {
	i.t.Helper()
	q, err := http.NewRequestWithContext(i.t.Context(), "POST", i.url+"/api/uploads/", nil)
	check(i.t, err)
	q.Header.Set("Tus-Resumable", "1.0.0")
	q.Header.Set("Upload-Length", length)
	q.Header.Set("Upload-Metadata", "recordingId "+base64.StdEncoding.EncodeToString([]byte(recordingID)))
	if secret != "" {
		q.Header.Set("Authorization", "Bearer "+secret)
	}
	r, err := client.Do(q)
	check(i.t, err)
	defer r.Body.Close()
	_, _ = io.Copy(io.Discard, r.Body)
	return r.StatusCode
}

// largestPart is how many bytes the largest unfinished file below a directory has.
func largestPart(dir string) (most int64) {
	parts, _ := filepath.Glob(filepath.Join(dir, "uploads", "*.part"))
	for _, p := range parts {
		if f, err := os.Stat(p); err == nil {
			most = max(most, f.Size())
		}
	}
	return most
}
