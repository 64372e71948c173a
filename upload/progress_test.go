package upload_test

import (
	"maps"
	"testing"

	"github.com/downbeat-sync/downbeat/upload"
)

// TestProgress: what is told is what is on the disk, of the farthest upload.
func TestProgress(t *testing.T) {
	w := newWorld(t)
	half := w.create(10)
	w.patch(half, 0, []byte("12345"), 204, "")
	w.create(10) // begun anew by a client that lost the first
	w.wants("POST", "/api/uploads", header{"Upload-Defer-Length": "1", "Upload-Metadata": metadata("rec2", "")}, nil, 201, "")
	want := map[string]upload.Progress{"rec1": {Offset: 5, Length: 10}, "rec2": {Offset: 0, Length: -1}}
	if got := w.uploads.Progress("studio"); !maps.Equal(got, want) {
		t.Errorf("progress %v", got)
	}
	if got := w.uploads.Progress("other"); len(got) != 0 {
		t.Errorf("another session's %v", got)
	}
}
