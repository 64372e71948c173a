package upload_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/upload"
)

func TestUploadInPieces(t *testing.T) {
	w, want := newWorld(t), random(1<<20)
	path := w.create(len(want))
	w.patch(path, 0, want[:1000], 204, "")
	w.patch(path, 1000, nil, 204, "")
	w.patch(path, 999, want[1000:], 409, "offset_mismatch")
	if got := w.offset(path); got != 1000 {
		t.Fatalf("offset %d", got)
	}
	w.patch(path, 1000, want[1000:], 204, "")
	w.arrived(want)
	if got := w.offset(path); got != len(want) {
		t.Fatalf("offset %d of a finished upload", got)
	}
	w.patch(path, len(want), []byte("x"), 413, "upload_too_long")
	w.wants("DELETE", path, nil, nil, 409, "already_uploaded")
	w.wants("POST", "/api/uploads/", header{"Upload-Length": "3", "Upload-Metadata": metadata("rec1", "b")}, nil, 409, "already_uploaded")
}

func TestCreationWithUpload(t *testing.T) {
	w, want := newWorld(t), random(5000)
	h := header{"Upload-Length": "5000", "Upload-Metadata": metadata("rec1", "a.webm"), "Content-Type": "application/offset+octet-stream"}
	res := w.wants("POST", "/api/uploads", h, bytes.NewReader(want[:4000]), 201, "")
	if res.Header.Get("Upload-Offset") != "4000" || res.Header.Get("Upload-Expires") == "" {
		t.Fatal(res.Header)
	}
	w.patch(res.Header.Get("Location"), 4000, want[4000:], 204, "")
	w.arrived(want)
}

func TestEmptyFile(t *testing.T) {
	w := newWorld(t)
	w.create(0)
	w.arrived(nil)
}

func TestDeferredLength(t *testing.T) {
	w, want := newWorld(t), random(3000)
	res := w.wants("POST", "/api/uploads", header{"Upload-Defer-Length": "1", "Upload-Metadata": metadata("rec1", "a.webm")}, nil, 201, "")
	path := res.Header.Get("Location")
	w.patch(path, 0, want[:2000], 204, "")
	if res, _ := w.do("HEAD", path, nil, nil); res.Header.Get("Upload-Defer-Length") != "1" || res.Header.Get("Upload-Length") != "" {
		t.Fatal(res.Header)
	}
	h := patchHeader(2000)
	h["Upload-Length"] = "1999"
	w.wants("PATCH", path, h, bytes.NewReader(want[2000:]), 400, "bad_length")
	h["Upload-Length"] = "3000"
	w.wants("PATCH", path, h, bytes.NewReader(want[2000:2500]), 204, "")
	h = patchHeader(2500)
	h["Upload-Length"] = "4000"
	w.wants("PATCH", path, h, bytes.NewReader(want[2500:]), 400, "bad_length")
	w.patch(path, 2500, want[2500:], 204, "")
	w.arrived(want)
}

func TestDeferredLengthToldLast(t *testing.T) {
	w, want := newWorld(t), random(3000)
	res := w.wants("POST", "/api/uploads", header{"Upload-Defer-Length": "1", "Upload-Metadata": metadata("rec1", "a.webm")}, nil, 201, "")
	w.patch(res.Header.Get("Location"), 0, want, 204, "")
	h := patchHeader(3000)
	h["Upload-Length"] = "3000"
	w.wants("PATCH", res.Header.Get("Location"), h, nil, 204, "")
	w.arrived(want)
}

func TestConnectionCut(t *testing.T) {
	w, want := newWorld(t), random(100_000)
	path := w.create(len(want))
	c := w.dialPatch(path, 0, len(want), "")
	_, _ = c.Write(want[:60_000])
	w.received(path, 60_000)
	_ = c.Close()
	if got := w.offset(path); got != 60_000 {
		t.Fatalf("offset %d", got)
	}
	w.patch(path, 60_000, want[60_000:], 204, "")
	w.arrived(want)
}

// A PATCH whose connection hangs must not block the one that goes on.
func TestTakeover(t *testing.T) {
	w, want := newWorld(t), random(100_000)
	path := w.create(len(want))
	c := w.dialPatch(path, 0, len(want), "")
	defer c.Close()
	_, _ = c.Write(want[:60_000])
	w.received(path, 60_000)
	at := w.offset(path)
	if at != 60_000 {
		t.Fatalf("offset %d", at)
	}
	answer, _ := io.ReadAll(c)
	if !strings.HasPrefix(string(answer), "HTTP/1.1 423 ") || !strings.Contains(string(answer), "superseded") {
		t.Fatalf("the interrupted request got %q", answer)
	}
	w.patch(path, at, want[at:], 204, "")
	w.arrived(want)
}

