package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/internal/lab"
	"github.com/downbeat-sync/downbeat/internal/shell"
	"github.com/downbeat-sync/downbeat/server"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
	"github.com/downbeat-sync/downbeat/takes"
	"github.com/downbeat-sync/downbeat/upload"
)

// TestRecordingIsUploaded: from start_recording to session_completed and the manifest,
// over real sockets.
func TestRecordingIsUploaded(t *testing.T) {
	dir := t.TempDir()
	r, err := lab.NewRig(t.Context(), server.Config{Log: quiet(), MaxLead: time.Second, MaxDevices: 10, Data: dir, DiskReserve: -1}, nil)
	check(t, err)
	url := r.URL

	started, completed := make(chan device.Act, 2), make(chan bool, 2)
	d := device.New(device.Config{
		URL: url, SessionID: "studio", Create: true,
		Act: func(a device.Act) { started <- a },
		OnMessage: func(m signaling.Message) {
			if m.Event == "session_completed" {
				completed <- true
			}
		},
	})
	ctx, leave := context.WithCancel(context.Background())
	left := make(chan error, 1)
	go func() { left <- d.Run(ctx) }()
	<-d.Connected()

	_, err = d.Call(ctx, "start_recording", map[string]any{"postureLabel": "plank", "duration": 200})
	check(t, err)
	a := <-started
	content := bytes.Repeat([]byte("frame"), 100_000)
	report(t, d, "recording_started", a.RecordingID, a.At)
	check(t, d.Upload(ctx, a.RecordingID, "../../front.webm", "video/webm", bytes.NewReader(content), int64(len(content))))
	stopped := <-started
	report(t, d, "recording_stopped", a.RecordingID, stopped.At)
	<-completed

	name := a.RecordingID + "-front.webm"
	got, err := os.ReadFile(filepath.Join(dir, "recordings", "studio", a.CommandID, name))
	check(t, err)
	if !bytes.Equal(got, content) {
		t.Error("the file isn't what was sent")
	}
	checkManifest(t, filepath.Join(dir, "recordings", "studio", a.CommandID, takes.ManifestName), func(m takes.Take) bool {
		if len(m.Recordings) != 1 || m.Recordings[0].File == nil || m.Recordings[0].StopTimestamp == nil {
			return false
		}
		r := m.Recordings[0]
		return m.PostureLabel == "plank" && *r.File == name && *r.FileSizeBytes == int64(len(content)) && len(*r.SHA256) == 64 &&
			r.UploadStatus == "uploaded" && r.StartTimestamp.Sub(a.At).Abs() < 2*time.Microsecond && r.DurationMs != nil && *r.AfterFirstMs == 0
	})
	var list struct {
		Recordings []struct{ FileURL string }
		Takes      []struct{ ManifestURL, OTIOURL, FFmpegURL string }
	}
	check(t, json.Unmarshal(download(t, url+"/api/sessions/studio/recordings"), &list))
	if !bytes.Equal(download(t, url+list.Recordings[0].FileURL), content) {
		t.Error("what is downloaded isn't what was sent")
	}
	beside, err := os.ReadFile(filepath.Join(dir, "recordings", "studio", a.CommandID, takes.ManifestName))
	check(t, err)
	if got := download(t, url+list.Takes[0].ManifestURL); !bytes.Equal(got, beside) {
		t.Errorf("the manifest is\n%s, that beside the file\n%s", got, beside)
	}
	if timeline := download(t, url+list.Takes[0].OTIOURL); !bytes.Contains(timeline, []byte(`"OTIO_SCHEMA": "Timeline.1"`)) {
		t.Errorf("the timeline is %s", timeline)
	}
	if script := download(t, url+list.Takes[0].FFmpegURL); !bytes.HasPrefix(script, []byte("#!/bin/sh\n")) {
		t.Errorf("the script is %s", script)
	}
	for _, c := range []shell.Export{{OTIO: true}, {FFmpeg: true}} {
		var out bytes.Buffer
		c.Manifest = filepath.Join(dir, "recordings", "studio", a.CommandID, takes.ManifestName)
		check(t, c.Run(&out))
		if !bytes.Contains(out.Bytes(), []byte(name)) {
			t.Errorf("downbeat export doesn't name %s: %s", name, out.Bytes())
		}
	}
	err = d.Upload(ctx, a.RecordingID, "", "", strings.NewReader("x"), 1)
	if err == nil || !strings.Contains(err.Error(), "has been uploaded") {
		t.Errorf("a second time: %v", err)
	}

	leave()
	check(t, <-left)
	check(t, r.Close())
}

