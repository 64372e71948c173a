package session

import (
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/wire"
)

// TestHandOver: the leader gives the lead away, and takes it back only with a right to.
func TestHandOver(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		info, err := w.svc.Create(w.ctx, CreateRequest{CreatorID: "ann"})
		wantCode(t, err, "")
		join := func(q JoinRequest) *part { q.SessionID = info.SessionID; return w.join(q) }
		a := join(JoinRequest{CreatorToken: info.Token, Username: "Ann"})
		b := join(JoinRequest{UserID: "bob", Username: "Bob"})
		c := join(JoinRequest{UserID: "cy", Admission: Admission{Role: RoleMember}})
		gone := join(JoinRequest{UserID: "gone"})
		_ = gone.Disconnect(w.ctx)
		a.heard()
		wantCode(t, b.HandOver(w.ctx, "bob"), wire.CodeNotLeader)
		wantCode(t, c.HandOver(w.ctx, "cy"), wire.CodeMayNotLead)
		wantCode(t, a.HandOver(w.ctx, "nobody"), wire.CodeUnknownUser)
		wantCode(t, a.HandOver(w.ctx, "gone"), wire.CodeUnknownUser)
		wantCode(t, a.HandOver(w.ctx, "cy"), wire.CodeMayNotLead)
		wantCode(t, a.HandOver(w.ctx, "ann"), "")
		if got := a.names(); len(got) != 0 {
			t.Errorf("what changed nothing was told as %v", got)
		}
		wantCode(t, a.HandOver(w.ctx, "bob"), "")
		events := slices.DeleteFunc(a.heard(), func(e Event) bool { return e.Name == "sync_status" })
		if len(events) != 1 || events[0].Data.(LeadershipChanged).NewLeaderName != "Bob" || !b.IsLeader() || a.IsLeader() {
			t.Errorf("told %+v", events)
		}
		_, err = a.Schedule(w.ctx, ScheduleRequest{Name: "flash"})
		wantCode(t, err, wire.CodeNotLeader)
		wantCode(t, gone.RequestLeadership(w.ctx, info.Token), wire.CodeNotJoined)
		wantCode(t, c.RequestLeadership(w.ctx, info.Token), wire.CodeMayNotLead)
		e := join(JoinRequest{UserID: "eve"})
		wantCode(t, e.RequestLeadership(w.ctx, ""), wire.CodeLeaderConnected)
		wantCode(t, e.RequestLeadership(w.ctx, "wrong"), wire.CodeBadToken)
		wantCode(t, e.RequestLeadership(w.ctx, info.Token), "")
		if !e.IsLeader() {
			t.Error("the creator's token doesn't take the lead")
		}
		wantCode(t, a.RequestLeadership(w.ctx, ""), "")
		if !a.IsLeader() {
			t.Error("the creator doesn't take the lead back")
		}
		admin := join(JoinRequest{UserID: "adm", Admission: Admission{Rules: true}})
		if admin.IsLeader() {
			t.Error("the admin leads without asking")
		}
		wantCode(t, admin.RequestLeadership(w.ctx, ""), "")
		if !admin.IsLeader() {
			t.Error("the admin doesn't get the lead")
		}
	})
}

