package api

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/session"
)

func unzip(t *testing.T, b []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	must(t, err)
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		must(t, err)
		files[f.Name], err = io.ReadAll(r)
		must(t, err)
	}
	return files
}

// TestZip: all of a take by its signed link, its length told beforehand; what isn't uploaded is named.
func TestZip(t *testing.T) {
	w := onSockets(t, session.Config{MinLead: time.Millisecond})
	admin := strings.Repeat("k", 16)
	var err error
	w.server.access, err = access.New(access.Config{Mode: access.Link, AdminKey: admin})
	must(t, err)
	c := w.Join(t, `{"sessionId":"studio","username":"Ann","viewType":"front","deviceType":"mobile","key":"`+admin+`"}`)
	w.Join(t, `{"sessionId":"studio","username":"Late","viewType":"side","deviceType":"mobile","key":"`+admin+`"}`)
	w.recorded(t, c, "video/webm")
	list, err := w.Sessions.Recordings(t.Context(), "studio")
	must(t, err)
	rec := list[slices.IndexFunc(list, func(r session.Recording) bool { return r.SHA256 != "" })]
	_, take := w.listing(t, "studio", admin)
	if take.ZipURL == nil || !strings.Contains(*take.ZipURL, "signature=") {
		t.Fatalf("the ZIP is at %v", take.ZipURL)
	}
	resp, b := w.fetch(t, "GET", *take.ZipURL, nil)
	if resp.StatusCode != 200 || resp.ContentLength != int64(len(b)) || resp.Header.Get("Content-Type") != "application/zip" ||
		!strings.Contains(resp.Header.Get("Content-Disposition"), ".zip") {
		t.Fatalf("%v, %d bytes: %v", resp.Status, len(b), resp.Header)
	}
	files := unzip(t, b)
	name := described{}.FileName(rec)
	if !bytes.Equal(files[name], content) || !strings.Contains(name, "front-Ann") {
		t.Errorf("%s has %d bytes", name, len(files[name]))
	}
	for file, word := range map[string]string{
		"manifest.json": name, "timeline.otio": "OTIO_SCHEMA", "make-film.sh": name, "README.txt": "side, Late, part 1 (",
	} {
		if !strings.Contains(string(files[file]), word) {
			t.Errorf("%s doesn't say %s: %s", file, word, files[file])
		}
	}
	if len(files) != 5 || !strings.Contains(string(files["README.txt"]), "isn't uploaded yet") {
		t.Errorf("%d files; %s", len(files), files["README.txt"])
	}
	if resp, _ := w.fetch(t, "GET", strings.Replace(*take.ZipURL, "signature=", "signature=x", 1), nil); resp.StatusCode != 401 {
		t.Errorf("a changed link: %v", resp.Status)
	}
	if resp, b := w.fetch(t, "HEAD", *take.ZipURL, nil); resp.ContentLength < int64(len(content)) || len(b) > 0 {
		t.Errorf("HEAD: %d", resp.ContentLength)
	}
	must(t, os.Remove(filepath.Join(w.server.cfg.Files.(kept).dir, rec.File)))
	_, b = w.fetch(t, "GET", *take.ZipURL, nil)
	if files := unzip(t, b); len(files) != 4 || !strings.Contains(string(files["README.txt"]), "isn't on the disk any more") {
		t.Errorf("without the file: %d files; %s", len(files), files["README.txt"])
	}
}

// TestZipSize: what is told beforehand is what is written, beyond 4 GiB too.
func TestZipSize(t *testing.T) {
	dir := t.TempDir()
	s := &Server{cfg: Config{Files: kept{dir: dir}}}
	sparse := func(name string, size int64) entry {
		must(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
		must(t, os.Truncate(filepath.Join(dir, name), size))
		return entry{name: name, size: size, rec: &session.Recording{File: name, SHA256: "x", FileSizeBytes: &size}}
	}
	small, large := sparse("é.webm", 70_000), sparse("large", max32+1)
	doc := entry{name: "README.txt", size: 3, body: []byte("abc")}
	for _, entries := range [][]entry{nil, {doc}, {doc, small, doc, small}, {large, small, doc}} {
		var n counter
		must(t, s.writeZip(t.Context(), &n, entries))
		if int64(n) != zipSize(entries) {
			t.Errorf("%d entries: %d bytes were told, %d written", len(entries), zipSize(entries), n)
		}
	}
	shrunk := small
	shrunk.size++
	if err := s.writeZip(t.Context(), io.Discard, []entry{shrunk}); err == nil {
		t.Error("a file that is too short makes a whole ZIP")
	}
}

type counter int64

func (n *counter) Write(b []byte) (int, error) {
	*n += counter(len(b))
	return len(b), nil
}

// TestZipNames: no two files of one name, where capitals don't count either.
func TestZipNames(t *testing.T) {
	taken := map[string]bool{}
	var names []string
	for _, name := range []string{"a.mp4", "A.mp4", "a.mp4", "a-2.mp4", "b"} {
		names = append(names, freeName(taken, name))
	}
	if want := []string{"a.mp4", "A-2.mp4", "a-3.mp4", "a-2-2.mp4", "b"}; !slices.Equal(names, want) {
		t.Errorf("%v, want %v", fmt.Sprint(names), want)
	}
}
