package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// guesses are how many wrong keys an address has: access has it so.
const guesses = 30

const adminKey = "an admin key of more than 16 bytes"

var jwtKey = []byte(strings.Repeat("k", 32))

// guarded returns a world with a policy.
func guarded(t *testing.T, cfg access.Config) *world {
	t.Helper()
	return setup{sessions: session.Config{LeaderGrace: time.Millisecond}, access: cfg}.onSockets(t)
}

func bearing(secret string) func(*http.Request) {
	return func(r *http.Request) {
		if secret != "" {
			r.Header.Set("Authorization", "Bearer "+secret)
		}
	}
}

// refused expects a join to be refused, and the session to stay as it was.
func (w *world) refused(t *testing.T, data, code string) {
	t.Helper()
	before := w.State(t, "studio")
	c := w.Connect(t)
	c.Send(message("join_session", data, 1))
	c.WantError(code, "join_session")
	c.WantClose(wire.CloseRefused)
	if after := w.State(t, "studio"); after != before {
		t.Errorf("%s: the session was\n%s and is\n%s", code, before, after)
	}
}

// TestLinkMode: the admin key creates, a link's key joins, the creator's token leads.
func TestLinkMode(t *testing.T) {
	w := guarded(t, access.Config{Mode: access.Link, AdminKey: adminKey})
	for secret, code := range map[string]string{"": wire.CodeKeyNeeded, "wrong": wire.CodeBadKey} {
		for _, call := range []string{"POST", "GET"} {
			if r := w.call(t, call, "/api/sessions", "", bearing(secret)); r.Status != 401 || r.Error.Code != code {
				t.Errorf("%s with %q: %+v", call, secret, r)
			}
		}
	}
	made := w.call(t, "POST", "/api/sessions", `{"creatorId":"ann"}`, bearing(adminKey))
	if made.Status != 201 || made.JoinKey == "" {
		t.Fatalf("created %+v", made)
	}
	id, key := made.SessionID, made.JoinKey
	w.refused(t, `{"sessionId":"`+id+`"}`, wire.CodeKeyNeeded)
	w.refused(t, `{"sessionId":"`+id+`","key":"wrong"}`, wire.CodeBadKey)
	w.refused(t, `{"sessionId":"studio","key":"`+key+`"}`, wire.CodeBadKey)
	w.refused(t, `{"sessionId":"studio","resumeToken":"x.y"}`, wire.CodeSessionNotFound)
	w.refused(t, `{"sessionId":"`+id+`","resumeToken":"x.y"}`, wire.CodeBadResumeToken)
	w.refused(t, `{"sessionId":"`+id+`","token":"wrong"}`, wire.CodeBadToken)
	w.refused(t, `{"sessionId":"`+id+`","userId":"ann","key":"`+key+`","token":"wrong"}`, wire.CodeBadToken)
	w.refused(t, `{"sessionId":"other","key":"`+w.server.access.JoinKey("other")+`"}`, wire.CodeSessionNotFound)

	leader := w.Join(t, `{"sessionId":"`+id+`","token":"`+made.Token+`"}`)
	member := w.Join(t, `{"sessionId":"`+id+`","key":"`+key+`"}`)
	if !leader.Seat.IsLeader || member.Seat.IsLeader || leader.Seat.JoinKey != key || member.Seat.JoinKey != key {
		t.Errorf("seats %+v, %+v", leader.Seat, member.Seat)
	}
	if leader.Seat.Keys == nil || *leader.Seat.Keys != *made.Keys || made.Keys.Device != key || member.Seat.Keys != nil {
		t.Errorf("keys %+v, %+v", leader.Seat.Keys, member.Seat.Keys)
	}
	must(t, member.WS.Close())
	if back := w.Join(t, `{"sessionId":"`+id+`","resumeToken":"`+member.Seat.ResumeToken+`"}`); back.Seat.DeviceID != member.Seat.DeviceID {
		t.Errorf("came back as %+v", back.Seat)
	}
	if admin := w.Join(t, `{"sessionId":"made","key":"`+adminKey+`"}`); !admin.Seat.IsLeader {
		t.Errorf("the admin joined as %+v", admin.Seat)
	}
	for _, c := range []struct {
		name, method, path, secret string
		status                     int
	}{
		{"look", "GET", "", "", 401}, {"look", "GET", "", "wrong", 401}, {"look", "GET", "", key, 200},
		{"look", "GET", "", made.Token, 200}, {"look", "GET", "", adminKey, 200}, {"sync", "GET", "/sync", "", 401},
		{"recordings", "GET", "/recordings", "", 401}, {"recordings", "GET", "/recordings", key, 200},
		{"command", "POST", "/commands", key, 403}, {"command", "POST", "/commands", "", 401},
		{"command", "POST", "/commands", made.Token, 202}, {"command", "POST", "/commands", adminKey, 202},
	} {
		if r := w.call(t, c.method, "/api/sessions/"+id+c.path, `{"name":"flash"}`, bearing(c.secret)); r.Status != c.status {
			t.Errorf("%s with %q: %+v", c.name, c.secret, r)
		}
	}
	for _, path := range []string{"/api/info", "/livez", "/readyz"} {
		if r := w.call(t, "GET", path, "", nil); r.Status != 200 {
			t.Errorf("%s: %+v", path, r)
		}
	}
}