// TestUpdates: what is changed is told as it is stored; a device changes itself, the leader all.
func TestUpdates(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann", Username: "Ann"})
		b := w.join(JoinRequest{UserID: "bob", Username: "Bob", DeviceType: "mobile", ViewType: "left"})
		id := b.DeviceID()
		a.heard()
		told := func() []any {
			var data []any
			for _, e := range a.heard() {
				if e.Name != "sync_status" {
					data = append(data, e.Data)
				}
			}
			return data
		}
		want := func(what string, err error, expected ...any) {
			t.Helper()
			wantCode(t, err, "")
			if got := told(); !reflect.DeepEqual(got, expected) {
				t.Errorf("%s told %+v, not %+v", what, got, expected)
			}
		}
		now := func() { time.Sleep(time.Second) }
		now()
		want("own view", b.UpdateDevice(w.ctx, DeviceUpdate{ViewType: new("Ru\u0308ck")}), DeviceChanged{DeviceID: id, UserID: "bob", DeviceType: "mobile", ViewType: "Rück", Records: true, Silenced: false, Timestamp: epoch.Add(time.Second)})
		want("the same again", b.UpdateDevice(w.ctx, DeviceUpdate{ViewType: new("Rück")}))
		want("no takes", b.UpdateDevice(w.ctx, DeviceUpdate{Records: new(false)}), DeviceChanged{DeviceID: id, UserID: "bob", DeviceType: "mobile", ViewType: "Rück", Records: false, Silenced: false, Timestamp: epoch.Add(time.Second)})
		now()
		want("silenced", a.UpdateDevice(w.ctx, DeviceUpdate{DeviceID: id, Silenced: new(true), Records: new(true)}),
			DeviceChanged{DeviceID: id, UserID: "bob", DeviceType: "mobile", ViewType: "Rück", Records: true, Silenced: true, Timestamp: epoch.Add(2 * time.Second)})
		want("own name", b.UpdateUser(w.ctx, UserUpdate{Username: new("🏳️‍🌈 Bo"), Avatar: new("/b.png")}), UserChanged{UserID: "bob", Username: "🏳️‍🌈 Bo", Avatar: "/b.png", Timestamp: epoch.Add(2 * time.Second)})
		want("another's name", a.UpdateUser(w.ctx, UserUpdate{UserID: "bob", Username: new("")}), UserChanged{UserID: "bob", Username: "Guest bob", Avatar: "/b.png", Timestamp: epoch.Add(2 * time.Second)})
		now()
		want("the session's name", a.Rename(w.ctx, "Scene 12"), SessionChanged{Name: "Scene 12", Timestamp: epoch.Add(3 * time.Second)})
		want("the session's name from outside", w.svc.Rename(w.ctx, "studio", "Scene 13"), SessionChanged{Name: "Scene 13", Timestamp: epoch.Add(3 * time.Second)})

		wantCode(t, b.UpdateDevice(w.ctx, DeviceUpdate{Silenced: new(false)}), wire.CodeNotLeader)
		wantCode(t, b.UpdateDevice(w.ctx, DeviceUpdate{DeviceID: a.DeviceID(), ViewType: new("x")}), wire.CodeNotLeader)
		wantCode(t, b.UpdateUser(w.ctx, UserUpdate{UserID: "ann", Username: new("x")}), wire.CodeNotLeader)
		wantCode(t, b.Rename(w.ctx, "x"), wire.CodeNotLeader)
		wantCode(t, a.UpdateDevice(w.ctx, DeviceUpdate{DeviceID: "nobody"}), wire.CodeUnknownDevice)
		wantCode(t, a.UpdateUser(w.ctx, UserUpdate{UserID: "nobody"}), wire.CodeUnknownUser)
		wantCode(t, a.UpdateDevice(w.ctx, DeviceUpdate{ViewType: new("a\nb")}), wire.CodeBadViewType)
		wantCode(t, a.UpdateUser(w.ctx, UserUpdate{Username: new("\u202e")}), wire.CodeBadUsername)
		wantCode(t, a.UpdateUser(w.ctx, UserUpdate{Avatar: new(string(make([]byte, 1025)))}), wire.CodeBadAvatar)
		wantCode(t, a.Rename(w.ctx, "\x00"), wire.CodeBadSessionName)
		want("nothing", nil)
		back := w.join(JoinRequest{ResumeToken: b.joined.SessionJoined.ResumeToken, ViewType: "right"})
		want("another view at coming back", nil, DeviceChanged{DeviceID: id, UserID: "bob", DeviceType: "mobile", ViewType: "right", Records: true, Silenced: true, Timestamp: epoch.Add(3 * time.Second)})
		s := back.State()
		if s.Name != "Scene 13" || s.Users[1].Username != "Guest bob" || !s.Devices[1].Silenced || !s.Devices[1].Records {
			t.Errorf("the session is %+v", s)
		}
		list, _ := w.sessions()
		if l := list[0]; l.Name != "Scene 13" || l.LeaderName != "Ann" || l.ConnectedCount != 2 || l.Status != "active" {
			t.Errorf("listed as %+v", l)
		}
	})
}

// TestRemoveDevice: a ghost, a device that is there, the leader's own.
func TestRemoveDevice(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann"})
		ghost := w.join(JoinRequest{UserID: "ghost"})
		_ = ghost.Disconnect(w.ctx)
		b := w.join(JoinRequest{UserID: "bob", DeviceType: "mobile"})
		second := w.join(JoinRequest{UserToken: b.joined.SessionJoined.UserToken})
		a.heard()
		wantCode(t, b.RemoveDevice(w.ctx, a.DeviceID()), wire.CodeNotLeader)
		wantCode(t, a.RemoveDevice(w.ctx, "nobody"), wire.CodeUnknownDevice)
		wantCode(t, a.RemoveDevice(w.ctx, ghost.DeviceID()), "")
		if got := a.names(); !slices.Equal(got, []string{"device_removed"}) {
			t.Errorf("a ghost that is removed is told as %v", got)
		}
		wantCode(t, a.RemoveDevice(w.ctx, b.DeviceID()), "")
		if got := a.names(); !slices.Equal(got, []string{"device_disconnected", "device_removed"}) {
			t.Errorf("a device that is removed is told as %v", got)
		}
		<-b.Done()
		if b.Ending() != Removed {
			t.Errorf("ended by %v", b.Ending())
		}
		wantCode(t, b.Touch(w.ctx), wire.CodeNotJoined)
		wantCode(t, b.Disconnect(w.ctx), "")
		again := w.join(JoinRequest{ResumeToken: b.joined.SessionJoined.ResumeToken})
		if again.DeviceID() == b.DeviceID() || again.UserID() == "bob" {
			t.Errorf("it is back as %s", again.DeviceID())
		}
		a.heard()
		wantCode(t, a.RemoveDevice(w.ctx, second.DeviceID()), "")
		if got := a.names(); !slices.Equal(got, []string{"device_disconnected", "user_left", "device_removed"}) {
			t.Errorf("a user's last device is told as %v", got)
		}
		if s := a.State(); len(s.Users) != 2 || len(s.Devices) != 2 {
			t.Errorf("left are %+v", s)
		}
		wantCode(t, a.RemoveDevice(w.ctx, a.DeviceID()), "")
		synctest.Wait()
		if s := again.State(); len(s.Users) != 1 || s.LeaderID != again.UserID() {
			t.Errorf("after the leader removed itself: %+v", s)
		}
	})
}

