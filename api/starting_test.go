package api

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
)

// TestStarting: until session time is known nothing that needs it is served, and the readiness says why.
func TestStarting(t *testing.T) {
	starting, why := true, "it is being learnt"
	svc, err := session.New(session.Config{Now: func() clock.SessionTime { return 1 }})
	if err != nil {
		t.Fatal(err)
	}
	s := New(Config{
		Sessions: svc, WebSocket: signaling.New(signaling.Config{Refuse: Refuse}), Starting: func() bool { return starting }, Unready: func() string { return why },
		Pages: http.NotFoundHandler(),
	})
	get := func(path string) int {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("GET", "http://127.0.0.1"+path, nil))
		return w.Code
	}
	for path, want := range map[string]int{"/ws": 503, "/api/sessions": 503, "/api/info": 200, "/livez": 200, "/readyz": 503, "/page": 404} {
		if got := get(path); got != want {
			t.Errorf("starting: GET %s: %d, want %d", path, got, want)
		}
	}
	starting = false
	if got := get("/ws"); got == 503 {
		t.Error("no WebSocket although session time is known")
	}
	if got := get("/readyz"); got != 503 {
		t.Errorf("ready although it shouldn't get devices: %d", got)
	}
}
