package signaling

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
	for event := range requests {
		if wire.RequestOf(event).By > l.may {
			l.c.send(message(event, data, 5))
			l.c.wantError(wire.CodeNotAllowed, event)
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
	w := guarded(t, access.Config{Mode: access.Link, AdminKey: adminKey})
	w.server.failures = access.NewThrottle(1000, 1000)
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
	leader := w.join(t, `{"sessionId":"`+made.SessionID+`","key":"`+adminKey+`","token":"`+made.Token+`"}`)
	join := `{"sessionId":"` + made.SessionID + `","deviceType":"mobile","key":"`
	watcher := w.join(t, join+made.Keys.Watch+`"}`)
	if watcher.seat.Role != "watcher" || watcher.seat.JoinKey != "" || watcher.seat.Keys != nil || watcher.seat.Session.Devices[1].Records {
		t.Errorf("the watcher is %+v", watcher.seat)
	}
	limited{t, watcher, wire.Watcher}.check()
	own := w.join(t, join+made.Keys.Watch+`","userToken":"`+leader.seat.UserToken+`"}`)
	if own.seat.UserID != leader.seat.UserID || own.seat.IsLeader || own.seat.Keys != nil {
		t.Errorf("the leader's watching device is %+v", own.seat)
	}
	limited{t, own, wire.Watcher}.check()
	director := w.join(t, join+made.Keys.Direct+`"}`)
	if director.seat.Role != "leader" || director.seat.IsLeader || director.seat.Keys == nil {
		t.Errorf("the director is %+v", director.seat)
	}
	leader.send(message("leave_session", "null", 1))
	leader.wantClose(wire.CloseLeft)
	if changed := string(watcher.next("leadership_changed").Data); !strings.Contains(changed, director.seat.UserID) {
		t.Errorf("the lead passed on: %s", changed)
	}
	director.send(message("leave_session", "null", 1))
	director.wantClose(wire.CloseLeft)
	watcher.next("user_left")
	watcher.send(message("leave_session", "null", 1))
	watcher.wantClose(wire.CloseLeft)
}
