package signaling

import (
	"strings"
	"testing"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// TestJoinFirst sends events before join_session: they are refused, and the
// connection can still join.
func TestJoinFirst(t *testing.T) {
	w := onSockets(t, session.Config{})
	c := w.Connect(t)
	for event := range requests {
		if event == "join_session" {
			continue
		}
		c.Send(message(event, `{}`, 5))
		if m := c.WantError("not_joined", event); m.ReplyTo != 5 {
			t.Errorf("%s: replyTo is %d", event, m.ReplyTo)
		}
	}
	if w.State(t, "studio") != "" {
		t.Error("there is a session")
	}
	c.Send(message("join_session", `{"sessionId":"studio","offer":"hello","deviceType":"mobile"}`, 6))
	c.Joined()
	if c.Seat.Answer != "answer to hello" || !c.Seat.IsLeader {
		t.Errorf("joined as %+v", c.Seat)
	}
	c.Next("joined_session")
	c.WantAlive()
}

// TestRefusedJoins expects an error, close code 4006, and no trace.
func TestRefusedJoins(t *testing.T) {
	w := onSockets(t, session.Config{MaxDevices: 3})
	info, err := w.Sessions.Create(t.Context(), session.CreateRequest{CreatorID: "creator"})
	must(t, err)
	there := w.Join(t, `{"sessionId":"studio","userId":"taken"}`)
	for _, c := range []struct{ name, data, code string }{
		{"no data", `null`, wire.CodeBadSessionID},
		{"wrong type", `{"sessionId":7}`, "bad_field"},
		{"data an array", `[]`, "bad_field"},
		{"no session", `{}`, wire.CodeBadSessionID},
		{"session a path", `{"sessionId":"../x"}`, wire.CodeBadSessionID},
		{"session a wildcard", `{"sessionId":"*"}`, wire.CodeBadSessionID},
		{"session too long", `{"sessionId":"` + strings.Repeat("x", 65) + `"}`, wire.CodeBadSessionID},
		{"user with a blank", `{"sessionId":"studio","userId":"a b"}`, wire.CodeBadUserID},
		{"name too long", `{"sessionId":"studio","username":"` + strings.Repeat("ü", 65) + `"}`, wire.CodeBadUsername},
		{"name not printable", `{"sessionId":"studio","username":"a\u0000b"}`, wire.CodeBadUsername},
		{"avatar too long", `{"sessionId":"studio","avatar":"` + strings.Repeat("x", 1025) + `"}`, wire.CodeBadAvatar},
		{"device type", `{"sessionId":"studio","deviceType":"toaster"}`, wire.CodeBadDeviceType},
		{"view type", `{"sessionId":"studio","viewType":"\n"}`, wire.CodeBadViewType},
		{"user agent", `{"sessionId":"studio","userAgent":"` + strings.Repeat("x", 513) + `"}`, wire.CodeBadUserAgent},
		{"user taken", `{"sessionId":"studio","userId":"taken"}`, wire.CodeUserIDTaken},
		{"a session that isn't there", `{"sessionId":"studioo","create":false}`, wire.CodeSessionNotFound},
		{"a user's token", `{"sessionId":"studio","userToken":"taken.` + strings.Repeat("A", 26) + `"}`, wire.CodeBadUserToken},
		{"resume token", `{"sessionId":"studio","resumeToken":"` + there.Seat.DeviceID + `.x"}`, wire.CodeBadResumeToken},
		{"creator's token", `{"sessionId":"` + info.SessionID + `","token":"x"}`, wire.CodeBadToken},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := w.State(t, "studio") + w.State(t, info.SessionID)
			refused := w.Connect(t)
			refused.Send(message("join_session", c.data, 5))
			if m := refused.WantError(c.code, "join_session"); m.ReplyTo != 5 {
				t.Errorf("replyTo is %d", m.ReplyTo)
			}
			refused.WantClose(wire.CloseRefused)
			there.WantAlive()
			if after := w.State(t, "studio") + w.State(t, info.SessionID); after != before {
				t.Errorf("the session was\n%s and is\n%s", before, after)
			}
		})
	}
}

// TestFullSession refuses one more, until somebody has gone.
func TestFullSession(t *testing.T) {
	w := onSockets(t, session.Config{MaxDevices: 2})
	first := w.Join(t, `{"sessionId":"studio"}`)
	second := w.Join(t, `{"sessionId":"studio"}`)
	third := w.Connect(t)
	before := w.State(t, "studio")
	third.Send(message("join_session", `{"sessionId":"studio"}`, 1))
	third.WantError(wire.CodeSessionFull, "join_session")
	third.WantClose(wire.CloseRefused)
	if after := w.State(t, "studio"); after != before {
		t.Errorf("the session was\n%s and is\n%s", before, after)
	}
	second.Send(message("leave_session", `{}`, 2))
	second.WantClose(wire.CloseLeft)
	first.Next("user_left")
	w.Join(t, `{"sessionId":"studio"}`)
}

// TestBadOfferOfANewSession leaves nothing, neither session nor leader.
func TestBadOfferOfANewSession(t *testing.T) {
	w := onSockets(t, session.Config{})
	c := w.Connect(t)
	c.Send(message("join_session", `{"sessionId":"studio","offer":"nonsense"}`, 1))
	c.WantError("bad_offer", "join_session")
	c.WantClose(wire.CloseRefused)
	if state := w.State(t, "studio"); state != "" {
		t.Errorf("it left %s", state)
	}
}

// TestBadOfferAtJoining leaves no member behind that isn't there, and nobody
// hears of it.
func TestBadOfferAtJoining(t *testing.T) {
	w := onSockets(t, session.Config{})
	there := w.Join(t, `{"sessionId":"studio"}`)
	c := w.Connect(t)
	c.Send(message("join_session", `{"sessionId":"studio","offer":"nonsense"}`, 1))
	c.WantError("bad_offer", "join_session")
	c.WantClose(wire.CloseRefused)
	there.WantAlive()
	snap, err := w.Sessions.Snapshot(t.Context(), "studio")
	must(t, err)
	if len(snap.Users) != 1 || len(snap.Devices) != 1 || snap.LeaderID != there.Seat.UserID {
		t.Errorf("the session is %+v", snap)
	}
}

// TestBadOfferAtComingBack costs a device its connection but not its seat.
func TestBadOfferAtComingBack(t *testing.T) {
	w := onSockets(t, session.Config{})
	c := w.Join(t, `{"sessionId":"studio"}`)
	must(t, c.WS.Close())
	back := w.Connect(t)
	back.Send(message("join_session", `{"sessionId":"studio","resumeToken":"`+c.Seat.ResumeToken+`","offer":"nonsense"}`, 1))
	back.WantError("bad_offer", "join_session")
	back.WantClose(wire.CloseRefused)
	again := w.Join(t, `{"sessionId":"studio","resumeToken":"`+c.Seat.ResumeToken+`","offer":"hello"}`)
	if again.Seat.DeviceID != c.Seat.DeviceID || !again.Seat.IsLeader {
		t.Errorf("came back as %+v, was %+v", again.Seat, c.Seat)
	}
}
