package api

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// reply is whatever a call was answered with.
type reply struct {
	Success        bool
	Status         int `json:"-"`
	Error          struct{ Code, Message string }
	SessionID      string
	CreatorID      string
	Token, JoinKey string
	Keys           *session.Keys
	Version        string
	URLs           []string
	Sessions       []session.Summary
	TotalSessions  int
	Session        session.Snapshot
	Devices        json.RawMessage
	CommandID      string
	Timestamp      float64
	Event          string
}

// call makes an HTTP call; edit, if any, changes the request.
func (w *world) call(t testing.TB, method, path, body string, edit func(*http.Request)) reply {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), method, w.URL+path, strings.NewReader(body))
	must(t, err)
	if edit != nil {
		edit(q)
	}
	client := http.Client{Transport: &http.Transport{DialContext: w.Dial, DisableKeepAlives: true}}
	resp, err := client.Do(q)
	must(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	must(t, err)
	conforms(t, method, path, resp.StatusCode, b)
	r := reply{Status: resp.StatusCode}
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatalf("%s %s answered %d %q: %v", method, path, r.Status, b, err)
	}
	return r
}

// TestREST follows a session from its creation to a command's report.
func TestREST(t *testing.T) {
	w := onSockets(t, session.Config{})
	r := w.call(t, "POST", "/api/sessions", `{"creatorId":"ann","creatorName":"Ann"}`, nil)
	if r.Status != 201 || !r.Success || r.SessionID == "" || r.CreatorID != "ann" || r.Token == "" {
		t.Fatalf("created: %+v", r)
	}
	id := r.SessionID
	c := w.Join(t, `{"sessionId":"`+id+`","token":"`+r.Token+`","deviceType":"native"}`)
	if !c.Seat.IsLeader || c.Seat.UserID != "ann" {
		t.Errorf("the creator joined as %+v", c.Seat)
	}
	if r = w.call(t, "GET", "/api/sessions", "", nil); r.Status != 200 || r.TotalSessions != 1 || r.Sessions[0].SessionID != id || r.Sessions[0].UserCount != 1 {
		t.Errorf("list: %+v", r)
	}
	if r = w.call(t, "GET", "/api/sessions/"+id, "", nil); r.Status != 200 || r.Session.SessionID != id || len(r.Session.Devices) != 1 {
		t.Errorf("get: %+v", r)
	}
	if r = w.call(t, "GET", "/api/sessions/"+id+"/sync", "", nil); r.Status != 200 || !strings.Contains(string(r.Devices), c.Seat.DeviceID) {
		t.Errorf("sync: %+v", r)
	}
	r = w.call(t, "POST", "/api/sessions/"+id+"/commands", `{"name":"flash","payload":{"n":1},"delay":50}`, nil)
	if r.Status != 202 || r.CommandID == "" || r.Timestamp == 0 {
		t.Fatalf("scheduled: %+v", r)
	}
	if m := c.Next("command"); !strings.Contains(string(m.Data), `"payload":{"n":1}`) {
		t.Errorf("the device got %s", m.Data)
	}
	c.Send(message("armed", `{"commandId":"`+r.CommandID+`"}`, 2))
	c.Next("ok")
	rep := w.call(t, "GET", "/api/sessions/"+id+"/commands/"+r.CommandID, "", nil)
	if rep.Status != 200 || rep.CommandID != r.CommandID || !strings.Contains(string(rep.Devices), `"armed":true`) {
		t.Errorf("report: %+v, %s", rep, rep.Devices)
	}
}

// TestRESTInfo asks for what a page asks before anything else.
func TestRESTInfo(t *testing.T) {
	w := onSockets(t, session.Config{})
	if r := w.call(t, "GET", "/api/info", "", nil); r.Status != 200 || r.Version != "test" || len(r.URLs) != 1 {
		t.Errorf("info: %+v", r)
	}
	for _, path := range []string{"/livez", "/readyz"} {
		if r := w.call(t, "GET", path, "", nil); r.Status != 200 || !r.Success {
			t.Errorf("%s: %+v", path, r)
		}
	}
}

