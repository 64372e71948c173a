package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/internal/testsocket"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// FuzzREST makes any call of the API with any path, query, headers and body, of a session that has a take and
// a command. It is answered as openapi.json says, a refusal has a documented code and changes nothing,
// and the session stays one.
func FuzzREST(f *testing.F) {
	for _, q := range [][4]string{
		{"POST", "/api/sessions", "", `{"creatorId":"ann","creatorName":"Ann","name":"Studio 5"}`},
		{"PATCH", "/api/sessions/studio", "", `{"name":"Studio 6"}`}, {"PATCH", "/api/sessions/studio", "", `{}`},
		{"DELETE", "/api/sessions/studio", "", ``}, {"GET", "/api/sessions", "limit=1&order=newest&cursor=1.studio", ``},
		{"POST", "/api/sessions/studio/commands", "", `{"name":"flash","payload":[1,{}],"delay":50,"maxLateMs":3}`},
		{"POST", "/api/sessions/studio/commands", "", `{"name":"flash","at":946684801000.125}`},
		{"GET", "/api/sessions/studio/commands", "limit=3&before=@command", ``}, {"GET", "/api/sessions/studio/commands/@command", "", ``},
		{"PATCH", "/api/sessions/studio/takes/@take", "", `{"postureLabel":"squat","mark":"good","note":"once more"}`},
		{"PATCH", "/api/sessions/studio/takes/@take", "", `{"mark":"so so"}`}, {"DELETE", "/api/sessions/studio/takes/@take", "force=true", ``},
		{"GET", "/api/sessions/studio/recordings", "", ``}, {"GET", "/api/sessions/studio/recordings/@recording/file", "", ``},
		{"GET", "/api/sessions/studio/takes/@take/take.zip", "", ``}, {"GET", "/api/sessions/studio/media", "", ``}, {"GET", "/api/info", "", ``},
		{"GET", "/ws", "", ``}, {"PUT", "/api/nothing/%2e%2e/x", "%", "\xff"},
	} {
		f.Add(q[0], q[1], q[2], "application/json;q=0.5, text/csv;q=1e3", []byte(q[3]))
	}
	_, err := theAPI()
	must(f, err)
	f.Fuzz(func(t *testing.T, method, path, query, accept string, body []byte) {
		u, err := url.Parse("http://127.0.0.1" + path)
		if err != nil || u.Host != "127.0.0.1" || !isToken(method) || strings.ContainsAny(accept, "\r\n\x00") {
			return // no HTTP server hands it on
		}
		inBubble(t, session.Config{}, func(t *testing.T, w *world) {
			made := w.makeTake(t)
			u.Path, u.RawPath, u.RawQuery = made.Replace(u.Path), "", made.Replace(query)
			r := &http.Request{
				Method: method, URL: u, Host: "127.0.0.1", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, RemoteAddr: "127.0.0.1:9", RequestURI: u.RequestURI(),
				Header: http.Header{"Accept": {accept}, "Accept-Encoding": {accept}}, Body: httptest.NewRequest("POST", "/", strings.NewReader(made.Replace(string(body)))).Body,
			}
			before := w.State(t, "studio")
			answer := httptest.NewRecorder()
			w.server.ServeHTTP(answer, r.WithContext(t.Context()))
			synctest.Wait()
			w.checkAnswer(t, r, answer)
			if answer.Code >= 300 && w.State(t, "studio") != before {
				t.Errorf("%s %s was answered %d, and made\n%s of\n%s", method, u, answer.Code, w.State(t, "studio"), before)
			}
			time.Sleep(10 * time.Second) // of the bubble's: what the call has begun is over then
			if snap, err := w.Sessions.Snapshot(t.Context(), "studio"); err == nil {
				for _, fault := range testsocket.FaultsOf(snap) {
					t.Errorf("%s: %s", fault, testsocket.AsJSON(t, snap))
				}
			}
		})
	})
}

// isToken reports whether a request may have that method.
func isToken(s string) bool {
	return s != "" && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-") == ""
}

// makeTake makes a session with a member, a command and a take that has ended; what is made has a name each.
func (w *world) makeTake(t *testing.T) *strings.Replacer {
	ctx, recording := t.Context(), ""
	m, _, err := w.Sessions.Join(ctx, session.JoinRequest{SessionID: "studio", UserID: "ann", DeviceType: "mobile"}, func(e session.Event) {
		if s, ok := e.Data.(session.StartRecording); ok {
			recording = s.RecordingID
		}
	})
	must(t, err)
	flash, err := m.Schedule(ctx, session.ScheduleRequest{Name: "flash"})
	must(t, err)
	take, err := m.StartRecording(ctx, session.StartRequest{PostureLabel: "plank"})
	must(t, err)
	time.Sleep(time.Second) // of the bubble's: the take runs
	_, err = m.StopRecording(ctx)
	must(t, err)
	time.Sleep(time.Second) // and is over
	return strings.NewReplacer("@command", flash.CommandID, "@take", take.CommandID, "@recording", recording)
}

// checkAnswer holds an answer against what the API is described to answer.
func (w *world) checkAnswer(t *testing.T, r *http.Request, answer *httptest.ResponseRecorder) {
	t.Helper()
	if answer.Code >= 500 && answer.Code != http.StatusServiceUnavailable {
		t.Errorf("%s %s was answered %d %s", r.Method, r.URL, answer.Code, answer.Body)
	}
	if !strings.HasPrefix(answer.Header().Get("Content-Type"), "application/json") {
		if answer.Code >= 400 && strings.HasPrefix(r.URL.Path, "/api/") {
			t.Errorf("%s %s was answered %d %q", r.Method, r.URL, answer.Code, answer.Body)
		}
		return
	}
	if answer.Code < 400 {
		if r.URL.Path != "/api/openapi.json" {
			conforms(t, r.Method, r.URL.Path, answer.Code, answer.Body.Bytes())
		}
		return
	}
	var refused struct {
		Success bool
		Error   struct{ Code, Message string }
	}
	must(t, json.Unmarshal(answer.Body.Bytes(), &refused))
	if wire.CodeOf(refused.Error.Code).Name == "" || refused.Error.Message == "" || refused.Success {
		t.Errorf("%s %s was answered %d %s", r.Method, r.URL, answer.Code, answer.Body)
	}
}
