package session

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/wire"
)

// recorded is a session of ann, who leads it, a camera that has recorded, and somebody else.
func (w *world) recorded(other string) (leader, camera, third *part) {
	w.t.Helper()
	leader = w.join(JoinRequest{UserID: "ann"})
	camera = w.join(JoinRequest{UserID: "cam", DeviceType: "mobile"})
	third = w.join(JoinRequest{UserID: other})
	_, err := leader.StartRecording(w.ctx, StartRequest{Duration: time.Second})
	wantCode(w.t, err, "")
	time.Sleep(time.Minute)
	return leader, camera, third
}

// TestStrangersDontFillASession: whoever joins anew each time makes room for the next one; who was there for
// longer, or recorded, or leads, is remembered, whatever the strangers do.
func TestStrangersDontFillASession(t *testing.T) {
	bubble(t, Config{MaxDevices: 4, MinLead: 100 * time.Millisecond}, func(w *world) {
		leader, camera, watcher := w.recorded("wat")
		for _, p := range []*part{camera, watcher, leader} {
			wantCode(t, p.Disconnect(w.ctx), "")
		}
		for range 10 * rules.RememberedDevices {
			p := w.join(JoinRequest{})
			time.Sleep(time.Millisecond)
			wantCode(t, p.Disconnect(w.ctx), "")
		}
		for _, p := range []*part{camera, watcher, leader} {
			back := w.join(JoinRequest{ResumeToken: p.joined.SessionJoined.ResumeToken})
			if back.DeviceID() != p.DeviceID() {
				t.Errorf("%s is somebody else now", p.UserID())
			}
		}
		if n := len(leader.State().Devices); n > 4*rules.RememberedDevices {
			t.Errorf("%d devices are remembered", n)
		}
	})
}

// TestConnectedStrangers: who stays connected takes no place from anybody, and keeps none from who can
// remove it.
func TestConnectedStrangers(t *testing.T) {
	bubble(t, Config{MaxDevices: 3}, func(w *world) {
		info, err := w.svc.Create(w.ctx, CreateRequest{CreatorID: "ann"})
		wantCode(t, err, "")
		var strangers []*part
		for range 3 {
			strangers = append(strangers, w.join(JoinRequest{SessionID: info.SessionID}))
		}
		_, err = w.tryJoin(JoinRequest{SessionID: info.SessionID})
		wantCode(t, err, wire.CodeSessionFull)
		admin := w.join(JoinRequest{SessionID: info.SessionID, Admission: Admission{Rules: true}})
		creator := w.join(JoinRequest{SessionID: info.SessionID, CreatorToken: info.Token})
		for _, p := range strangers {
			wantCode(t, creator.RemoveDevice(w.ctx, p.DeviceID()), "")
		}
		w.join(JoinRequest{SessionID: info.SessionID})
		for range rules.KeptPlaces { // there is an end to those as well
			w.join(JoinRequest{SessionID: info.SessionID, Admission: Admission{Rules: true}})
		}
		_, err = w.tryJoin(JoinRequest{SessionID: info.SessionID, Admission: Admission{Rules: true}})
		wantCode(t, err, wire.CodeSessionFull)
		if !creator.IsLeader() || admin.IsLeader() {
			t.Error("the creator doesn't lead")
		}
	})
}

// TestRemoveAbsent: the leader empties the session of those who are away, of all of them or of those who did
// nothing; connected ones, the leader and the recordings stay.
func TestRemoveAbsent(t *testing.T) {
	bubble(t, Config{MaxDevices: 200, MinLead: 100 * time.Millisecond}, func(w *world) {
		leader, camera, there := w.recorded("there")
		wantCode(t, camera.Disconnect(w.ctx), "")
		for i := range 2*rules.MaxEvicted + 5 {
			p := w.join(JoinRequest{UserID: fmt.Sprintf("guest%d", i)})
			wantCode(t, p.Disconnect(w.ctx), "")
		}
		wantCode(t, there.RemoveAbsent(w.ctx, true), wire.CodeNotLeader)
		wantCode(t, leader.RemoveAbsent(w.ctx, false), "")
		if got := devicesIn(leader); !slices.Equal(got, []string{"ann", "cam", "there"}) {
			t.Errorf("there are %v", got)
		}
		leader.heard()
		wantCode(t, leader.RemoveAbsent(w.ctx, true), "")
		if got := leader.names(); !slices.Contains(got, "device_removed") {
			t.Errorf("told %v", got)
		}
		if got := devicesIn(leader); !slices.Equal(got, []string{"ann", "there"}) {
			t.Errorf("there are %v", got)
		}
		list, err := w.svc.Recordings(w.ctx, leader.State().SessionID)
		if err != nil || len(list) != 1 {
			t.Errorf("recordings: %v, %v", list, err)
		}
	})
}

