package upload_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/upload"
)

// part creates a part of a recording's file.
func (w *world) part(by upload.Rank, recordingID string, size int) string {
	w.t.Helper()
	h := creation(by, recordingID, size)
	h["Upload-Concat"] = "partial"
	return w.wants("POST", "/api/uploads/", h, nil, 201, "").Header.Get("Location")
}

func joining(by upload.Rank, recordingID string, parts ...string) header {
	h := creation(by, recordingID, 0)
	delete(h, "Upload-Length")
	h["Upload-Concat"] = "final;" + strings.Join(parts, " ")
	return h
}

// TestParts: parts come side by side, in any order, and are a file in the one that is asked for.
func TestParts(t *testing.T) {
	w, want := newWorld(t, func(c *upload.Config) { c.Checkpoint = 1000 }), random(400_000)
	first, second, third := w.part(0, "rec1", 100_000), w.part(0, "rec1", 200_000), w.part(0, "rec1", 100_000)
	w.patch(second, 0, want[100_000:150_000], 204, "")
	w.patch(third, 0, want[300_000:], 204, "")
	w.patch(first, 0, want[:100_000], 204, "")
	w.wants("POST", "/api/uploads/", joining(0, "rec1", first, second, third), nil, 400, "bad_concat")
	if got, want := w.uploads.Progress("studio")["rec1"], (upload.Progress{Offset: 250_000, Length: 400_000}); got != want {
		t.Errorf("progress %v", got)
	}
	w.stop()
	w.start(func(c *upload.Config) { c.Checkpoint = 1000 })
	w.sweep()
	if res, _ := w.do("HEAD", second, nil, nil); res.Header.Get("Upload-Concat") != "partial" || res.Header.Get("Upload-Offset") != "50000" {
		t.Fatal(res.Header)
	}
	w.patch(second, 50_000, want[150_000:300_000], 204, "")
	res := w.wants("POST", "/api/uploads/", joining(0, "rec1", first, "https://x/beat"+second, third), nil, 201, "")
	w.arrived(want)
	if at := w.offset(res.Header.Get("Location")); at != len(want) {
		t.Errorf("offset %d of the whole", at)
	}
	for _, part := range []string{first, second, third} {
		w.wants("HEAD", part, nil, nil, 404, "")
	}
	w.wants("POST", "/api/uploads/", joining(0, "rec1", first), nil, 404, "unknown_upload")
}

// TestPartsRefused: what can't be joined is refused, and leaves the parts as they are.
func TestPartsRefused(t *testing.T) {
	w := newWorld(t, func(c *upload.Config) { c.MaxSize = 100 })
	part := func(recordingID string) string {
		at := w.part(0, recordingID, 60)
		w.patch(at, 0, make([]byte, 60), 204, "")
		return at
	}
	a, b, other := part("rec1"), part("rec1"), part("rec2")
	whole := w.createBy(0, "rec3", 60)
	w.patch(whole, 0, make([]byte, 60), 204, "")
	for name, c := range map[string]struct {
		list   string
		status int
		code   string
	}{
		"none":                   {"final;", 400, "bad_concat"},
		"no list":                {"final", 400, "bad_concat"},
		"a word":                 {"whole", 400, "bad_concat"},
		"nowhere":                {"final;/x/y", 404, "unknown_upload"},
		"unknown":                {"final;/api/uploads/00000000-0000-0000-0000-000000000000", 404, "unknown_upload"},
		"twice":                  {"final;" + a + " " + a, 413, "upload_too_large"},
		"too large":              {"final;" + a + " " + b, 413, "upload_too_large"},
		"another recording's":    {"final;" + other, 400, "bad_concat"},
		"a file that is no part": {"final;" + whole, 400, "bad_concat"},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			h := joining(0, "rec1")
			h["Upload-Concat"] = c.list
			w.wants("POST", "/api/uploads/", h, nil, c.status, c.code)
		})
	}
	w.t = t
	h := joining(0, "rec1", a)
	h["Content-Type"] = "application/offset+octet-stream"
	w.wants("POST", "/api/uploads/", h, strings.NewReader("x"), 400, "bad_concat")
	if at := w.offset(a); at != 60 {
		t.Errorf("offset %d of a part", at)
	}
	w.wants("POST", "/api/uploads/", header{"Upload-Length": "5", "Upload-Concat": "partial"}, nil, 400, "bad_metadata")
	if files, _ := filepath.Glob(filepath.Join(escaped(w.dir), "uploads", "*.part")); len(files) != 3 {
		t.Errorf("%d files, want those of the parts", len(files))
	}
}

// TestPartTwice: a part counts once.
func TestPartTwice(t *testing.T) {
	w := newWorld(t)
	a := w.part(0, "rec1", 5)
	w.patch(a, 0, []byte("12345"), 204, "")
	w.wants("POST", "/api/uploads/", joining(0, "rec1", a, a), nil, 400, "bad_concat")
	w.wants("POST", "/api/uploads/", joining(0, "rec1", a), nil, 201, "")
	w.arrived([]byte("12345"))
}

