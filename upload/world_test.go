package upload_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/downbeat-sync/downbeat/upload"
)

// recordings knows every recording but those called "stranger".
type recordings struct {
	mu      sync.Mutex
	told    []upload.Finished
	err     error // of Done
	givenUp []string
	begun   func() // Begin was called
}

func (r *recordings) Begin(_ context.Context, f upload.File) (upload.Place, error) {
	if f.RecordingID == "stranger" {
		return upload.Place{}, &upload.Error{Status: http.StatusNotFound, Code: "unknown_recording", Message: "who?"}
	}
	if r.begun != nil {
		r.begun()
	}
	device, _, _ := strings.Cut(f.RecordingID, "-")
	return upload.Place{Session: "studio", Take: "take1", Device: device}, nil
}

func (r *recordings) Done(_ context.Context, f upload.Finished) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.told = append(r.told, f)
	}
	return r.err
}

func (r *recordings) GivenUp(_ context.Context, recordingID string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.givenUp = append(r.givenUp, recordingID)
	return nil
}

func (r *recordings) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

func (r *recordings) all() []upload.Finished {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]upload.Finished(nil), r.told...)
}

// world is a server on loopback.
type world struct {
	t       *testing.T
	dir     string
	rec     *recordings
	uploads *upload.Server
	http    *httptest.Server
	url     string
	client  *http.Client
	set     []func(*upload.Config) // of newWorld
}

func newWorld(t *testing.T, set ...func(*upload.Config)) *world {
	t.Helper()
	w := &world{t: t, dir: filepath.Join(t.TempDir(), "a[b]*"), rec: &recordings{}, set: set}
	w.start(set...)
	t.Cleanup(w.stop)
	return w
}

func (w *world) start(set ...func(*upload.Config)) {
	w.t.Helper()
	cfg := upload.Config{Dir: w.dir, Recordings: w.rec, Reserve: -1}
	for _, s := range set {
		s(&cfg)
	}
	var err error
	if w.uploads, err = upload.New(cfg); err != nil {
		w.t.Fatal(err)
	}
	w.http = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rank, _ := strconv.Atoi(r.Header.Get("Rank")) // as whoever guards the uploads would say
		w.uploads.Serve(rw, r, upload.Rank(rank))
	}))
	w.url, w.client = w.http.URL, w.http.Client()
}

func (w *world) stop() {
	w.uploads.Close()
	w.http.Close()
	w.client.CloseIdleConnections()
}

// sweep does one round of Run.
func (w *world) sweep() { w.uploads.Sweep(context.Background()) }

type header map[string]string

// do sends a request and returns its answer with the body read.
func (w *world) do(method, path string, h header, body io.Reader) (*http.Response, string) {
	w.t.Helper()
	req, err := http.NewRequest(method, w.url+path, body)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Tus-Resumable", "1.0.0")
	for k, v := range h {
		req.Header.Set(k, v)
	}
	res, err := w.client.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	var failed struct{ Error struct{ Code string } }
	_ = json.Unmarshal(b, &failed)
	return res, failed.Error.Code
}

func metadata(recordingID, name string) string {
	b := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	return "recordingId " + b(recordingID) + ",filename " + b(name) + ",filetype " + b("video/webm")
}

// create makes an upload and returns its path.
func (w *world) create(size int) string {
	w.t.Helper()
	return w.createBy(upload.Anybody, "rec1", size)
}

// creation are the headers of one.
func creation(by upload.Rank, recordingID string, size int) header {
	return header{"Upload-Length": strconv.Itoa(size), "Upload-Metadata": metadata(recordingID, "a.webm"), "Rank": strconv.Itoa(int(by))}
}

func (w *world) createBy(by upload.Rank, recordingID string, size int) string {
	w.t.Helper()
	res, code := w.do("POST", "/api/uploads/", creation(by, recordingID, size), nil)
	if res.StatusCode != http.StatusCreated {
		w.t.Fatalf("creating: %d %s", res.StatusCode, code)
	}
	return res.Header.Get("Location")
}

func patchHeader(offset int) header {
	return header{"Upload-Offset": strconv.Itoa(offset), "Content-Type": "application/offset+octet-stream"}
}

// patch sends bytes and wants a status and a code.
func (w *world) patch(path string, offset int, b []byte, status int, code string) {
	w.t.Helper()
	w.wants("PATCH", path, patchHeader(offset), bytes.NewReader(b), status, code)
}

func (w *world) wants(method, path string, h header, body io.Reader, status int, code string) *http.Response {
	w.t.Helper()
	res, got := w.do(method, path, h, body)
	if res.StatusCode != status || got != code {
		w.t.Fatalf("%s %s: %d %q, want %d %q", method, path, res.StatusCode, got, status, code)
	}
	return res
}

// offset asks how far an upload is.
func (w *world) offset(path string) int {
	w.t.Helper()
	res, _ := w.do("HEAD", path, nil, nil)
	n, err := strconv.Atoi(res.Header.Get("Upload-Offset"))
	if res.StatusCode != http.StatusOK || err != nil {
		w.t.Fatalf("HEAD: %d, offset %q", res.StatusCode, res.Header.Get("Upload-Offset"))
	}
	return n
}

// received waits until n bytes are written, acknowledged or not.
func (w *world) received(path string, n int64) {
	w.t.Helper()
	until(w.t, func() bool {
		f, err := os.Stat(filepath.Join(w.dir, "uploads", filepath.Base(path)+".part"))
		return err == nil && f.Size() == n
	})
}

// arrived checks that the one recording is there, as a whole, and told once.
func (w *world) arrived(want []byte) {
	w.t.Helper()
	got, err := os.ReadFile(filepath.Join(w.dir, "recordings", "studio", "take1", "rec1-a.webm"))
	if err != nil {
		w.t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		w.t.Fatal("the file isn't what was sent")
	}
	sum := sha256.Sum256(want)
	told := w.rec.all()
	if len(told) != 1 {
		w.t.Fatalf("told %d times", len(told))
	}
	if f := told[0]; f.SHA256 != hex.EncodeToString(sum[:]) || f.Size != int64(len(want)) || f.Path != "recordings/studio/take1/rec1-a.webm" || f.Name != "a.webm" {
		w.t.Fatalf("told %+v", f)
	}
	left, err := filepath.Glob(filepath.Join(w.dir, "uploads", "*.part"))
	if err != nil || len(left) > 0 {
		w.t.Fatalf("left over: %v %v", left, err)
	}
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}
