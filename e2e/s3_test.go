package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/internal/testutil"
	"github.com/downbeat-sync/downbeat/signaling"
)

// TestFilesInS3: an upload goes on through any of several instances with one bucket, though its connection is cut
// and one of them killed; nothing that was acknowledged is sent again, and every instance hands the file out.
func TestFilesInS3(t *testing.T) {
	s3 := testutil.NewS3(t)
	nats := newNATS(t).url()
	var all []*instance
	for range 3 {
		all = append(all, newInstance(t, "--nats", nats, "--files", s3.URL(testutil.S3Bucket), "--qr=false"))
	}
	ann := all[0].join(signaling.JoinRequest{SessionID: "studio", UserID: "ann", DeviceType: "mobile"})
	for name, send := range map[string]func(*testing.T, string, string, []byte){"the Go client": sendByGo, "tus-js-client": sendByJS} {
		t.Run(name, func(t *testing.T) {
			id, want := all[0].recordedBy(ann).RecordingID, someBytes(30<<20)
			through := newRoundRobin(t, fiveCuts, all...)
			send(t, through.url, id, want)
			if n := through.count("PATCH 404") + through.count("HEAD 404"); n > 0 {
				t.Errorf("%d requests found no upload", n)
			}
			if sent := through.carried.Load(); sent > int64(len(want))+50<<20 { // a cut costs a piece of 8 MiB that wasn't acknowledged, and what is on its way
				t.Errorf("%d bytes were sent for %d", sent, len(want))
			}
			everywhere(t, all, id, want)
		})
	}
	t.Run("one is killed in the middle", func(t *testing.T) {
		id, want := all[0].recordedBy(ann).RecordingID, someBytes(30<<20)
		through := newRoundRobin(t, fiveCuts, all...)
		cmd, said := startJS(t, through.url, id, want)
		eventually(t, "bytes to arrive", func() bool { return through.carried.Load() > 10<<20 })
		all[1].kill()
		if err := cmd.Wait(); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		if n := through.count("PATCH 404") + through.count("HEAD 404"); n > 0 {
			t.Errorf("%d requests found no upload", n)
		}
		everywhere(t, []*instance{all[0], all[2]}, id, want)
		all[1].start()
		everywhere(t, all[1:2], id, want)
	})
	t.Run("two files of one recording", func(t *testing.T) { finishedAtTwo(t, all[:2], all[0].recordedBy(ann).RecordingID) })
	left, err := filepath.Glob(filepath.Join(s3.Dir, testutil.S3Bucket, "files", "pieces", "*", "*"))
	if check(t, err); len(left) > 0 {
		t.Errorf("%d pieces are left", len(left))
	}
}

// TestS3Away: while S3 is away, refuses the credentials or has no bucket, uploads are refused with a code, sessions go on, and the upload goes on afterwards.
func TestS3Away(t *testing.T) {
	s3 := testutil.NewS3(t)
	one := newInstance(t, "--nats", newNATS(t).url(), "--files", s3.URL(testutil.S3Bucket), "--qr=false")
	id := one.recorded().RecordingID
	s3.Kill()
	if got := createUpload(t, one, id); got != "503 storage_away" {
		t.Errorf("while S3 is away: %s", got)
	}
	if status, b, err := one.do("POST", "/api/sessions/studio/commands", `{"name":"beep"}`); err != nil || status != 202 {
		t.Errorf("a command meanwhile: %d %s %v", status, b, err)
	}
	s3.Secret = "another-secret"
	s3.Start()
	if got := createUpload(t, one, id); got != "503 storage_refused" {
		t.Errorf("with credentials that aren't right any more: %s", got)
	}
	s3.Kill()
	s3.Secret = testutil.S3Secret
	bucket := filepath.Join(s3.Dir, testutil.S3Bucket)
	check(t, os.Rename(bucket, bucket+"-elsewhere"))
	s3.Start()
	if got := createUpload(t, one, id); got != "503 storage_refused" {
		t.Errorf("without the bucket: %s", got)
	}
	check(t, os.Rename(bucket+"-elsewhere", bucket))
	want := someBytes(1 << 20)
	sendByGo(t, one.url, id, want)
	everywhere(t, []*instance{one}, id, want)
}

// createUpload begins an upload, and returns the status and the code of the answer.
func createUpload(t *testing.T, i *instance, id string) string {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), "POST", i.url+"/api/uploads/", nil)
	check(t, err)
	q.Header.Set("Tus-Resumable", "1.0.0")
	q.Header.Set("Upload-Length", "1000")
	q.Header.Set("Upload-Metadata", "recordingId "+base64.StdEncoding.EncodeToString([]byte(id)))
	res, err := client.Do(q)
	check(t, err)
	defer func() { _ = res.Body.Close() }()
	var answer struct{ Error struct{ Code string } }
	_ = json.NewDecoder(res.Body).Decode(&answer)
	return strings.TrimSpace(strconv.Itoa(res.StatusCode) + " " + answer.Error.Code)
}

// TestWrongBucket: what can't be used as a bucket is refused at the start, each with a word of its own.
func TestWrongBucket(t *testing.T) {
	s3 := testutil.NewS3(t)
	binary, err := downbeatBinary()
	check(t, err)
	for name, c := range map[string]struct {
		files, secret, want string
	}{
		"no bucket":         {s3.URL("nobodys"), testutil.S3Secret, "no such bucket"},
		"wrong credentials": {s3.URL(testutil.S3Bucket), "wrong-secret", "refuses the credentials"},
		"nobody there":      {"s3://beat?endpoint=http://127.0.0.1:1", testutil.S3Secret, "doesn't answer"},
		"no URL":            {"/srv/files", testutil.S3Secret, "a URL such as s3://"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, binary, "serve", "--addr", freeAddr(t), "--qr=false", "--files", c.files)
			cmd.Env = append(os.Environ(), "AWS_SECRET_ACCESS_KEY="+c.secret)
			said, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(said), c.want) {
				t.Errorf("%v: %s", err, said)
			}
		})
	}
}
