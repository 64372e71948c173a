package upload_test

import (
	"os"
	"path/filepath"
	"testing"
)

// TestForget: of a session that is forgotten nothing is left, and of others all.
func TestForget(t *testing.T) {
	w := newWorld(t)
	done := w.create(5)
	w.patch(done, 0, []byte("12345"), 204, "")
	w.arrived([]byte("12345"))
	half := w.wants("POST", "/api/uploads", header{"Upload-Length": "10", "Upload-Metadata": metadata("rec2", "")}, nil, 201, "").Header.Get("Location")
	if err := w.uploads.Forget("other"); err != nil {
		t.Error(err)
	}
	w.wants("HEAD", half, nil, nil, 200, "")
	if err := w.uploads.Forget("studio"); err != nil {
		t.Error(err)
	}
	w.wants("HEAD", half, nil, nil, 404, "")
	w.wants("HEAD", done, nil, nil, 404, "")
	for _, dir := range []string{"uploads", "recordings"} {
		if left, err := os.ReadDir(filepath.Join(w.dir, dir)); err != nil || len(left) > 0 {
			t.Errorf("%s has %v, %v", dir, left, err)
		}
	}
	if w.uploads.Forget("..") == nil {
		t.Error("forgot what isn't a session")
	}
}
