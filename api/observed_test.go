package api

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/downbeat-sync/downbeat/signaling"
)

// witness remembers what it is told.
type witness struct{ seen []string }

func (w *witness) Refused(r signaling.Refusal) {
	w.seen = append(w.seen, fmt.Sprintf("refused %s via %s in %q", r.Code, r.Via, r.SessionID))
}

// TestRefusedCallsAreTold, below a prefix too.
func TestRefusedCallsAreTold(t *testing.T) {
	seen := &witness{}
	s := New(Config{Observe: seen, Prefix: "/beat", WebSocket: signaling.New(signaling.Config{Refuse: Refuse})})
	for _, path := range []string{"/api/nothing", "/beat/api/nothing"} {
		s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "http://127.0.0.1"+path, nil))
	}
	s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "http://elsewhere.example/livez", nil))
	s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "http://127.0.0.1/livez", nil))
	s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "http://127.0.0.1/ws", nil))
	want := []string{`refused not_found via http in ""`, `refused not_found via http in ""`, `refused bad_host via http in ""`,
		`refused not_websocket via http in ""`}
	if !slices.Equal(seen.seen, want) {
		t.Errorf("told %q,\nwant %q", seen.seen, want)
	}
}

// readsFrom notes whether it was asked to read.
type readsFrom struct {
	http.ResponseWriter
	asked bool
}

func (r *readsFrom) ReadFrom(src io.Reader) (int64, error) {
	r.asked = true
	return io.Copy(r.ResponseWriter, src)
}

// TestWatchedFilesGoTheShortWay: what watches the answers doesn't copy files.
func TestWatchedFilesGoTheShortWay(t *testing.T) {
	in := &readsFrom{ResponseWriter: httptest.NewRecorder()}
	if _, err := io.Copy(&observed{ResponseWriter: in}, io.LimitReader(bytes.NewReader(make([]byte, 10)), 10)); err != nil || !in.asked {
		t.Errorf("the system wasn't asked: %v", err)
	}
}
