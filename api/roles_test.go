package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/wire"
)

// limited is a member who may send some events.
type limited struct {
	t   *testing.T
	c   *socket
	may wire.Sender
}

// check sends each of the others, and expects it to be refused.
func (l limited) check() {
	l.t.Helper()
	data := `{"name":"x","commandId":"x","recordingId":"x","isPlaying":true,"timestamp":1,"at":1,"fileSizeBytes":1,"mediaUrl":"x"}`
	refused := 0
	for _, q := range wire.Requests() {
		if event := q.Name; q.By > l.may {
			l.c.Send(message(event, data, 5))
			l.c.WantError(wire.CodeNotAllowed, event)
			refused++
		}
	}
	if refused < 7 {
		l.t.Errorf("only %d events are refused", refused)
	}
}

// TestWhatKeysOpen: each key of a session's links opens what its link is for, over HTTP and
// over the WebSocket, and nothing else.
func TestWhatKeysOpen(t *testing.T) {
	w := guarded(t, access.Config{Mode: access.Link, AdminKey: adminKey, Guesses: 1000})
	for _, r := range w.server.api() {
		made := w.call(t, "POST", "/api/sessions", `{}`, bearing(adminKey))
		for _, c := range []struct {
			name, secret string
			may          map[access.Act]bool
		}{
			{"nothing", "", map[access.Act]bool{}},
			{"watch", made.Keys.Watch, map[access.Act]bool{access.See: true}},
			{"device", made.Keys.Device, map[access.Act]bool{access.See: true, access.Look: true, access.Add: true}},
			{"direct", made.Keys.Direct, map[access.Act]bool{access.See: true, access.Look: true, access.Add: true, access.Command: true}},
			{"creator", made.Token, map[access.Act]bool{access.See: true, access.Look: true, access.Add: true, access.Command: true}},
			{"admin", adminKey, map[access.Act]bool{access.See: true, access.Look: true, access.Add: true, access.Command: true, access.Rule: true}},
		} {
			if r.pattern == "DELETE /api/sessions/{id}" && c.name == "creator" { // the director has ended it
				continue
			}
			method, path, _ := strings.Cut(r.pattern, " ")
			path = strings.NewReplacer("{id}", made.SessionID, "{recording}", "x", "{take}", "x", "{command}", "x").Replace(path)
			status := w.call(t, method, path, `{}`, bearing(c.secret)).Status
			denied := status == http.StatusUnauthorized || status == http.StatusForbidden
			if may := r.act == anybody || c.may[r.act]; denied == may {
				t.Errorf("%s with %s answered %d", r.pattern, c.name, status)
			}
		}
	}
}

// TestWatcher: who has the watch link sees and plays, and never leads.
func TestWatcher(t *testing.T) {
	w := guarded(t, access.Config{Mode: access.Link, AdminKey: adminKey})
	made := w.call(t, "POST", "/api/sessions", `{}`, bearing(adminKey))
	leader := w.Join(t, `{"sessionId":"`+made.SessionID+`","key":"`+adminKey+`","token":"`+made.Token+`"}`)
	join := `{"sessionId":"` + made.SessionID + `","deviceType":"mobile","key":"`
	watcher := w.Join(t, join+made.Keys.Watch+`"}`)
	if watcher.Seat.Role != "watcher" || watcher.Seat.JoinKey != "" || watcher.Seat.Keys != nil || watcher.Seat.Session.Devices[1].Records {
		t.Errorf("the watcher is %+v", watcher.Seat)
	}
	limited{t, watcher, wire.Watcher}.check()
	own := w.Join(t, join+made.Keys.Watch+`","userToken":"`+leader.Seat.UserToken+`"}`)
	if own.Seat.UserID != leader.Seat.UserID || own.Seat.IsLeader || own.Seat.Keys != nil {
		t.Errorf("the leader's watching device is %+v", own.Seat)
	}
	limited{t, own, wire.Watcher}.check()
	director := w.Join(t, join+made.Keys.Direct+`"}`)
	if director.Seat.Role != "leader" || director.Seat.IsLeader || director.Seat.Keys == nil {
		t.Errorf("the director is %+v", director.Seat)
	}
	leader.Send(message("leave_session", "null", 1))
	leader.WantClose(wire.CloseLeft)
	if changed := string(watcher.Next("leadership_changed").Data); !strings.Contains(changed, director.Seat.UserID) {
		t.Errorf("the lead passed on: %s", changed)
	}
	director.Send(message("leave_session", "null", 1))
	director.WantClose(wire.CloseLeft)
	watcher.Next("user_left")
	watcher.Send(message("leave_session", "null", 1))
	watcher.WantClose(wire.CloseLeft)
}