// dialPatch begins a PATCH by hand, its body is the caller's to write.
func (w *world) dialPatch(path string, offset, length int, more string) net.Conn {
	w.t.Helper()
	return w.dial(patchRequest(path, offset, length, more))
}

// dial sends the begin of a request by hand.
func (w *world) dial(begin string) net.Conn {
	w.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err = io.WriteString(c, begin); err != nil {
		w.t.Fatal(err)
	}
	return c
}

func TestMoreThanPromised(t *testing.T) {
	w, want := newWorld(t, func(c *upload.Config) { c.Checkpoint = 1000 }), random(900_000)
	path := w.create(len(want))
	w.patch(path, 0, want[:10], 204, "")
	w.patch(path, 10, want, 413, "upload_too_long")
	chunked := struct{ io.Reader }{io.MultiReader(bytes.NewReader(want[10:]), strings.NewReader("x"))}
	w.wants("PATCH", path, patchHeader(10), chunked, 413, "upload_too_long")
	if got := w.offset(path); got != 10 {
		t.Fatalf("offset %d", got)
	}
	w.patch(path, 10, want[10:], 204, "")
	w.arrived(want)
}

func TestTermination(t *testing.T) {
	w := newWorld(t)
	path := w.create(100)
	w.patch(path, 0, make([]byte, 50), 204, "")
	w.wants("DELETE", path, nil, nil, 204, "")
	w.wants("HEAD", path, nil, nil, 404, "")
	w.patch(path, 50, make([]byte, 50), 404, "unknown_upload")
	if got := w.rec.givenUp; len(got) != 1 || got[0] != "rec1" {
		t.Fatalf("told that %v is given up", got)
	}
	if files, _ := os.ReadDir(filepath.Join(w.dir, "uploads")); len(files) > 0 {
		t.Fatal("files are left")
	}
}

