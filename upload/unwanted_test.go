package upload_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downbeat-sync/downbeat/upload"
)

func (w *world) empty(dirs ...string) {
	w.t.Helper()
	for _, dir := range dirs {
		if left, err := os.ReadDir(filepath.Join(w.dir, dir)); err != nil || len(left) > 0 {
			w.t.Errorf("%s has %v, %v", dir, left, err)
		}
	}
}

// TestForgetTake: of a take that is deleted nothing is left, not even of an upload that is
// under way, and of others all.
func TestForgetTake(t *testing.T) {
	w := newWorld(t)
	done := w.create(5)
	w.patch(done, 0, []byte("12345"), 204, "")
	w.arrived([]byte("12345"))
	half := w.wants("POST", "/api/uploads", header{"Upload-Length": "10", "Upload-Metadata": metadata("rec2", "")}, nil, 201, "").Header.Get("Location")
	body, rest := io.Pipe()
	sending := make(chan error)
	go func() {
		r, err := http.NewRequestWithContext(t.Context(), "PATCH", w.url+half, body)
		if err == nil {
			r.Header = http.Header{"Tus-Resumable": {"1.0.0"}, "Upload-Offset": {"0"}, "Content-Type": {"application/offset+octet-stream"}}
			var resp *http.Response
			if resp, err = w.client.Do(r); err == nil {
				_ = resp.Body.Close()
			}
		}
		sending <- err
	}()
	if _, err := rest.Write([]byte("123")); err != nil {
		t.Fatal(err)
	}
	if err := w.uploads.ForgetTake("studio", "take2"); err != nil {
		t.Error(err)
	}
	w.wants("HEAD", done, nil, nil, 200, "")
	if err := w.uploads.ForgetTake("studio", "take1"); err != nil {
		t.Error(err)
	}
	_ = rest.Close()
	<-sending
	w.wants("HEAD", half, nil, nil, 404, "")
	w.wants("HEAD", done, nil, nil, 404, "")
	w.empty("uploads", "recordings")
	if w.uploads.ForgetTake("studio", "..") == nil || w.uploads.ForgetTake("", "x") == nil {
		t.Error("forgot what isn't a take")
	}
	if err := w.uploads.ForgetTake("studio", "take1"); err != nil {
		t.Errorf("once more: %v", err)
	}
}

// TestUnwanted: a file whose recording is deleted while it comes is refused when it is
// complete, and leaves nothing.
func TestUnwanted(t *testing.T) {
	w := newWorld(t)
	refusal := &upload.Error{Status: http.StatusGone, Code: "recording_deleted", Message: "gone"}
	w.rec.fail(fmt.Errorf("%w: %w", upload.ErrUnwanted, refusal))
	at := w.create(5)
	w.patch(at, 0, []byte("12345"), 410, "recording_deleted")
	w.wants("HEAD", at, nil, nil, 404, "")
	w.empty("uploads", "recordings")
	w.wants("POST", "/api/uploads", header{
		"Upload-Length": "5", "Upload-Metadata": metadata("rec2", ""), "Content-Type": "application/offset+octet-stream",
	}, strings.NewReader("12345"), 410, "recording_deleted")
	w.empty("uploads", "recordings")
}
