package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/takes"
	"github.com/downbeat-sync/downbeat/wire"
)

// kept are the files below a directory, and a recording of which 5 bytes of an
// unknown number have come.
type kept struct{ dir, arriving string }

func (k kept) Progress(string) map[string]Progress {
	return map[string]Progress{k.arriving: {Offset: 5, Length: -1}}
}

func (k kept) Open(_ context.Context, of session.Recording) (File, error) {
	f, err := os.OpenInRoot(k.dir, of.File)
	if err != nil {
		return nil, err
	}
	is, err := f.Stat()
	return sized{f, is.Size()}, err
}

type sized struct {
	*os.File
	size int64
}

func (s sized) Size() int64 { return s.size }

// described makes documents as the program does.
type described struct{}

func (described) FileName(r session.Recording) string {
	return *takes.Of([]session.Recording{r})[0].Recordings[0].DownloadName
}

func (described) Manifest(take []session.Recording) (Document, error) {
	m := takes.Of(take)[0]
	b, err := m.Encode()
	return Document{m.Name() + ".json", "application/json", b}, err
}

func (described) Timeline(take []session.Recording) (Document, error) {
	b, err := takes.Timeline(takes.Of(take)[0], takes.Downloaded)
	return Document{"a.otio", "application/json", b}, err
}

func (described) Script(take []session.Recording) (Document, error) {
	b, err := takes.Script(takes.Of(take)[0], takes.Downloaded)
	return Document{"a.sh", "text/x-shellscript; charset=utf-8", b}, err
}

var content = bytes.Repeat([]byte("0123456789"), 300_000)

// recorded makes a take of one device, whose file has arrived.
func (w *world) recorded(t *testing.T, c *socket, fileType string) session.Recording {
	t.Helper()
	c.Send(message("start_recording", `{"duration":1,"postureLabel":"plank"}`, 2))
	var take session.StartRecording
	must(t, c.Next("start_recording").Decode(&take))
	at, _ := json.Marshal(take.Timestamp)
	later, _ := json.Marshal(take.Timestamp.Add(time.Second))
	c.Send(message("recording_started", `{"recordingId":"`+take.RecordingID+`","timestamp":`+string(at)+`}`, 3))
	c.Send(message("recording_stopped", `{"recordingId":"`+take.RecordingID+`","timestamp":`+string(later)+`}`, 4))
	c.Next("stop_recording")
	dir := t.TempDir()
	path := "recordings/" + c.Seat.SessionID + "/" + take.CommandID + "/" + take.RecordingID + "-a.webm"
	must(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(path)), 0o700))
	must(t, os.WriteFile(filepath.Join(dir, path), content, 0o600))
	w.server.cfg.Files, w.server.cfg.Exports = kept{dir: dir}, described{}
	sum := sha256.Sum256(content)
	must(t, w.Sessions.UploadDone(t.Context(), session.UploadedFile{
		RecordingID: take.RecordingID, Size: int64(len(content)), Path: path, SHA256: hex.EncodeToString(sum[:]), Type: fileType,
	}))
	list, err := w.Sessions.Recordings(t.Context(), c.Seat.SessionID)
	must(t, err)
	return list[len(list)-1]
}

// fetch gets what is no JSON.
func (w *world) fetch(t *testing.T, method, path string, edit func(*http.Request)) (*http.Response, []byte) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), method, w.URL+path, nil)
	must(t, err)
	if edit != nil {
		edit(q)
	}
	client := http.Client{Transport: &http.Transport{DialContext: w.Dial, DisableKeepAlives: true}}
	resp, err := client.Do(q)
	must(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	must(t, err)
	return resp, b
}

func saying(header, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(header, value) }
}

// list returns the list of recordings and the first take of it.
func (w *world) listing(t *testing.T, id, key string) (listed, listedTake) {
	t.Helper()
	var l struct {
		Recordings []listed
		Takes      []listedTake
	}
	resp, b := w.fetch(t, "GET", "/api/sessions/"+id+"/recordings", bearing(key))
	conforms(t, "GET", "/api/sessions/"+id+"/recordings", resp.StatusCode, b)
	must(t, json.Unmarshal(b, &l))
	return l.Recordings[0], l.Takes[0]
}

