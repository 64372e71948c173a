package session

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/wire"
)

// TestJoinOnly: a name that is mistyped is no new session, and who was there is told to wait.
func TestJoinOnly(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		for token, retry := range map[string]bool{"": false, "id." + strings.Repeat("A", rules.SecretLen): true} {
			_, err := w.tryJoin(JoinRequest{NoCreate: true, ResumeToken: token})
			wantCode(t, err, wire.CodeSessionNotFound)
			if err.(*Error).Retry != retry {
				t.Errorf("resumeToken %q: retry is %v", token, !retry)
			}
		}
		if list, _ := w.sessions(); len(list) != 0 {
			t.Errorf("there is %+v", list)
		}
		a := w.join(JoinRequest{UserID: "ann"})
		b := w.join(JoinRequest{UserID: "bob", NoCreate: true})
		if !a.IsLeader() || b.IsLeader() {
			t.Error("joining a session that exists is as ever")
		}
	})
}

// TestUserToken: a user's further devices need no resume token of the others.
func TestUserToken(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann", Username: "Ann"})
		b := w.join(JoinRequest{UserID: "bob"})
		token := a.joined.SessionJoined.UserToken
		for _, q := range []JoinRequest{{UserToken: token}, {UserToken: token, UserID: "ann", Username: "Else"}} {
			p := w.join(q)
			if p.UserID() != "ann" || p.DeviceID() == a.DeviceID() || p.joined.SessionJoined.UserToken != token || !p.IsLeader() {
				t.Errorf("joined as %+v", p.joined.SessionJoined)
			}
		}
		for _, q := range []JoinRequest{
			{UserToken: "ann." + strings.Repeat("A", rules.SecretLen)}, {UserToken: token, UserID: "bob"}, {UserToken: "ann"},
			{UserToken: strings.Replace(token, "ann", "bob", 1)}, {UserToken: ".." + token}, {UserToken: token + "A"},
		} {
			_, err := w.tryJoin(q)
			wantCode(t, err, wire.CodeBadUserToken)
		}
		if back := w.join(JoinRequest{ResumeToken: b.joined.SessionJoined.ResumeToken, UserToken: token}); back.UserID() != "bob" ||
			back.joined.SessionJoined.UserToken != "" {
			t.Errorf("a device that comes back is %+v", back.joined.SessionJoined)
		}
		if p := w.join(JoinRequest{UserToken: token, Admission: Admission{UserID: "cy"}}); p.UserID() != "cy" || p.joined.SessionJoined.UserToken != "" {
			t.Errorf("who is proved to be cy joined as %+v", p.joined.SessionJoined)
		}
		if users := a.State().Users; len(users) != 3 || users[0].Username != "Ann" {
			t.Errorf("the users are %+v", users)
		}
	})
}