func jwtOf(t *testing.T, sub, sessionID, role string, exp time.Time) string {
	t.Helper()
	s, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": sub, "session": sessionID, "role": role, "exp": exp.Unix(),
	}).SignedString(jwtKey)
	must(t, err)
	return s
}

// TestTokenMode: a token says who one is, where, and what one may.
func TestTokenMode(t *testing.T) {
	w := guarded(t, access.Config{Mode: access.Token, HMACKey: jwtKey})
	soon := time.Now().Add(time.Hour)
	join := func(sub, role, more string) string {
		return `{"sessionId":"studio","deviceType":"mobile","token":"` + jwtOf(t, sub, "studio", role, soon) + `"` + more + `}`
	}
	w.refused(t, `{"sessionId":"studio"}`, wire.CodeTokenNeeded)
	w.refused(t, join("mia", "member", ""), wire.CodeSessionNotFound)
	w.refused(t, join("lea", "leader", `,"userId":"ann"`), wire.CodeTokenUser)
	w.refused(t, `{"sessionId":"studio","token":"`+jwtOf(t, "lea", "other", "leader", soon)+`"}`, wire.CodeTokenSession)
	w.refused(t, `{"sessionId":"studio","token":"`+jwtOf(t, "lea", "studio", "leader", time.Unix(1, 0))+`"}`, wire.CodeTokenExpired)

	leader := w.Join(t, join("lea", "leader", ""))
	member := w.Join(t, join("mia", "member", `,"userId":"mia"`))
	observer := w.Join(t, join("obi", "observer", ""))
	again := w.Join(t, join("mia", "member", "")) // a second device of the same user needs no resumeToken
	if !leader.Seat.IsLeader || member.Seat.UserID != "mia" || again.Seat.UserID != "mia" || observer.Seat.IsLeader {
		t.Errorf("seats %+v, %+v, %+v", leader.Seat, member.Seat, observer.Seat)
	}
	w.refused(t, join("eve", "member", `,"resumeToken":"`+leader.Seat.ResumeToken+`"`), wire.CodeBadResumeToken)
	watcher := w.Join(t, join("wil", "watcher", ""))
	limited{t, watcher, wire.Watcher}.check()
	limited{t, member, wire.Member}.check()
	limited{t, observer, wire.Observer}.check()
	leader.Send(message("start_recording", `{"duration":1}`, 6))
	var take session.StartRecording
	for _, c := range []*socket{observer, watcher} {
		must(t, c.Next("start_recording").Decode(&take))
		if take.RecordingID != "" {
			t.Errorf("one who records nothing was told to record %+v", take)
		}
	}
	// Nobody else may lead: the leadership waits for its owner.
	must(t, leader.WS.Close())
	member.Next("device_disconnected")
	wantAliveAfterAll(member)
	if snap, err := w.Sessions.Snapshot(t.Context(), "studio"); err != nil || snap.LeaderID != "lea" {
		t.Errorf("%s leads, %v", snap.LeaderID, err)
	}
	time.Sleep(2 * time.Millisecond) // longer than this world's grace; it has real sockets, so real time
	if lou := w.Join(t, join("lou", "leader", "")); !lou.Seat.IsLeader {
		t.Errorf("another leader joined as %+v", lou.Seat)
	}
	for _, c := range []struct {
		method, path, sessionID, role string
		status                        int
	}{
		{"GET", "/studio", "studio", "observer", 200}, {"GET", "/studio", "studio", "watcher", 200},
		{"GET", "/studio/recordings", "studio", "observer", 200}, {"GET", "/studio/recordings", "studio", "watcher", 403},
		{"GET", "/studio", "other", "leader", 403}, {"GET", "", "studio", "leader", 403},
		{"GET", "", "*", "leader", 200}, {"POST", "", "*", "leader", 201}, {"POST", "/studio/commands", "studio", "member", 403},
		{"POST", "/studio/commands", "studio", "leader", 202},
	} {
		r := w.call(t, c.method, "/api/sessions"+c.path, `{"name":"flash"}`, bearing(jwtOf(t, "lea", c.sessionID, c.role, soon)))
		if c.path == "" {
			r = w.call(t, c.method, "/api/sessions", `{}`, bearing(jwtOf(t, "lea", c.sessionID, c.role, soon)))
		}
		if r.Status != c.status {
			t.Errorf("%s %s as %s of %s: %+v", c.method, c.path, c.role, c.sessionID, r)
		}
	}
}