// TestPartsAndRanks: parts are beside each other, and beside nothing else of their recording.
func TestPartsAndRanks(t *testing.T) {
	w := newWorld(t)
	a, b := w.part(upload.Commander, "rec1", 10), w.part(upload.Commander, "rec1", 10)
	w.patch(a, 0, []byte("12345"), 204, "")
	w.patch(b, 0, []byte("12345"), 204, "")
	for _, what := range []string{"partial", "final;" + a + " " + b, ""} {
		h := creation(upload.Anybody, "rec1", 10)
		h["Upload-Concat"] = what
		code, status := "upload_under_way", 423
		if strings.HasPrefix(what, "final") {
			code, status = "bad_concat", 400 // they aren't complete
		}
		w.wants("POST", "/api/uploads/", h, nil, status, code)
	}
	higher := w.part(upload.Recorder, "rec1", 10)
	if w.offset(a) != 5 || w.offset(b) != 5 {
		t.Fatal("a part without a byte changed something")
	}
	w.patch(higher, 0, []byte("1"), 204, "")
	w.wants("HEAD", a, nil, nil, 404, "")
	w.wants("HEAD", b, nil, nil, 404, "")
	whole := w.createBy(upload.Recorder, "rec1", 10)
	w.patch(whole, 0, []byte("1"), 204, "")
	w.wants("HEAD", higher, nil, nil, 404, "")
	again := w.part(upload.Recorder, "rec1", 10)
	w.patch(again, 0, []byte("1"), 204, "")
	w.wants("HEAD", whole, nil, nil, 404, "")
}

// TestPartsAreCounted: each is an upload, and stays as long as one.
func TestPartsAreCounted(t *testing.T) {
	now := time.Now()
	w := newWorld(t, func(c *upload.Config) { c.PerDevice, c.Now = 2, func() time.Time { return now } })
	a, b := w.part(0, "a-1", 1), w.part(0, "a-1", 1)
	h := creation(0, "a-1", 1)
	h["Upload-Concat"] = "partial"
	w.wants("POST", "/api/uploads/", h, nil, 429, "too_many_uploads")
	w.patch(a, 0, []byte("1"), 204, "")
	now = now.Add(121 * time.Second)
	w.wants("HEAD", b, nil, nil, 404, "")
	w.sweep()
	c := w.part(0, "a-1", 1)
	w.patch(c, 0, []byte("2"), 204, "")
	now = now.Add(24*time.Hour + time.Second)
	w.sweep()
	w.empty("uploads")
	if got := w.rec.givenUp; len(got) != 1 || got[0] != "a-1" {
		t.Errorf("told that %v is given up", got)
	}
}

// TestPartsNeedRoom: the whole is written beside its parts, which stay when it doesn't fit.
func TestPartsNeedRoom(t *testing.T) {
	free := int64(1000)
	w := newWorld(t, func(c *upload.Config) { c.Free = func(string) (int64, error) { return free, nil } })
	a := w.part(0, "rec1", 5)
	w.patch(a, 0, []byte("12345"), 204, "")
	free = 4
	w.wants("POST", "/api/uploads/", joining(0, "rec1", a), nil, 507, "disk_full")
	free = 1000
	w.wants("POST", "/api/uploads/", joining(0, "rec1", a), nil, 201, "")
	w.arrived([]byte("12345"))
}

// TestPartsSurvive kills the server while it joins parts: they are there, or the whole is.
func TestPartsSurvive(t *testing.T) {
	c, want := newChild(t), random(8<<20)
	for i := range 8 {
		c.connect()
		a, b := c.part(0, "rec1", 6<<20), c.part(0, "rec1", 2<<20)
		c.patch(a, 0, want[:6<<20], 204, "")
		c.patch(b, 0, want[6<<20:], 204, "")
		asking := c.dial(fmt.Sprintf("POST /api/uploads/ HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Metadata: %s\r\nUpload-Concat: final;%s %s\r\n\r\n",
			metadata("rec1", "a.webm"), a, b))
		time.Sleep(time.Duration(i) * 5 * time.Millisecond) // a real process, killed at any moment
		_ = c.cmd.Process.Signal(syscall.SIGKILL)
		answer, err := http.ReadResponse(bufio.NewReader(asking), nil)
		told := err == nil && answer.StatusCode == http.StatusCreated
		c.kill()
		_ = asking.Close()
		c.start()
		c.connect()
		whole := filepath.Join(c.dir, "recordings", "studio", "take1", "rec1-a.webm")
		if res, _ := c.do("HEAD", a, nil, nil); res.StatusCode == http.StatusOK && !told {
			if res, code := c.do("POST", "/api/uploads/", joining(0, "rec1", a, b), nil); res.StatusCode != 201 && code != "already_uploaded" && code != "unknown_upload" { // the last: the server has gone on by itself, and the parts are gone
				t.Fatalf("kill %d: %d %s", i, res.StatusCode, code)
			}
		}
		until(t, func() bool { _, err := os.Stat(whole); return err == nil })
		if got, err := os.ReadFile(whole); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("kill %d: the file isn't what was sent (%v)", i, err)
		}
		c.forget()
	}
}