func TestRESTErrors(t *testing.T) {
	w := onSockets(t, session.Config{MaxSessions: 1})
	c := w.Join(t, `{"sessionId":"studio"}`)
	for _, q := range []struct {
		name, method, path, body string
		status                   int
		code                     string
	}{
		{"no such call", "GET", "/api/nothing", "", 404, "not_found"},
		{"no such method", "PUT", "/api/sessions/studio", "", 404, "not_found"},
		{"body not JSON", "POST", "/api/sessions", "{", 400, "bad_field"},
		{"body two objects", "POST", "/api/sessions", "{}{}", 400, "bad_field"},
		{"body an array", "POST", "/api/sessions", "[]", 400, "bad_field"},
		{"wrong type", "POST", "/api/sessions", `{"creatorId":7}`, 400, "bad_field"},
		{"body too large", "POST", "/api/sessions", strings.Repeat(" ", maxBody+1), 413, "message_too_large"},
		{"creator's id", "POST", "/api/sessions", `{"creatorId":"a b"}`, 400, wire.CodeBadUserID},
		{"one session more", "POST", "/api/sessions", `{}`, 429, wire.CodeTooManySessions},
		{"unknown session", "GET", "/api/sessions/other", "", 404, wire.CodeSessionNotFound},
		{"bad session id", "GET", "/api/sessions/a%20b", "", 400, wire.CodeBadSessionID},
		{"wildcard", "GET", "/api/sessions/*", "", 400, wire.CodeBadSessionID},
		{"sync of an unknown session", "GET", "/api/sessions/other/sync", "", 404, wire.CodeSessionNotFound},
		{"command to an unknown session", "POST", "/api/sessions/other/commands", `{"name":"flash"}`, 404, wire.CodeSessionNotFound},
		{"command without a name", "POST", "/api/sessions/studio/commands", ``, 400, wire.CodeBadName},
		{"command in the past", "POST", "/api/sessions/studio/commands", `{"name":"flash","at":1}`, 400, wire.CodeAtInPast},
		{"command at and delay", "POST", "/api/sessions/studio/commands", `{"name":"flash","at":1,"delay":1}`, 400, wire.CodeAmbiguousTime},
		{"command at a word", "POST", "/api/sessions/studio/commands", `{"name":"flash","at":"now"}`, 400, "bad_field"},
		{"report of an unknown command", "GET", "/api/sessions/studio/commands/x", "", 404, wire.CodeUnknownCommand},
		{"report of an unknown session", "GET", "/api/sessions/other/commands/x", "", 404, wire.CodeSessionNotFound},
		{"not a WebSocket", "GET", "/ws", "", 400, "not_websocket"},
	} {
		t.Run(q.name, func(t *testing.T) {
			before := w.State(t, "studio")
			r := w.call(t, q.method, q.path, q.body, nil)
			if r.Status != q.status || r.Success || r.Error.Code != q.code || r.Error.Message == "" {
				t.Errorf("answered %d %+v, want %d %s", r.Status, r.Error, q.status, q.code)
			}
			c.WantAlive()
			if after := w.State(t, "studio"); after != before {
				t.Errorf("the session was\n%s and is\n%s", before, after)
			}
		})
	}
}

// TestStatusOf holds every code that REST may meet against its status.
func TestStatusOf(t *testing.T) {
	for code, want := range map[string]int{
		wire.CodeSessionNotFound: 404, wire.CodeUnknownCommand: 404, wire.CodeNotLeader: 403, wire.CodeBadToken: 403,
		wire.CodeSessionFull: 409, wire.CodeCommandPast: 409, wire.CodeTooManyCommands: 429, wire.CodeUnavailable: 503,
		wire.CodeBusy: 503, "internal": 500, wire.CodeBadName: 400,
	} {
		if got := wire.StatusOf(code); got != want {
			t.Errorf("%s: %d, want %d", code, got, want)
		}
	}
}

// TestSessionPages: the list's pages over HTTP.
func TestSessionPages(t *testing.T) {
	w := onSockets(t, session.Config{})
	for _, id := range []string{"a", "b", "c"} {
		w.Join(t, `{"sessionId":"`+id+`"}`)
	}
	type page struct {
		Sessions      []session.Summary
		TotalSessions int
		NextCursor    *string
	}
	get := func(query string) (p page) {
		must(t, json.Unmarshal([]byte(w.callRaw(t, "/api/sessions?"+query, "totalSessions")), &p))
		return p
	}
	first := get("limit=2")
	if len(first.Sessions) != 2 || first.TotalSessions != 3 || first.NextCursor == nil || first.Sessions[0].SessionID != "a" {
		t.Fatalf("%+v", first)
	}
	if last := get("cursor=" + *first.NextCursor); len(last.Sessions) != 1 || last.NextCursor != nil || last.Sessions[0].SessionID != "c" {
		t.Errorf("%+v", last)
	}
	if newest := get("limit=1&order=newest"); newest.Sessions[0].SessionID != "c" {
		t.Errorf("%+v", newest)
	}
	for _, query := range []string{"limit=0", "limit=1001", "limit=x", "cursor=x", "order=x"} {
		if r := w.call(t, "GET", "/api/sessions?"+query, "", nil); r.Status != 400 || r.Error.Code != "bad_field" {
			t.Errorf("%s: %+v", query, r)
		}
	}
}

// TestReadiness: an instance whose disk is full isn't ready, and lives.
func TestReadiness(t *testing.T) {
	w := onSockets(t, session.Config{})
	full := false
	w.server.cfg.DiskFull = func() bool { return full }
	for range 2 {
		want, code := 200, ""
		if full {
			want, code = 503, "disk_full"
		}
		if r := w.call(t, "GET", "/readyz", "", nil); r.Status != want || r.Error.Code != code {
			t.Errorf("full %v: %+v", full, r)
		}
		if r := w.call(t, "GET", "/livez", "", nil); r.Status != 200 {
			t.Errorf("full %v: %+v", full, r)
		}
		full = true
	}
}

// TestCostlyRequests: what takes long to answer is asked for by an address now and then alone; pages and
// /livez by it as often as it likes.
func TestCostlyRequests(t *testing.T) {
	w := onSockets(t, session.Config{})
	w.server.cfg.Metrics = http.NotFoundHandler()
	w.server.costly = access.NewThrottle(0.001, 2)
	get := func(path string) int {
		res, err := http.Get(w.URL + path)
		must(t, err)
		must(t, res.Body.Close())
		return res.StatusCode
	}
	for range 2 {
		get("/metrics")
	}
	for path, refused := range map[string]bool{"/metrics": true, "/qr.svg": true, "/readyz": true, "/livez": false, "/device": false, "/api/info": false} {
		if status := get(path); (status == http.StatusTooManyRequests) != refused {
			t.Errorf("%s: %d", path, status)
		}
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}
