package upload_test

import (
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

func FuzzSize(f *testing.F) {
	f.Add("0")
	f.Add("18446744073709551616")
	f.Fuzz(func(t *testing.T, s string) {
		if n, ok := upload.ParseSize(s); ok && (n < 0 || n >= 1e18) {
			t.Fatal(n)
		}
	})
}