// wantAliveAfterAll is wantAlive after events that don't matter.
func wantAliveAfterAll(c *socket) {
	c.T.Helper()
	c.Send(message("heartbeat", "null", 998))
	c.Next("heartbeat_ack")
}

// TestGuessing: whoever tries keys is stopped, with the right one too.
func TestGuessing(t *testing.T) {
	setup{access: access.Config{Mode: access.Link, AdminKey: adminKey}}.inBubble(t, func(t *testing.T, w *world) {
		for range guesses {
			w.call(t, "GET", "/api/sessions", "", bearing("wrong"))
		}
		if r := w.call(t, "GET", "/api/sessions", "", bearing(adminKey)); r.Status != 429 || r.Error.Code != "too_many_attempts" {
			t.Errorf("answered %+v", r)
		}
		w.refused(t, `{"sessionId":"studio","key":"`+adminKey+`"}`, "too_many_attempts")
		time.Sleep(time.Second) // what forgives one guess
		if r := w.call(t, "GET", "/api/sessions", "", bearing(adminKey)); r.Status != 200 {
			t.Errorf("a second later: %+v", r)
		}
	})
}

// TestTooManyConnections: an address has so many, and another one when one of them has ended.
func TestTooManyConnections(t *testing.T) {
	w := setup{perAddress: 2}.onSockets(t)
	first := w.Join(t, `{"sessionId":"studio"}`)
	w.Join(t, `{"sessionId":"studio"}`)
	_, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(w.URL, "http")+"/ws", nil)
	if err == nil || res.StatusCode != http.StatusTooManyRequests {
		t.Fatalf("a third one: %v", err)
	}
	first.Send(message("leave_session", "null", 1))
	first.WantClose(wire.CloseLeft)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(w.URL, "http")+"/ws", nil)
		if err == nil {
			must(t, ws.Close())
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// TestTooManyRequests: an address that calls all the time is held back.
func TestTooManyRequests(t *testing.T) {
	w := onSockets(t, session.Config{})
	w.server.calls = access.NewThrottle(0.001, 2)
	for range 2 {
		if r := w.call(t, "GET", "/api/info", "", nil); r.Status != 200 || r.Version == "" {
			t.Errorf("answered %+v", r)
		}
	}
	if r := w.call(t, "GET", "/api/info", "", nil); r.Status != 429 || r.Error.Code != "too_many_requests" {
		t.Errorf("answered %+v", r)
	}
	if r := w.call(t, "GET", "/livez", "", nil); r.Status != 200 {
		t.Errorf("livez answered %+v", r)
	}
}

// TestListedOrigins: their pages may do what the server's own may.
func TestListedOrigins(t *testing.T) {
	w := onSockets(t, session.Config{})
	w.server.cfg.Origins = []string{"https://app.example"}
	from := func(origin string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Origin", origin) }
	}
	if r := w.call(t, "POST", "/api/sessions", `{}`, from("https://app.example")); r.Status != 201 {
		t.Errorf("listed: %+v", r)
	}
	if r := w.call(t, "POST", "/api/sessions", `{}`, from("https://app.example.evil")); r.Status != 403 {
		t.Errorf("not listed: %+v", r)
	}
	q, err := http.NewRequest(http.MethodOptions, w.URL+"/api/sessions", nil)
	must(t, err)
	q.Header.Set("Origin", "https://app.example")
	q.Header.Set("Access-Control-Request-Method", "POST")
	resp, err := http.DefaultTransport.RoundTrip(q)
	must(t, err)
	defer resp.Body.Close()
	if resp.StatusCode != 204 || resp.Header.Get("Access-Control-Allow-Origin") != "https://app.example" {
		t.Errorf("preflight: %v %v", resp.Status, resp.Header)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}