func TestRefusals(t *testing.T) {
	w := newWorld(t, func(c *upload.Config) {
		c.MaxSize, c.Free, c.Reserve = 1<<40, func(string) (int64, error) { return 2 << 30, nil }, 1<<30
	})
	path := w.create(100)
	meta, typ := metadata("rec2", "a"), "application/offset+octet-stream"
	post := func(h header) header {
		if _, ok := h["Upload-Metadata"]; !ok {
			h["Upload-Metadata"] = meta
		}
		return h
	}
	for name, c := range map[string]struct {
		method, path string
		h            header
		body         string
		status       int
		code         string
	}{
		"another version":     {"HEAD", path, header{"Tus-Resumable": "0.2.2"}, "", 412, ""},
		"no length":           {"POST", "/api/uploads", post(header{}), "", 400, "bad_length"},
		"negative length":     {"POST", "/api/uploads", post(header{"Upload-Length": "-1"}), "", 400, "bad_length"},
		"length in words":     {"POST", "/api/uploads", post(header{"Upload-Length": "ten"}), "", 400, "bad_length"},
		"signed length":       {"POST", "/api/uploads", post(header{"Upload-Length": "+5"}), "", 400, "bad_length"},
		"length overflows":    {"POST", "/api/uploads", post(header{"Upload-Length": "99999999999999999999"}), "", 400, "bad_length"},
		"two lengths":         {"POST", "/api/uploads", post(header{"Upload-Length": "5", "Upload-Defer-Length": "1"}), "", 400, "bad_length"},
		"odd defer":           {"POST", "/api/uploads", post(header{"Upload-Defer-Length": "2"}), "", 400, "bad_length"},
		"too large":           {"POST", "/api/uploads", post(header{"Upload-Length": "1099511627777"}), "", 413, "upload_too_large"},
		"disk too small":      {"POST", "/api/uploads", post(header{"Upload-Length": "1073741800"}), "", 507, "disk_full"},
		"no metadata":         {"POST", "/api/uploads", post(header{"Upload-Length": "5", "Upload-Metadata": ""}), "", 400, "bad_metadata"},
		"metadata not base64": {"POST", "/api/uploads", post(header{"Upload-Length": "5", "Upload-Metadata": "recordingId rec1!"}), "", 400, "bad_metadata"},
		"a key twice":         {"POST", "/api/uploads", post(header{"Upload-Length": "5", "Upload-Metadata": meta + "," + meta}), "", 400, "bad_metadata"},
		"metadata too long":   {"POST", "/api/uploads", post(header{"Upload-Length": "5", "Upload-Metadata": meta + ",x " + strings.Repeat("AAAA", 2000)}), "", 400, "bad_metadata"},
		"no recording":        {"POST", "/api/uploads", post(header{"Upload-Length": "5", "Upload-Metadata": "filename YQ=="}), "", 400, "bad_recording_id"},
		"a path":              {"POST", "/api/uploads", post(header{"Upload-Length": "5", "Upload-Metadata": metadata("../x", "a")}), "", 400, "bad_recording_id"},
		"name with newline":   {"POST", "/api/uploads", post(header{"Upload-Length": "5", "Upload-Metadata": metadata("rec1", "a\nb")}), "", 400, "bad_filename"},
		"name of overrides":   {"POST", "/api/uploads", post(header{"Upload-Length": "5", "Upload-Metadata": metadata("rec1", "a\u202egpj.mp4")}), "", 400, "bad_filename"},
		"name too long":       {"POST", "/api/uploads", post(header{"Upload-Length": "5", "Upload-Metadata": metadata("rec1", strings.Repeat("a", 256))}), "", 400, "bad_filename"},
		"unknown recording":   {"POST", "/api/uploads", post(header{"Upload-Length": "5", "Upload-Metadata": metadata("stranger", "a")}), "", 404, "unknown_recording"},
		"body of no type":     {"POST", "/api/uploads", post(header{"Upload-Length": "5"}), "hello", 415, "bad_content_type"},
		"body too long":       {"POST", "/api/uploads", post(header{"Upload-Length": "4", "Content-Type": typ}), "hello", 413, "upload_too_long"},
		"post to an upload":   {"POST", path, post(header{"Upload-Length": "5"}), "", 404, "not_found"},
		"get":                 {"GET", path, header{}, "", 404, "not_found"},
		"unknown id":          {"HEAD", "/api/uploads/00000000-0000-0000-0000-000000000000", header{}, "", 404, ""},
		"id is a path":        {"PATCH", "/api/uploads/..%2f..%2fetc%2fpasswd", patchHeader(0), "x", 404, "unknown_upload"},
		"id with braces":      {"PATCH", "/api/uploads/%7b" + strings.TrimPrefix(path, "/api/uploads/") + "%7d", patchHeader(0), "x", 404, "unknown_upload"},
		"id in capitals":      {"PATCH", "/api/uploads/" + strings.ToUpper(strings.TrimPrefix(path, "/api/uploads/")) + "X", patchHeader(0), "x", 404, "unknown_upload"},
		"id with more":        {"DELETE", path + "/../x", header{}, "", 404, "unknown_upload"},
		"no type":             {"PATCH", path, header{"Upload-Offset": "0"}, "x", 415, "bad_content_type"},
		"no offset":           {"PATCH", path, header{"Content-Type": typ}, "x", 400, "bad_offset"},
		"negative offset":     {"PATCH", path, patchHeader(-1), "x", 400, "bad_offset"},
		"offset ahead":        {"PATCH", path, patchHeader(7), "x", 409, "offset_mismatch"},
		"length changes":      {"PATCH", path, header{"Content-Type": typ, "Upload-Offset": "0", "Upload-Length": "101"}, "x", 400, "bad_length"},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			var body io.Reader
			if c.body != "" {
				body = strings.NewReader(c.body)
			}
			w.wants(c.method, c.path, c.h, body, c.status, c.code)
		})
	}
	w.t = t
	if got := w.offset(path); got != 0 {
		t.Fatalf("offset %d after what was refused", got)
	}
	if files, _ := os.ReadDir(filepath.Join(w.dir, "uploads")); len(files) != 2 {
		t.Fatalf("%d files, want those of the one upload", len(files))
	}
}

func TestOptions(t *testing.T) {
	w := newWorld(t)
	res := w.wants("OPTIONS", "/api/uploads/", header{"Tus-Resumable": ""}, nil, 204, "")
	wants := header{
		"Tus-Resumable": "1.0.0", "Tus-Version": "1.0.0", "Tus-Max-Size": "68719476736",
		"Tus-Extension": "creation,creation-with-upload,termination,concatenation,creation-defer-length,expiration",
	}
	for k, want := range wants {
		if got := res.Header.Get(k); got != want {
			t.Errorf("%s: %q", k, got)
		}
	}
}

