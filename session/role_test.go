package session

import (
	"testing"
	"time"
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
		wantCode(t, b.RequestLeadership(w.ctx), CodeMayNotLead)
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
		wantCode(t, err, CodeMayNotLead)
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
		wantCode(t, err, CodeSessionNotFound)
		a := w.join(JoinRequest{UserID: "ann"})
		w.join(JoinRequest{Admission: closed})
		for _, token := range []string{"", "x.y"} {
			_, err = w.tryJoin(JoinRequest{ResumeToken: token, Admission: proof})
			wantCode(t, err, CodeBadResumeToken)
		}
		back := w.join(JoinRequest{ResumeToken: a.joined.SessionJoined.ResumeToken, Admission: proof})
		if back.DeviceID() != a.DeviceID() {
			t.Errorf("came back as %s", back.DeviceID())
		}
		_, err = w.tryJoin(JoinRequest{UserID: "ann"})
		wantCode(t, err, CodeUserIDTaken)
		if p := w.join(JoinRequest{Admission: Admission{UserID: "ann"}}); p.UserID() != "ann" {
			t.Errorf("joined as %s", p.UserID())
		}
		_, err = w.tryJoin(JoinRequest{
			ResumeToken: a.joined.SessionJoined.ResumeToken, Admission: Admission{UserID: "eve"},
		})
		wantCode(t, err, CodeBadResumeToken)
	})
}
