package api

import (
	"strings"
	"testing"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/internal/testsocket"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// TestManaging: who leads names, silences, removes, hands over and ends; all over the wire.
func TestManaging(t *testing.T) {
	w := onSockets(t, session.Config{})
	made := w.call(t, "POST", "/api/sessions", `{"creatorId":"ann","name":"Brücke"}`, nil)
	leader := w.Join(t, `{"sessionId":"`+made.SessionID+`","token":"`+made.Token+`","username":"Ann"}`)
	other := w.Join(t, `{"sessionId":"`+made.SessionID+`","userId":"bob","deviceType":"mobile"}`)
	third := w.Join(t, `{"sessionId":"`+made.SessionID+`"}`)
	ghost := w.Join(t, `{"sessionId":"`+made.SessionID+`","userId":"gus"}`)
	if leader.Seat.Session.Name != "Brücke" || leader.Seat.UserToken == "" {
		t.Errorf("joined %+v", leader.Seat)
	}
	ask := func(c *socket, event, data string) testsocket.Message {
		t.Helper()
		c.Send(message(event, data, 7))
		m := c.Next("ok")
		if m.ReplyTo != 7 {
			t.Errorf("%s is answered by %+v", event, m)
		}
		return m
	}
	hears := func(event, part string) {
		t.Helper()
		if m := third.Next(event); !strings.Contains(string(m.Data), part) {
			t.Errorf("%s tells %s", event, m.Data)
		}
	}
	ask(leader, "update_session", `{"name":"Scene 12"}`)
	hears("session_changed", `"name":"Scene 12"`)
	ask(leader, "update_device", `{"deviceId":"`+other.Seat.DeviceID+`","silenced":true}`)
	hears("device_changed", `"silenced":true`)
	ask(other, "update_device", `{"records":false,"viewType":"left"}`)
	hears("device_changed", `"viewType":"left","records":false`)
	ask(leader, "update_user", `{"userId":"bob","username":"Bo"}`)
	hears("user_changed", `"username":"Bo"`)
	ask(leader, "remove_device", `{"deviceId":"`+ghost.Seat.DeviceID+`"}`)
	hears("device_removed", ghost.Seat.DeviceID)
	ghost.WantClose(wire.CloseRemoved)
	away := w.Join(t, `{"sessionId":"`+made.SessionID+`","deviceType":"mobile"}`)
	_ = away.WS.Close()
	hears("device_disconnected", away.Seat.DeviceID)
	ask(leader, "remove_device", `{"absent":"all"}`)
	hears("device_removed", away.Seat.DeviceID)
	for event, c := range map[string]struct{ data, code string }{
		"hand_over": {`{}`, "bad_field"}, "remove_device": {`{"deviceId":"x","absent":"all"}`, "bad_field"}, "update_session": {`{}`, "bad_field"},
		"update_user": {`{"userId":"nobody"}`, wire.CodeUnknownUser}, "request_leadership": {`{"token":"wrong"}`, wire.CodeBadToken},
	} {
		leader.Send(message(event, c.data, 8))
		leader.WantError(c.code, event)
	}
	ask(leader, "hand_over", `{"userId":"bob"}`)
	hears("leadership_changed", `"newLeaderId":"bob","newLeaderName":"Bo"`)
	leader.Send(message("end_session", `{}`, 9))
	leader.WantError(wire.CodeNotLeader, "end_session")
	ask(leader, "request_leadership", `{}`) // joined by the creator's token
	hears("leadership_changed", `"newLeaderId":"ann"`)
	ask(leader, "end_session", `{}`)
	hears("session_ended", `"timestamp"`)
	leader.WantClose(wire.CloseEnded)
	other.WantClose(wire.CloseEnded)
	third.WantClose(wire.CloseEnded)
	if state := w.State(t, made.SessionID); state != "" {
		t.Errorf("left is %s", state)
	}
}

// TestManagingOverHTTP needs what commands need.
func TestManagingOverHTTP(t *testing.T) {
	w := guarded(t, access.Config{Mode: access.Link, AdminKey: adminKey})
	made := w.call(t, "POST", "/api/sessions", `{"creatorName":"Ann"}`, bearing(adminKey))
	at := "/api/sessions/" + made.SessionID
	c := w.Join(t, `{"sessionId":"`+made.SessionID+`","username":"Dir","key":"`+made.Keys.Direct+`"}`)
	for _, call := range []struct {
		method, body, secret, code string
		status                     int
	}{
		{"PATCH", `{"name":"Szene"}`, made.Keys.Device, wire.CodeNotAllowed, 403},
		{"DELETE", ``, made.Keys.Watch, wire.CodeNotAllowed, 403},
		{"PATCH", `{}`, made.Token, "bad_field", 400},
		{"PATCH", `{"name":"\n"}`, made.Token, wire.CodeBadSessionName, 400},
		{"PATCH", `{"name":"Szene"}`, made.Token, "", 200},
	} {
		if r := w.call(t, call.method, at, call.body, bearing(call.secret)); r.Status != call.status || r.Error.Code != call.code {
			t.Errorf("%s %s: %+v", call.method, call.body, r)
		}
	}
	if m := c.Next("session_changed"); !strings.Contains(string(m.Data), "Szene") {
		t.Errorf("told %s", m.Data)
	}
	list := w.call(t, "GET", "/api/sessions", "", bearing(adminKey)).Sessions
	if len(list) != 1 || list[0].Name != "Szene" || list[0].LeaderName != "Dir" || list[0].ConnectedCount != 1 || list[0].Status != "active" {
		t.Errorf("listed are %+v", list)
	}
	if r := w.call(t, "POST", "/api/sessions", `{"name":"\u0000"}`, bearing(adminKey)); r.Error.Code != wire.CodeBadSessionName {
		t.Errorf("created %+v", r)
	}
	if r := w.call(t, "DELETE", at, "", bearing(made.Keys.Direct)); r.Status != 200 {
		t.Errorf("ended: %+v", r)
	}
	c.Next("session_ended")
	c.WantClose(wire.CloseEnded)
	if r := w.call(t, "DELETE", at, "", bearing(adminKey)); r.Status != 404 {
		t.Errorf("ended twice: %+v", r)
	}
}
