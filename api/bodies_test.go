package api

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/internal/httplimit"
	"github.com/downbeat-sync/downbeat/internal/testsocket"
	"github.com/downbeat-sync/downbeat/session"
)

// TestPlainBodies is TestPlainWords for calls over HTTP.
func TestPlainBodies(t *testing.T) {
	w := onSockets(t, session.Config{})
	w.Join(t, `{"sessionId":"studio"}`)
	w.server.calls = access.NewThrottle(1e6, 1e6)
	ask := func(method, path, body string) {
		q, err := http.NewRequestWithContext(t.Context(), method, w.URL+path, strings.NewReader(body))
		must(t, err)
		r, err := http.DefaultClient.Do(q)
		must(t, err)
		defer r.Body.Close()
		var answer struct{ Error struct{ Message string } }
		must(t, json.NewDecoder(r.Body).Decode(&answer))
		if r.StatusCode >= 400 {
			testsocket.WantPlain(t, method+" "+path+" "+body, answer.Error.Message)
		}
	}
	for path, of := range map[string][]string{
		"POST /api/sessions": {"creatorId", "creatorName", "name"}, "PATCH /api/sessions/studio": {"name"},
		"POST /api/sessions/studio/commands": {"name", "payload", "at", "delay", "maxLateMs"}, "PATCH /api/sessions/studio/takes/x": {"mark", "note", "postureLabel"},
	} {
		method, path, _ := strings.Cut(path, " ")
		for _, value := range testsocket.Wrong {
			ask(method, path, value)
			for _, field := range of {
				ask(method, path, `{"`+field+`":`+value+`}`)
			}
		}
	}
	for _, path := range []string{
		"/ws", "/api/nothing", "/api/sessions?limit=x", "/api/sessions?cursor=%00", "/api/sessions/studio/commands?limit=x", "/api/sessions/studio/commands?before=x",
		"/api/sessions/%00", "/api/sessions/none/sync", "/api/sessions/studio/recordings/x/file", "/api/sessions/studio/takes/x/take.zip", "/media/x",
	} {
		ask("GET", path, "")
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

// TestSlowBody: a body that doesn't come keeps nobody waiting.
func TestSlowBody(t *testing.T) {
	inBubble(t, session.Config{}, func(t *testing.T, w *world) {
		c, err := w.Dial(t.Context(), "tcp", "")
		must(t, err)
		defer c.Close()
		_, err = c.Write([]byte("POST /api/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"))
		must(t, err)
		began := time.Now()
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		must(t, err)
		b, err := io.ReadAll(res.Body)
		must(t, err)
		if took := time.Since(began); res.StatusCode != 400 || took != httplimit.BodyTime || !strings.Contains(string(b), "bad_body") {
			t.Errorf("after %v: %s %s", took, res.Status, b)
		}
	})
}
