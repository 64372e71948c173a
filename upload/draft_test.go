package upload_test

import (
	"bufio"
	"bytes"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/downbeat-sync/downbeat/upload"
)

func draft(offset int, complete string) header {
	return header{
		"Tus-Resumable": "", "Upload-Draft-Interop-Version": "6", "Upload-Complete": complete,
		"Upload-Offset": strconv.Itoa(offset), "Content-Type": "application/partial-upload",
	}
}

// TestDraft: an upload by the IETF's draft, in pieces, whose length is told by its last one.
func TestDraft(t *testing.T) {
	w, want := newWorld(t), random(3000)
	h := draft(0, "?0")
	delete(h, "Upload-Offset")
	h["Upload-Metadata"], h["Content-Type"], h["Content-Disposition"] = metadata("rec1", ""), "video/webm", `attachment; filename="a.webm"`
	path := w.wants("POST", "/api/uploads/", h, bytes.NewReader(want[:1000]), 201, "").Header.Get("Location")
	res := w.wants("HEAD", path, draft(0, ""), nil, 204, "")
	if res.Header.Get("Upload-Complete") != "?0" || res.Header.Get("Upload-Offset") != "1000" {
		t.Fatal(res.Header)
	}
	w.wants("PATCH", path, draft(999, "?1"), bytes.NewReader(want[1000:]), 409, "offset_mismatch")
	w.wants("PATCH", path, draft(1000, "?0"), bytes.NewReader(want[1000:2000]), 204, "")
	w.wants("PATCH", path, draft(2000, "?1"), bytes.NewReader(want[2000:]), 204, "")
	if res := w.wants("HEAD", path, draft(0, ""), nil, 204, ""); res.Header.Get("Upload-Complete") != "?1" {
		t.Fatal(res.Header)
	}
	w.arrived(want)
}

// TestDraftBrokenOff: where the upload is is told before its bytes come, and what came before a creation was
// broken off is kept.
func TestDraftBrokenOff(t *testing.T) {
	w, want := newWorld(t), random(100_000)
	c := w.dial("POST /api/uploads/ HTTP/1.1\r\nHost: x\r\nUpload-Draft-Interop-Version: 6\r\nUpload-Complete: ?1\r\nContent-Length: 100000\r\n" +
		"Content-Type: video/webm\r\nUpload-Metadata: " + metadata("rec1", "a.webm") + "\r\n\r\n")
	_, _ = c.Write(want[:60_000])
	early, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || early.StatusCode != 104 {
		t.Fatal(early, err)
	}
	path := early.Header.Get("Location")
	w.received(path, 60_000)
	_ = c.Close()
	h := draft(0, "")
	if at := w.wants("HEAD", path, h, nil, 204, "").Header.Get("Upload-Offset"); at != "60000" {
		t.Fatal(at)
	}
	w.wants("PATCH", path, draft(60_000, "?1"), bytes.NewReader(want[60_000:]), 204, "")
	w.arrived(want)
}

// TestDraftRefusals: the rules are those of tus.
func TestDraftRefusals(t *testing.T) {
	w := newWorld(t, func(c *upload.Config) { c.MaxSize = 100 })
	for name, c := range map[string]struct {
		h      header
		body   string
		status int
		code   string
	}{
		"no metadata":              {header{"Upload-Metadata": ""}, "x", 400, "bad_metadata"},
		"negative length":          {header{"Upload-Length": "-1", "Upload-Complete": "?0"}, "", 400, "bad_length"},
		"signed length":            {header{"Upload-Length": "+1"}, "x", 400, "bad_length"},
		"two lengths":              {header{"Upload-Length": "2"}, "x", 400, "bad_length"},
		"too large":                {header{"Upload-Length": "101", "Upload-Complete": "?0"}, "", 413, "upload_too_large"},
		"a body that is too large": {header{}, strings.Repeat("x", 101), 413, "upload_too_large"},
		"no media type":            {header{"Content-Type": ";;"}, "x", 400, "bad_metadata"},
		"no disposition":           {header{"Content-Disposition": "attachment; filename"}, "x", 400, "bad_metadata"},
		"a name with a newline":    {header{"Content-Disposition": "attachment; filename*=UTF-8''a%0ab", "Upload-Metadata": metadata("rec1", "")}, "x", 400, "bad_filename"},
		"another version":          {header{"Upload-Draft-Interop-Version": "7"}, "x", 412, "bad_tus_version"},
		"unknown recording":        {header{"Upload-Metadata": metadata("stranger", "a")}, "x", 404, "unknown_recording"},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			h := draft(0, "?1")
			h["Upload-Metadata"], h["Content-Type"] = metadata("rec1", "a.webm"), "video/webm"
			maps.Copy(h, c.h)
			w.wants("POST", "/api/uploads/", h, strings.NewReader(c.body), c.status, c.code)
		})
	}
	w.t = t
	chunked := draft(0, "?0")
	chunked["Upload-Metadata"] = metadata("rec1", "a.webm")
	w.wants("POST", "/api/uploads/", chunked, struct{ io.Reader }{strings.NewReader(strings.Repeat("x", 101))}, 413, "upload_too_large")
	w.empty("uploads")
}