// TestDownload: the file as it arrived, whole and in ranges, that no browser opens as a page.
func TestDownload(t *testing.T) {
	w := onSockets(t, session.Config{MinLead: time.Millisecond})
	c := w.Join(t, `{"sessionId":"studio","deviceType":"mobile","viewType":"front"}`)
	rec := w.recorded(t, c, "video/webm;codecs=vp8,opus")
	row, take := w.listing(t, "studio", "")
	path := "/api/sessions/studio/recordings/" + rec.RecordingID + "/file"
	if row.FileURL == nil || *row.FileURL != path || row.FileType != "video/webm;codecs=vp8,opus" {
		t.Fatalf("listed %+v", row)
	}
	resp, b := w.fetch(t, "GET", path, nil)
	h := resp.Header
	if resp.StatusCode != 200 || !bytes.Equal(b, content) || h.Get("Content-Type") != "video/webm" || h.Get("ETag") != `"`+rec.SHA256+`"` ||
		h.Get("Accept-Ranges") != "bytes" || h.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox;") ||
		!strings.HasPrefix(h.Get("Content-Disposition"), "attachment; filename=plank-2") || !strings.HasSuffix(h.Get("Content-Disposition"), "-front-"+rec.DeviceID[:8]+".webm") {
		t.Errorf("%s, %d bytes, %v", resp.Status, len(b), h)
	}
	resp, b = w.fetch(t, "HEAD", path, nil)
	if resp.StatusCode != 200 || resp.ContentLength != int64(len(content)) || len(b) != 0 {
		t.Errorf("HEAD: %s, %d of %d bytes", resp.Status, len(b), resp.ContentLength)
	}
	resp, b = w.fetch(t, "GET", path, saying("Range", "bytes=2999995-"))
	if resp.StatusCode != 206 || string(b) != "56789" || resp.Header.Get("Content-Range") != "bytes 2999995-2999999/3000000" {
		t.Errorf("range: %s %q %v", resp.Status, b, resp.Header)
	}
	if resp, b = w.fetch(t, "GET", path, saying("Range", "bytes=1-1500000")); resp.StatusCode != 206 || !bytes.Equal(b, content[1:1500001]) {
		t.Errorf("a long range: %s, %d bytes", resp.Status, len(b))
	}
	if resp, _ = w.fetch(t, "GET", path, saying("Range", "bytes=3000000-")); resp.StatusCode != 416 {
		t.Errorf("beyond the end: %s", resp.Status)
	}
	if resp, _ = w.fetch(t, "GET", path, saying("If-None-Match", h.Get("ETag"))); resp.StatusCode != 304 {
		t.Errorf("the same again: %s", resp.Status)
	}
	resp, b = w.fetch(t, "GET", take.ManifestURL, nil)
	conforms(t, "GET", take.ManifestURL, resp.StatusCode, b)
	var m takes.Take
	must(t, json.Unmarshal(b, &m))
	if m.TakeID != rec.TakeID || *m.Recordings[0].SHA256 != rec.SHA256 || !strings.HasPrefix(resp.Header.Get("Content-Disposition"), "attachment; filename=plank-") {
		t.Errorf("the manifest is %s, %v", b, resp.Header)
	}
}

// TestExports: what is made of a take names the files as they are downloaded.
func TestExports(t *testing.T) {
	w := onSockets(t, session.Config{MinLead: time.Millisecond})
	c := w.Join(t, `{"sessionId":"studio","deviceType":"mobile"}`)
	rec := w.recorded(t, c, "video/webm")
	_, take := w.listing(t, "studio", "")
	if take.OTIOURL == nil || take.FFmpegURL == nil {
		t.Fatalf("listed %+v", take)
	}
	name := described{}.FileName(rec)
	for path, kind := range map[string]string{*take.OTIOURL: "application/json", *take.FFmpegURL: "text/x-shellscript; charset=utf-8"} {
		resp, b := w.fetch(t, "GET", path, nil)
		h := resp.Header
		if resp.StatusCode != 200 || h.Get("Content-Type") != kind || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment; filename=a.") ||
			h.Get("X-Content-Type-Options") != "nosniff" || !bytes.Contains(b, []byte(name)) {
			t.Errorf("%s: %s %v %s", path, resp.Status, h, b)
		}
		if kind == "application/json" {
			conforms(t, "GET", path, resp.StatusCode, b)
		}
	}
	c.Send(message("start_recording", `{"duration":60000}`, 2))
	var second session.StartRecording
	must(t, c.Next("start_recording").Decode(&second))
	at, err := json.Marshal(second.Timestamp)
	must(t, err)
	c.Send(message("recording_started", `{"recordingId":"`+second.RecordingID+`","timestamp":`+string(at)+`}`, 7))
	for c.Next("ok").ReplyTo != 7 {
	}
	for _, path := range []string{"timeline.otio", "ffmpeg.sh"} {
		if r := w.call(t, "GET", "/api/sessions/studio/takes/"+second.CommandID+"/"+path, "", nil); r.Status != 404 || r.Error.Code != "nothing_to_export" {
			t.Errorf("%s of a take that goes on: %+v", path, r)
		}
	}
}