// TestEnd: nobody is in it any more, and nothing is left but the name, which is free.
func TestEnd(t *testing.T) {
	store := store.NewMemory()
	bubble(t, Config{Store: store}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann", DeviceType: "mobile"})
		b := w.join(JoinRequest{UserID: "bob"})
		other := w.join(JoinRequest{SessionID: "other"})
		take, err := a.StartRecording(w.ctx, StartRequest{})
		wantCode(t, err, "")
		time.Sleep(time.Second)
		wantCode(t, a.Armed(w.ctx, take.CommandID), "")
		b.heard()
		wantCode(t, b.End(w.ctx), wire.CodeNotLeader)
		wantCode(t, a.End(w.ctx), "")
		for _, p := range []*part{a, b} {
			<-p.Done()
			if p.Ending() != Ended {
				t.Errorf("ended by %v", p.Ending())
			}
			wantCode(t, p.Touch(w.ctx), wire.CodeNotJoined)
			wantCode(t, p.Disconnect(w.ctx), "")
		}
		events := slices.DeleteFunc(b.heard(), func(e Event) bool { return e.Name == "sync_status" })
		if len(events) != 1 || events[0].Data != (SessionEnded{Timestamp: epoch.Add(time.Second)}) {
			t.Errorf("told %+v", events)
		}
		if left, _ := store.List(w.ctx, "s.studio.>"); len(left) != 0 {
			t.Errorf("left are %d entries, %s", len(left), left[0].Key)
		}
		_, err = w.tryJoin(JoinRequest{ResumeToken: a.joined.SessionJoined.ResumeToken, Admission: Admission{NoCreate: true}})
		wantCode(t, err, wire.CodeSessionNotFound)
		wantCode(t, w.svc.End(w.ctx, "studio"), wire.CodeSessionNotFound)
		if fresh := w.join(JoinRequest{UserID: "bob"}); !fresh.IsLeader() || len(fresh.State().Users) != 1 {
			t.Errorf("the next of that name is %+v", fresh.State())
		}
		if other.ended() {
			t.Error("another session ended too")
		}
		wantCode(t, w.svc.End(w.ctx, "other"), "")
		<-other.Done()
	})
}

// TestEndWasCut: an instance that dies while it removes a session leaves none that lives.
func TestEndWasCut(t *testing.T) {
	store := store.NewMemory()
	bubble(t, Config{Store: store, KeepIdle: time.Hour}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann"})
		err := a.room.update(w.ctx, func(s *rules.State, now rules.Instant) ([]rules.Change, error) { return rules.Finish(s, "ann", now) })
		wantCode(t, err, "")
		<-a.Done()
		for _, q := range []JoinRequest{{}, {ResumeToken: a.joined.SessionJoined.ResumeToken}, {CreatorToken: newSecret()}} {
			_, err = w.tryJoin(q)
			wantCode(t, err, wire.CodeSessionNotFound)
		}
		wantCode(t, w.svc.Rename(w.ctx, "studio", "x"), wire.CodeSessionNotFound)
		if list, _ := w.sessions(); len(list) != 0 {
			t.Errorf("listed are %+v", list)
		}
		time.Sleep(time.Hour)
		if left, _ := store.List(w.ctx, "s.>"); len(left) != 0 {
			t.Errorf("left are %d entries", len(left))
		}
	})
}

// TestRemovalWasCut: whoever has to do with the session next brings it to its end.
func TestRemovalWasCut(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann"})
		b := w.join(JoinRequest{UserID: "bob"})
		err := a.room.update(w.ctx, func(s *rules.State, now rules.Instant) ([]rules.Change, error) {
			return rules.RemoveDevice(s, "ann", b.DeviceID(), now)
		})
		wantCode(t, err, "")
		synctest.Wait()
		if s := a.State(); len(s.Users) != 1 || b.Ending() != Removed {
			t.Errorf("left are %+v", s)
		}
	})
}
