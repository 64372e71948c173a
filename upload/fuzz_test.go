package upload_test

import (
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/downbeat-sync/downbeat/upload"
)

func FuzzMetadata(f *testing.F) {
	f.Add(metadata("rec1", "a.webm"))
	f.Add(metadata("rec1", "Screen Recording 2026-11-27 at 3.04.05\u202fPM.mov"))
	f.Add("recordingId cmVjMQ==,extra")
	f.Add("recordingId Li4vLi4=,filename Li4vLi4vZXRjL3Bhc3N3ZA==")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := upload.ParseMetadata(s)
		if err != nil {
			return
		}
		if !utf8.ValidString(got.Name) || strings.ContainsAny(got.Name, "\r\n\x00\u2028\u202e") {
			t.Fatalf("%q was accepted", got.Name)
		}
		name := got.RecordingID + "-" + upload.SafeName(got.Name)
		if filepath.Base(name) != name || strings.HasPrefix(name, ".") || len(name) > 200 {
			t.Fatalf("%q is no safe name", name)
		}
	})
}

// FuzzRecord puts any bytes into the record of an upload, as a damaged disk may: it is refused and stays where it is,
// or it is an upload that can be asked for and gone on with.
func FuzzRecord(f *testing.F) {
	const id = "0b5ff0f1-6d4e-4b0a-9f0c-3d1f5f0d2c11"
	part := []byte("some bytes that have arrived")
	for _, r := range records(id, part) {
		f.Add([]byte(r.json(f)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		put(t, dir, id, b, part)
		s, err := upload.New(upload.Config{Dir: dir, Recordings: &recordings{}, Reserve: -1})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for _, p := range s.Progress("studio") {
			if p.Offset < 0 || p.Length >= 0 && p.Offset > p.Length {
				t.Fatalf("%s: %+v", b, p)
			}
		}
		answer := httptest.NewRecorder()
		q := httptest.NewRequestWithContext(t.Context(), "HEAD", "/api/uploads/"+id, nil)
		q.Header.Set("Tus-Resumable", "1.0.0")
		s.Serve(answer, q, upload.Recorder)
		switch answer.Code {
		case 200, 204:
			if n, ok := upload.ParseSize(answer.Header().Get("Upload-Offset")); !ok || n > int64(len(part)) && !strings.Contains(string(b), "told") {
				t.Fatalf("%s: it is at %q", b, answer.Header().Get("Upload-Offset"))
			}
		case 404:
		default:
			t.Fatalf("%s: %d %s", b, answer.Code, answer.Body)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "uploads", id+".*")); len(left) != 2 && !strings.Contains(string(b), "final") {
			t.Fatalf("%s: what is left of it is %q", b, left) // but for what is made of parts, which are there
		}
	})
}

func FuzzSize(f *testing.F) {
	f.Add("0")
	f.Add("18446744073709551616")
	f.Fuzz(func(t *testing.T, s string) {
		if n, ok := upload.ParseSize(s); ok && (n < 0 || n >= 1e18) {
			t.Fatal(n)
		}
	})
}