// TestNoDownload: every reason has its code.
func TestNoDownload(t *testing.T) {
	w := onSockets(t, session.Config{MinLead: time.Millisecond})
	c := w.Join(t, `{"sessionId":"studio","deviceType":"mobile"}`)
	rec := w.recorded(t, c, "text/html")
	c.Send(message("start_recording", `{"duration":60000}`, 2))
	var second session.StartRecording
	must(t, c.Next("start_recording").Decode(&second))
	at, err := json.Marshal(second.Timestamp)
	must(t, err)
	c.Send(message("recording_started", `{"recordingId":"`+second.RecordingID+`","timestamp":`+string(at)+`}`, 7))
	for c.Next("ok").ReplyTo != 7 {
	}
	files := w.server.cfg.Files.(kept)
	path := "/api/sessions/studio/recordings/" + rec.RecordingID + "/file"
	refused := func(path, code string) {
		t.Helper()
		if r := w.call(t, "GET", path, "", nil); r.Status < 400 || r.Status >= 500 || r.Error.Code != code {
			t.Errorf("%s answered %+v, want %s", path, r, code)
		}
	}
	refused("/api/sessions/studio/recordings/"+second.RecordingID+"/file", "not_uploaded")
	refused("/api/sessions/studio/recordings/x/file", wire.CodeUnknownRecording)
	refused("/api/sessions/studio/recordings/..%2F..%2F"+rec.RecordingID+"/file", wire.CodeUnknownRecording)
	refused("/api/sessions/..%2Fstudio/recordings/"+rec.RecordingID+"/file", wire.CodeBadSessionID)
	refused("/api/sessions/other/recordings/"+rec.RecordingID+"/file", wire.CodeSessionNotFound)
	refused("/api/sessions/studio/takes/x/manifest", "unknown_take")
	refused("/api/sessions/studio/takes/..%2F"+rec.TakeID+"/manifest", "unknown_take")
	if resp, _ := w.fetch(t, "GET", path, nil); resp.Header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("a page is sent as %s", resp.Header.Get("Content-Type"))
	}
	must(t, os.Truncate(filepath.Join(files.dir, rec.File), 7))
	refused(path, "file_missing")
	must(t, os.Remove(filepath.Join(files.dir, rec.File)))
	must(t, os.Symlink("/etc/passwd", filepath.Join(files.dir, rec.File)))
	refused(path, "file_missing")
	w.server.cfg.Files = nil
	refused(path, "no_storage")
	if row, _ := w.listing(t, "studio", ""); row.FileURL != nil {
		t.Errorf("without a directory a file is at %s", *row.FileURL)
	}
}

// TestSignedLinksOverHTTP: a link out of the list opens its own file, for an hour, to whoever has it.
func TestSignedLinksOverHTTP(t *testing.T) {
	now := time.Now()
	w := setup{
		sessions: session.Config{MinLead: time.Millisecond},
		access:   access.Config{Mode: access.Link, AdminKey: adminKey, Now: func() time.Time { return now }},
	}.onSockets(t)
	c := w.Join(t, `{"sessionId":"studio","deviceType":"mobile","key":"`+adminKey+`"}`)
	w.recorded(t, c, "video/mp4")
	row, take := w.listing(t, "studio", c.Seat.JoinKey)
	status := func(path string, edit func(*http.Request), want int, code string) {
		t.Helper()
		resp, b := w.fetch(t, "GET", path, edit)
		var failed struct{ Error struct{ Code string } }
		_ = json.Unmarshal(b, &failed)
		if resp.StatusCode != want || failed.Error.Code != code {
			t.Errorf("%s: %s %q, want %d %s", path, resp.Status, failed.Error.Code, want, code)
		}
	}
	file, query, _ := strings.Cut(*row.FileURL, "?")
	q, err := url.ParseQuery(query)
	must(t, err)
	status(*row.FileURL, nil, 200, "")
	status(take.ManifestURL, nil, 200, "")
	status(*take.OTIOURL, nil, 200, "")
	status(*take.FFmpegURL, nil, 200, "")
	status(file, bearing(c.Seat.JoinKey), 200, "")
	status(*row.FileURL, bearing("wrong"), 401, wire.CodeBadKey)
	status(file, nil, 401, wire.CodeKeyNeeded)
	status(file+"?expires="+q.Get("expires")+"&signature=x", nil, 401, wire.CodeBadLink)
	status(strings.TrimSuffix(take.ManifestURL, "x")+"x", nil, 401, wire.CodeBadLink)
	status(strings.Split(take.ManifestURL, "?")[0]+"?"+query, nil, 401, wire.CodeBadLink)
	status("/api/sessions/studio/recordings?"+query, nil, 401, wire.CodeKeyNeeded)
	end, err := strconv.ParseInt(q.Get("expires"), 10, 64)
	must(t, err)
	q.Set("expires", strconv.FormatInt(end+3600, 10))
	status(file+"?"+q.Encode(), nil, 401, wire.CodeBadLink)
	now = now.Add(time.Hour)
	status(*row.FileURL, nil, 401, wire.CodeLinkExpired)
}

// TestMediaType: what could act is sent as bytes.
func TestMediaType(t *testing.T) {
	for told, want := range map[string]string{
		"video/webm": "video/webm", "Video/MP4; codecs=avc1": "video/mp4", "audio/x-wav": "audio/x-wav",
		"": "application/octet-stream", "text/html": "application/octet-stream", "image/svg+xml": "application/octet-stream",
		"video/x+xml": "application/octet-stream", "video/": "application/octet-stream", "video/mp4, text/html": "application/octet-stream",
	} {
		if got := mediaType(told); got != want {
			t.Errorf("%q is sent as %q", told, got)
		}
	}
}