// TestRecordsNothing: such a device is no part of takes, and acts on all else.
func TestRecordsNothing(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann"})
		cam := w.join(JoinRequest{UserID: "cam", DeviceType: "mobile"})
		flash := w.join(JoinRequest{UserID: "flash", DeviceType: "mobile", Records: new(false)})
		told := func(p *part) (id string) {
			for _, e := range p.heard() {
				if r, ok := e.Data.(StartRecording); ok {
					id = r.RecordingID
				}
			}
			return id
		}
		take, err := a.StartRecording(w.ctx, StartRequest{})
		wantCode(t, err, "")
		if told(cam) == "" || told(flash) != "" {
			t.Error("told otherwise who records")
		}
		if late := w.join(JoinRequest{UserToken: cam.joined.SessionJoined.UserToken, DeviceType: "mobile"}); late.joined.SessionJoined.RecordingID != rules.RecordingID(take.CommandID, late.DeviceID()) {
			t.Errorf("one who joins now is told %+v", late.joined.SessionJoined)
		} else {
			wantCode(t, late.Leave(w.ctx), "")
		}
		wantCode(t, cam.Fired(w.ctx, take.CommandID, take.Timestamp, false), "")
		time.Sleep(150 * time.Millisecond)
		wantCode(t, flash.RecordingStarted(w.ctx, rules.RecordingID(take.CommandID, flash.DeviceID()), take.Timestamp, 0), wire.CodeUnknownRecording)
		list, _ := w.svc.Recordings(w.ctx, "studio")
		if len(list) != 1 || list[0].DeviceID != cam.DeviceID() {
			t.Errorf("the recordings are %+v", list)
		}
		rep, _ := w.svc.Report(w.ctx, "studio", take.CommandID)
		if slices.ContainsFunc(rep.Devices, func(d DeviceReport) bool { return d.DeviceID == flash.DeviceID() }) {
			t.Errorf("the take's report has %+v", rep.Devices)
		}
		if !slices.Contains(a.names(), "command_report") {
			t.Error("the take's report waits for a device that doesn't record")
		}
		_, err = a.StopRecording(w.ctx)
		wantCode(t, err, "")
		time.Sleep(3 * time.Second)
		a.heard()
		cmd, err := a.Schedule(w.ctx, ScheduleRequest{Name: "flash"})
		wantCode(t, err, "")
		wantCode(t, cam.Fired(w.ctx, cmd.CommandID, cmd.Timestamp, false), "")
		if slices.Contains(a.names(), "command_report") {
			t.Error("a report before the device that only flashes has acted")
		}
		flash = w.join(JoinRequest{ResumeToken: flash.joined.SessionJoined.ResumeToken})
		if d := flash.State().Devices[2]; d.Records || d.DeviceID != flash.DeviceID() {
			t.Errorf("back as %+v", d)
		}
		flash = w.join(JoinRequest{ResumeToken: flash.joined.SessionJoined.ResumeToken, Records: new(true)})
		if d := flash.State().Devices[2]; !d.Records {
			t.Errorf("back as %+v", d)
		}
	})
}

// TestCreatorLeadsAgain: on a server that forgot its sessions, whoever comes first.
func TestCreatorLeadsAgain(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		token, other := newSecret(), newSecret()
		remembered := "old." + newSecret()
		first := w.join(JoinRequest{SessionID: "one", UserID: "dir", CreatorToken: token, ResumeToken: remembered})
		if !first.IsLeader() || first.State().CreatorID != "dir" {
			t.Errorf("the creator came first and is %+v", first.joined.SessionJoined)
		}
		_, err := w.tryJoin(JoinRequest{SessionID: "one", CreatorToken: other})
		wantCode(t, err, wire.CodeBadToken)

		cam := w.join(JoinRequest{SessionID: "two", UserID: "cam", ResumeToken: remembered})
		_, err = w.tryJoin(JoinRequest{SessionID: "two", CreatorToken: token, Admission: Admission{NoCreate: true, NeedsProof: true}})
		wantCode(t, err, wire.CodeBadToken)
		_, err = w.tryJoin(JoinRequest{SessionID: "two", CreatorToken: token, UserID: "cam"})
		wantCode(t, err, wire.CodeUserIDTaken)
		if !cam.IsLeader() {
			t.Error("a refused claim changed who leads")
		}
		dir := w.join(JoinRequest{SessionID: "two", UserID: "dir", CreatorToken: token, NoCreate: true})
		if !dir.IsLeader() || cam.IsLeader() || dir.State().CreatorID != "dir" {
			t.Error("the creator came second and doesn't lead")
		}
		if !slices.Contains(cam.names(), "leadership_changed") {
			t.Error("nobody was told")
		}
		_, err = w.tryJoin(JoinRequest{SessionID: "two", CreatorToken: other})
		wantCode(t, err, wire.CodeBadToken)
		if is, _ := w.svc.IsCreator(w.ctx, "two", token); !is {
			t.Error("the token isn't the creator's")
		}

		w.join(JoinRequest{SessionID: "three", UserID: "cam"})
		for _, guess := range []string{token, "x"} {
			_, err = w.tryJoin(JoinRequest{SessionID: "three", CreatorToken: guess})
			wantCode(t, err, wire.CodeBadToken)
		}
		_, err = w.tryJoin(JoinRequest{SessionID: "four", CreatorToken: "x"})
		wantCode(t, err, wire.CodeBadToken)
		_, err = w.tryJoin(JoinRequest{SessionID: "four", CreatorToken: token, NoCreate: true})
		wantCode(t, err, wire.CodeSessionNotFound)
	})
}