func download(t *testing.T, url string) []byte {
	t.Helper()
	res, err := http.Get(url)
	check(t, err)
	b, err := io.ReadAll(res.Body)
	check(t, errors.Join(err, res.Body.Close()))
	http.DefaultClient.CloseIdleConnections()
	if res.StatusCode != http.StatusOK {
		t.Errorf("%s: %s %s", url, res.Status, b)
	}
	return b
}

func report(t *testing.T, d *device.Device, event, recordingID string, at clock.SessionTime) {
	t.Helper()
	_, err := d.Call(context.Background(), event, map[string]any{"recordingId": recordingID, "timestamp": at, "bound": 0.5})
	check(t, err)
}

// checkManifest waits until the manifest says what it should.
func checkManifest(t *testing.T, name string, right func(takes.Take) bool) {
	t.Helper()
	var b []byte
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		var m takes.Take
		if b, _ = os.ReadFile(name); json.Unmarshal(b, &m) == nil && right(m) {
			return
		}
	}
	t.Errorf("the manifest says %s", b)
}

func TestNoStorage(t *testing.T) {
	r, err := lab.NewRig(t.Context(), server.Config{Log: quiet()}, nil)
	check(t, err)
	res, err := http.Post(r.URL+"/api/uploads/", "", nil)
	check(t, err)
	b, err := io.ReadAll(res.Body)
	check(t, err)
	_ = res.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if res.StatusCode != http.StatusNotFound || !strings.Contains(string(b), `"no_storage"`) {
		t.Errorf("%s %s", res.Status, b)
	}
	check(t, r.Close())
}

// TestUploadThroughKills: the real program is killed in the middle of an upload, started
// again on the same directory, and completes the session.
func TestUploadThroughKills(t *testing.T) {
	dir := t.TempDir()
	i := newInstance(t, "--data", dir, "--disk-reserve", "0")
	c := i.join(signaling.JoinRequest{SessionID: "studio", DeviceType: "native"})
	_, err := c.Call(t.Context(), "start_recording", map[string]any{"postureLabel": "plank", "duration": 100})
	check(t, err)
	var start session.StartRecording
	check(t, c.await(t, "start_recording").Decode(&start))
	path := filepath.Join("recordings", "studio", start.CommandID)
	eventually(t, "the take to be over", func() bool { return recordingOf(i).UploadStatus == "pending" })

	content := bytes.Repeat([]byte("frame"), 8_000_000)
	reader := &slowReader{Reader: bytes.NewReader(content), half: make(chan bool), killed: make(chan bool)}
	sent := make(chan error, 1)
	go func() {
		f := upload.File{RecordingID: start.RecordingID, Name: "front.webm", Size: int64(len(content))}
		sent <- (&upload.Client{URL: i.url, HTTP: client}).Send(t.Context(), f, reader)
	}()
	<-reader.half
	var half struct {
		Recordings []struct{ UploadedBytes, UploadLength *int64 }
	}
	i.get("/api/sessions/studio/recordings", &half)
	if r := half.Recordings[0]; r.UploadedBytes == nil || *r.UploadedBytes > int64(len(content)) || r.UploadLength == nil || *r.UploadLength != int64(len(content)) {
		t.Errorf("half-way %+v", r)
	}
	i.kill()
	close(reader.killed)
	i.start()
	check(t, <-sent)
	eventually(t, "the session to be completed", func() bool {
		var answer struct{ Session session.Snapshot }
		i.get("/api/sessions/studio", &answer)
		return answer.Session.Status == "completed"
	})
	sum := sha256.Sum256(content)
	r := recordingOf(i)
	if r.SHA256 != hex.EncodeToString(sum[:]) || r.File != filepath.ToSlash(path)+"/"+start.RecordingID+"-front.webm" || *r.FileSizeBytes != int64(len(content)) {
		t.Errorf("recording %+v", r)
	}
	checkManifest(t, filepath.Join(dir, path, takes.ManifestName), func(m takes.Take) bool {
		return len(m.Recordings) == 1 && m.Recordings[0].SHA256 != nil && *m.Recordings[0].SHA256 == r.SHA256
	})
}

func recordingOf(i *instance) session.Recording {
	var answer struct{ Recordings []session.Recording }
	i.get("/api/sessions/studio/recordings", &answer)
	if len(answer.Recordings) != 1 {
		return session.Recording{}
	}
	return answer.Recordings[0]
}

// slowReader stops in the middle until the server has been killed.
type slowReader struct {
	*bytes.Reader
	once         sync.Once
	half, killed chan bool
}

func (r *slowReader) Read(p []byte) (int, error) {
	if r.Len() < int(r.Size()/2) {
		r.once.Do(func() { close(r.half); <-r.killed })
	}
	return r.Reader.Read(p)
}