// A recording isn't taken for one that is being uploaded when nothing begins.
func TestRefusedAfterBegin(t *testing.T) {
	w := newWorld(t, func(c *upload.Config) { c.Free = func(string) (int64, error) { return 99, nil } })
	w.wants("POST", "/api/uploads/", header{"Upload-Length": "100", "Upload-Metadata": metadata("rec1", "a")}, nil, 507, "disk_full")
	if got := w.rec.givenUp; len(got) != 1 || got[0] != "rec1" {
		t.Fatalf("told that %v is given up", got)
	}
}

func TestExpiry(t *testing.T) {
	now := time.Now()
	w := newWorld(t, func(c *upload.Config) { c.Now = func() time.Time { return now } })
	path := w.create(100)
	now = now.Add(time.Minute)
	w.patch(path, 0, make([]byte, 50), 204, "")
	now = now.Add(23 * time.Hour)
	w.sweep()
	if got := w.offset(path); got != 50 {
		t.Fatalf("offset %d", got)
	}
	now = now.Add(time.Hour + time.Second)
	w.wants("HEAD", path, nil, nil, 404, "")
	w.sweep()
	if files, _ := os.ReadDir(filepath.Join(w.dir, "uploads")); len(files) > 0 {
		t.Fatal("files are left")
	}
}

func TestToldAgainUntilHeard(t *testing.T) {
	w, want := newWorld(t), random(100)
	w.rec.fail(errors.New("the store is away"))
	path := w.create(len(want))
	w.patch(path, 0, want, 204, "")
	w.rec.fail(nil)
	w.sweep()
	w.sweep()
	w.arrived(want)
}

func TestRestart(t *testing.T) {
	w, want := newWorld(t), random(100_000)
	path := w.create(len(want))
	w.patch(path, 0, want[:40_000], 204, "")
	w.rec.fail(errors.New("the store is away"))
	w.stop()
	part := filepath.Join(w.dir, "uploads", filepath.Base(path)+".part")
	torn, err := os.OpenFile(part, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = torn.Write(make([]byte, 20_000)) // as a power cut may leave it
	_ = torn.Close()
	_ = os.WriteFile(filepath.Join(w.dir, "uploads", "b.part"), nil, 0o600)
	w.start()
	if got := w.offset(path); got != 40_000 {
		t.Fatalf("offset %d", got)
	}
	w.patch(path, 40_000, want[40_000:], 204, "")
	w.stop()
	w.rec.fail(nil)
	w.start()
	w.sweep()
	w.arrived(want)
}

func TestRefusedByTheDisk(t *testing.T) {
	free := int64(1 << 30)
	w := newWorld(t, func(c *upload.Config) {
		c.Checkpoint, c.Reserve, c.Free = 1000, 1000, func(string) (int64, error) { return free, nil }
	})
	want := random(500_000)
	path := w.create(len(want))
	w.patch(path, 0, want[:1000], 204, "")
	free = 999
	w.patch(path, 1000, want[1000:], 507, "disk_full")
	free = 1 << 30
	w.patch(path, 1000, want[1000:], 204, "")
	w.arrived(want)
}

func TestClosing(t *testing.T) {
	w := newWorld(t)
	path := w.create(100)
	c := w.dialPatch(path, 0, 100, "")
	defer c.Close()
	_, _ = c.Write(make([]byte, 50))
	w.received(path, 50)
	w.uploads.Close()
	w.wants("HEAD", path, nil, nil, http.StatusServiceUnavailable, "")
	w.stop()
	w.start()
	if got := w.offset(path); got != 50 {
		t.Fatalf("offset %d", got)
	}
}

// TestClosingMeanwhile: a request that has come, and hasn't got its upload yet, doesn't hold up the end.
func TestClosingMeanwhile(t *testing.T) {
	w := newWorld(t)
	begun, goOn := make(chan bool), make(chan bool)
	w.rec.begun = func() { close(begun); <-goOn }
	c := w.dial("POST /api/uploads/ HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Length: 100\r\nContent-Length: 100\r\n" +
		"Content-Type: application/offset+octet-stream\r\nUpload-Metadata: " + metadata("rec1", "a.webm") + "\r\n\r\n")
	defer c.Close()
	<-begun
	closed := make(chan bool)
	go func() { w.uploads.Close(); close(closed) }()
	until(t, func() bool { return w.closing() })
	close(goOn)
	select {
	case <-closed:
	case <-time.After(10 * time.Second):
		t.Fatal("the server waits for who sends nothing")
	}
}

func (w *world) closing() bool {
	res, _ := w.do("HEAD", "/api/uploads/x", nil, nil)
	return res.StatusCode == http.StatusServiceUnavailable
}