func devicesIn(p *part) (users []string) {
	for _, d := range p.State().Devices {
		users = append(users, d.UserID)
	}
	slices.Sort(users)
	return users
}

// TestLeadIsKeptForAWhile: while the leader may come back nobody takes the lead by asking or by joining, on
// whichever instance; the leader has it back by its resumeToken. Only the creator's proof takes it at once.
func TestLeadIsKeptForAWhile(t *testing.T) {
	store := store.NewMemory()
	bubble(t, Config{Store: store}, func(w *world) {
		info, err := w.svc.Create(w.ctx, CreateRequest{CreatorID: "eve"})
		wantCode(t, err, "")
		a := w.join(JoinRequest{SessionID: info.SessionID, UserID: "ann", Admission: Admission{Role: RoleLeader}})
		if !a.IsLeader() {
			t.Fatal("who may lead doesn't, though nobody else ever came")
		}
		b := w.join(JoinRequest{SessionID: info.SessionID, UserID: "bob"})
		wantCode(t, a.Disconnect(w.ctx), "")
		for range 99 {
			time.Sleep(100 * time.Millisecond)
			wantCode(t, b.RequestLeadership(w.ctx, ""), "")
		}
		director := w.join(JoinRequest{SessionID: info.SessionID, Admission: Admission{Role: RoleLeader}})
		if director.IsLeader() || b.IsLeader() {
			t.Error("the lead was taken within 10 s")
		}
		a = w.join(JoinRequest{SessionID: info.SessionID, ResumeToken: a.joined.SessionJoined.ResumeToken})
		if !a.IsLeader() {
			t.Error("the leader who is back doesn't lead")
		}
		wantCode(t, a.Disconnect(w.ctx), "")
		time.Sleep(10*time.Second + time.Millisecond)
		if !b.IsLeader() {
			t.Error("after 10 s the longest joined doesn't lead") // what was asked while ann was away before is over
		}
		wantCode(t, b.Leave(w.ctx), "") // on purpose: no grace
		if !director.IsLeader() {
			t.Error("after the leader left nobody leads")
		}
		wantCode(t, director.Disconnect(w.ctx), "")
		creator := w.join(JoinRequest{SessionID: info.SessionID, CreatorToken: info.Token})
		if !creator.IsLeader() {
			t.Error("the creator's proof doesn't count")
		}
	})
}

// TestWhoAsksLeadsNext: of those who are there the first who asked leads once the leader has been away for long enough,
// be others longer in the session.
func TestWhoAsksLeadsNext(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann"})
		b := w.join(JoinRequest{UserID: "bob", DeviceType: "mobile"})
		time.Sleep(time.Second)
		c, d := w.join(JoinRequest{UserID: "cy"}), w.join(JoinRequest{UserID: "dan"})
		wantCode(t, c.RequestLeadership(w.ctx, ""), wire.CodeLeaderConnected)
		wantCode(t, a.Disconnect(w.ctx), "")
		time.Sleep(time.Second)
		wantCode(t, c.RequestLeadership(w.ctx, ""), "")
		wantCode(t, d.RequestLeadership(w.ctx, ""), "")
		time.Sleep(9*time.Second - time.Millisecond)
		if b.IsLeader() || c.IsLeader() || d.IsLeader() {
			t.Error("somebody leads too soon")
		}
		time.Sleep(2 * time.Millisecond)
		if !c.IsLeader() {
			t.Error("who asked first doesn't lead")
		}
	})
}
