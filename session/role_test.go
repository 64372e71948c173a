package session

import (
	"slices"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

// TestRolesAndLeadership: the leadership passes on to those alone who may lead, and
// waits where there is nobody.
func TestRolesAndLeadership(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		as := func(user string, role Role) *part {
			return w.join(JoinRequest{UserID: user, Admission: Admission{UserID: user, Role: role}})
		}
		a, b, c := as("ann", RoleLeader), as("bob", RoleMember), as("cy", RoleObserver)
		if !a.IsLeader() {
			t.Error("the first leader doesn't lead")
		}
		wantCode(t, b.RequestLeadership(w.ctx, ""), wire.CodeMayNotLead)
		_ = a.Disconnect(w.ctx)
		time.Sleep(time.Hour)
		if b.IsLeader() || c.IsLeader() || b.State().LeaderID != "ann" {
			t.Errorf("%s leads", b.State().LeaderID)
		}
		d := as("dee", RoleLeader)
		if !d.IsLeader() {
			t.Error("another leader doesn't lead while the first is away")
		}
		if e := as("eve", RoleLeader); e.IsLeader() {
			t.Error("a leader took the leadership of one who is there")
		}
		// A role that is taken away takes the leadership along, after the grace.
		token := d.joined.SessionJoined.ResumeToken
		d = w.join(JoinRequest{ResumeToken: token, Admission: Admission{UserID: "dee", Role: RoleMember}})
		_, err := d.Schedule(w.ctx, ScheduleRequest{Name: "flash"})
		wantCode(t, err, wire.CodeMayNotLead)
		time.Sleep(11 * time.Second)
		if got := d.State().LeaderID; got != "eve" {
			t.Errorf("%s leads", got)
		}
	})
}

// TestAdmission: what needs proof, and who may create.
func TestAdmission(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		closed, proof := Admission{NoCreate: true}, Admission{NoCreate: true, NeedsProof: true}
		_, err := w.tryJoin(JoinRequest{Admission: closed})
		wantCode(t, err, wire.CodeSessionNotFound)
		a := w.join(JoinRequest{UserID: "ann"})
		w.join(JoinRequest{Admission: closed})
		for _, token := range []string{"", "x.y"} {
			_, err = w.tryJoin(JoinRequest{ResumeToken: token, Admission: proof})
			wantCode(t, err, wire.CodeBadResumeToken)
		}
		back := w.join(JoinRequest{ResumeToken: a.joined.SessionJoined.ResumeToken, Admission: proof})
		if back.DeviceID() != a.DeviceID() {
			t.Errorf("came back as %s", back.DeviceID())
		}
		_, err = w.tryJoin(JoinRequest{UserID: "ann"})
		wantCode(t, err, wire.CodeUserIDTaken)
		if p := w.join(JoinRequest{Admission: Admission{UserID: "ann"}}); p.UserID() != "ann" {
			t.Errorf("joined as %s", p.UserID())
		}
		_, err = w.tryJoin(JoinRequest{
			ResumeToken: a.joined.SessionJoined.ResumeToken, Admission: Admission{UserID: "eve"},
		})
		wantCode(t, err, wire.CodeBadResumeToken)
	})
}

// TestWatchers act and are no part of takes; a watching device of the leader's hears nothing
// of what is the leader's alone.
func TestWatchers(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann"})
		own := w.join(JoinRequest{UserToken: a.joined.SessionJoined.UserToken, DeviceType: "mobile", Admission: Admission{NoCreate: true, Role: RoleWatcher}})
		if own.IsLeader() || own.joined.SessionJoined.IsLeader || !a.IsLeader() || own.State().Devices[1].Records {
			t.Errorf("the watching device is %+v", own.joined.SessionJoined)
		}
		cmd, err := a.Schedule(w.ctx, ScheduleRequest{Name: "flash"})
		wantCode(t, err, "")
		time.Sleep(time.Second)
		if slices.Contains(a.names(), "command_report") {
			t.Error("a report before the watcher has acted")
		}
		wantCode(t, own.Fired(w.ctx, cmd.CommandID, cmd.Timestamp, false), "")
		if !slices.Contains(a.names(), "command_report") {
			t.Error("no report once the watcher has acted")
		}
		for _, e := range own.heard() {
			if e.Name == "command_report" || e.Name == "sync_status" {
				t.Errorf("the watching device heard %s", e.Name)
			}
		}
		take, err := a.StartRecording(w.ctx, StartRequest{Duration: time.Second})
		wantCode(t, err, "")
		time.Sleep(5 * time.Second)
		if list, _ := w.svc.Recordings(w.ctx, "studio"); len(list) != 0 {
			t.Errorf("a watcher records %s: %+v", take.CommandID, list)
		}
		_ = a.Disconnect(w.ctx)
		time.Sleep(time.Minute)
		if own.IsLeader() {
			t.Error("the watching device leads")
		}
	})
}

// TestRolesAtComingBack: what comes back with nothing but its token is what it was; a key or
// the creator's token says anew what it may.
func TestRolesAtComingBack(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		info, err := w.svc.Create(w.ctx, CreateRequest{CreatorID: "ann"})
		wantCode(t, err, "")
		join := func(q JoinRequest) *part {
			q.SessionID = info.SessionID
			return w.join(q)
		}
		p := join(JoinRequest{UserID: "bob", Admission: Admission{NoCreate: true, Role: RoleMember}})
		for _, c := range []struct {
			token string
			as    Admission
			want  Role
		}{
			{"", Admission{NoCreate: true, NeedsProof: true}, RoleMember},
			{"", Admission{NoCreate: true, Role: RoleWatcher}, RoleWatcher},
			{"", Admission{NoCreate: true, NeedsProof: true}, RoleWatcher},
			{"wrong", Admission{NoCreate: true, NeedsProof: true}, RoleWatcher},
			{info.Token, Admission{NoCreate: true, Role: RoleMember}, ""},
			{"", Admission{NoCreate: true, NeedsProof: true}, ""},
		} {
			p = join(JoinRequest{ResumeToken: p.joined.SessionJoined.ResumeToken, CreatorToken: c.token, Admission: c.as})
			if p.Role() != c.want || p.joined.SessionJoined.Role != c.want {
				t.Errorf("came back with %+v as %q", c, p.Role())
			}
		}
	})
}
