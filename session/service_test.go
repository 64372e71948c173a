package session

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/wire"
)

func TestJoinedObjects(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		p := w.join(JoinRequest{UserID: "ann", Username: "Ann", DeviceType: "mobile", ViewType: "front"})
		token := p.joined.SessionJoined.ResumeToken
		got, err := json.Marshal(p.joined.SessionJoined)
		if err != nil {
			t.Fatal(err)
		}
		want := `{"sessionId":"studio","userId":"ann","deviceId":"id01","isLeader":true,"resumeToken":"` + token + `",` +
			`"userToken":"` + p.joined.SessionJoined.UserToken + `",` +
			`"session":{"sessionId":"studio","name":"","creatorId":"ann","leaderId":"ann","status":"active","users":[{"id":"ann","username":"Ann",` +
			`"avatar":"","joinedAt":"2000-01-01T00:00:00.000Z","lastSeen":946684800000,"isConnected":true,"isLeader":true}],` +
			`"devices":[{"deviceId":"id01","userId":"ann","deviceType":"mobile","viewType":"front","isConnected":true,"records":true,"silenced":false,"camera":null}],` +
			`"playbackState":{"mediaUrl":"","mediaId":"","position":0,"isPlaying":false,"lastUpdateTime":0,"playbackRate":1,"loop":false,"mediaDuration":0},"take":null,"camera":null,` +
			`"createdAt":"2000-01-01T00:00:00.000Z","lastActivity":946684800000,"userCount":1}}`
		if string(got) != want {
			t.Errorf("session_joined\n got %s\nwant %s", got, want)
		}
		got, err = json.Marshal(p.joined.JoinedSession)
		if err != nil {
			t.Fatal(err)
		}
		if want := `{"success":true,"deviceId":"id01","session":{"id":"studio","status":"active"},"timestamp":946684800000}`; string(got) != want {
			t.Errorf("joined_session\n got %s\nwant %s", got, want)
		}
		if q := w.join(JoinRequest{}); q.joined.JoinedSession != nil || q.joined.SessionJoined.IsLeader {
			t.Errorf("a user got %+v", q.joined)
		}
	})
}

func TestLeaderGoneAndBack(t *testing.T) {
	bubble(t, Config{LeaderGrace: 7 * time.Second}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann"})
		time.Sleep(time.Second)
		b := w.join(JoinRequest{UserID: "bob"})
		c := w.join(JoinRequest{UserID: "cy"})
		b.heard()
		if err := a.Disconnect(w.ctx); err != nil {
			t.Error(err)
		}
		wantCode(t, a.Touch(w.ctx), wire.CodeNotJoined)
		time.Sleep(7*time.Second - time.Microsecond)
		if got := b.names(); !slices.Equal(got, []string{"user_joined", "device_joined", "device_disconnected", "user_left"}) &&
			!slices.Equal(got, []string{"device_disconnected", "user_left"}) {
			t.Errorf("within the grace period bob heard %v", got)
		}
		time.Sleep(time.Microsecond)
		events := slices.DeleteFunc(b.heard(), func(e Event) bool { return e.Name == "sync_status" })
		want := LeadershipChanged{NewLeaderID: "bob", NewLeaderName: "Guest bob", Timestamp: epoch.Add(8 * time.Second)}
		if len(events) != 1 || events[0].Data != want {
			t.Errorf("bob heard %v", events)
		}
		if !b.IsLeader() || c.IsLeader() {
			t.Error("the wrong one leads")
		}
		token := a.joined.SessionJoined.ResumeToken
		back := w.join(JoinRequest{ResumeToken: token})
		if back.DeviceID() != a.DeviceID() || back.UserID() != "ann" || back.IsLeader() {
			t.Errorf("ann is back as %s on %s", back.UserID(), back.DeviceID())
		}
		wantCode(t, back.RequestLeadership(w.ctx, ""), wire.CodeLeaderConnected)
		if err := b.Leave(w.ctx); err != nil {
			t.Error(err)
		}
		if !back.IsLeader() {
			t.Error("ann, who joined first, doesn't lead after bob has left")
		}
		if snap := c.State(); snap.UserCount != 2 || snap.LeaderID != "ann" {
			t.Errorf("state %+v", snap)
		}
	})
}

func TestTakeover(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann"})
		again := w.join(JoinRequest{ResumeToken: a.joined.SessionJoined.ResumeToken})
		select {
		case <-a.Done():
		default:
			t.Error("the old connection doesn't know that it is over")
		}
		if err := a.Disconnect(w.ctx); err != nil { // as its owner will, when it notices
			t.Error(err)
		}
		if !again.State().Users[0].IsConnected || !again.IsLeader() {
			t.Error("the old connection's end disconnected the new one")
		}
	})
}

func TestReportTimes(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann", DeviceType: "desktop"})
		b := w.join(JoinRequest{UserID: "bob", DeviceType: "mobile"})
		cmd, err := a.Schedule(w.ctx, ScheduleRequest{Name: "flash"})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Fired(w.ctx, cmd.CommandID, cmd.Timestamp, false); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100*time.Millisecond + 2*time.Second - time.Microsecond)
		for _, e := range a.heard() {
			if e.Name == "command_report" {
				t.Error("a report before bob has had his time")
			}
		}
		time.Sleep(time.Microsecond)
		events := a.heard()
		if len(events) != 1 || len(events[0].Data.(Report).Devices) != 2 {
			t.Fatalf("at the report's time: %v", events)
		}
		time.Sleep(5 * time.Second)
		a.heard()
		// A late word gives the report anew, at once; the next only a while later.
		if err := b.Armed(w.ctx, cmd.CommandID); err != nil {
			t.Error(err)
		}
		if got := a.names(); !slices.Equal(got, []string{"command_report"}) {
			t.Errorf("after a late word: %v", got)
		}
		if err := b.Fired(w.ctx, cmd.CommandID, cmd.Timestamp.Add(time.Second), true); err != nil {
			t.Error(err)
		}
		if got := a.names(); len(got) != 0 {
			t.Errorf("right after that: %v", got)
		}
		time.Sleep(reportEvery)
		if got := a.names(); !slices.Equal(got, []string{"command_report"}) {
			t.Errorf("in the end: %v", got)
		}
		rep, err := w.svc.Report(w.ctx, "studio", cmd.CommandID)
		if err != nil || *rep.SpreadMs != 1000 || !rep.Devices[1].Late {
			t.Errorf("report %+v, %v", rep, err)
		}
		if got := b.names(); !slices.Equal(got, []string{"command"}) {
			t.Errorf("bob, who doesn't lead, heard %v", got)
		}
	})
}

func TestReportWhenTheMissingDeviceGoes(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann", DeviceType: "desktop"})
		b := w.join(JoinRequest{UserID: "bob", DeviceType: "mobile"})
		a.heard()
		cmd, _ := a.Schedule(w.ctx, ScheduleRequest{Name: "flash"})
		_ = a.Fired(w.ctx, cmd.CommandID, cmd.Timestamp, false)
		_ = b.Disconnect(w.ctx)
		if got, want := a.names(), []string{"command", "device_disconnected", "user_left", "command_report"}; !slices.Equal(got, want) {
			t.Errorf("heard %v, want %v", got, want)
		}
	})
}

func TestRecordingWithDuration(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann"})
		b := w.join(JoinRequest{UserID: "bob", DeviceType: "mobile"})
		a.heard()
		take, err := a.StartRecording(w.ctx, StartRequest{PostureLabel: "plank", Duration: 3 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		start := b.heard()[0].Data.(StartRecording)
		if start.RecordingID == "" || start.Duration != 3000 || start.Timestamp != epoch.Add(100*time.Millisecond) {
			t.Errorf("bob got %+v", start)
		}
		if own := a.heard()[0].Data.(StartRecording); own.RecordingID != "" {
			t.Errorf("ann, who doesn't record, got %+v", own)
		}
		if a.State().Status != "recording" {
			t.Error("the session isn't recording")
		}
		if err := b.RecordingStarted(w.ctx, start.RecordingID, start.Timestamp, time.Millisecond); err != nil {
			t.Error(err)
		}
		time.Sleep(3*time.Second - time.Microsecond)
		if got := b.heard(); len(got) != 0 {
			t.Errorf("before the stop is due bob heard %v", got)
		}
		time.Sleep(time.Microsecond)
		stop := b.heard()
		want := StopRecording{CommandID: take.CommandID + "-stop", Timestamp: take.Timestamp.Add(3 * time.Second)}
		if len(stop) != 1 || stop[0].Data != want {
			t.Errorf("bob heard %v, want %v", stop, want)
		}
		time.Sleep(time.Second)
		if _, err := a.StopRecording(w.ctx); codeOf(err) != wire.CodeNotRecording {
			t.Errorf("stopping again: %v", err)
		}
	})
}

func TestStopComesLateWhenNobodyWasThere(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann", DeviceType: "mobile"})
		if _, err := a.StartRecording(w.ctx, StartRequest{Duration: 2 * time.Second}); err != nil {
			t.Fatal(err)
		}
		_ = a.Disconnect(w.ctx)
		time.Sleep(3 * time.Second)
		back := w.join(JoinRequest{ResumeToken: a.joined.SessionJoined.ResumeToken})
		events := back.heard()
		if len(events) != 1 || events[0].Name != "stop_recording" || events[0].Data.(StopRecording).Timestamp != epoch.Add(2100*time.Millisecond) {
			t.Errorf("back, ann heard %v", events)
		}
	})
}

func TestCatchUp(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann"})
		b := w.join(JoinRequest{UserID: "bob", DeviceType: "mobile"})
		_ = b.Disconnect(w.ctx)
		at := epoch.Add(time.Second)
		if _, err := a.Schedule(w.ctx, ScheduleRequest{Name: "flash", At: &at}); err != nil {
			t.Fatal(err)
		}
		early := w.join(JoinRequest{UserID: "early"})
		time.Sleep(1900 * time.Millisecond)
		late := w.join(JoinRequest{UserID: "late"})
		back := w.join(JoinRequest{ResumeToken: b.joined.SessionJoined.ResumeToken})
		for _, c := range []struct {
			who  string
			p    *part
			want bool
		}{
			{"one who joins before the instant", early, true},
			{"one who joins after it", late, false},
			{"one who is back shortly after it", back, true},
		} {
			if got := slices.Contains(c.p.names(), "command"); got != c.want {
				t.Errorf("%s is told: %v", c.who, got)
			}
		}
	})
}

// TestStopIsToldLate: a device that was away when the take was stopped doesn't
// record for ever.
func TestStopIsToldLate(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann"})
		b := w.join(JoinRequest{UserID: "bob", DeviceType: "mobile"})
		_, err := a.StartRecording(w.ctx, StartRequest{})
		wantCode(t, err, "")
		time.Sleep(time.Second)
		wantCode(t, b.RecordingStarted(w.ctx, b.recordingID(), a.svc.cfg.Now(), 0), "")
		recording := b.recordingID()
		wantCode(t, b.Disconnect(w.ctx), "")
		_, err = a.StopRecording(w.ctx)
		wantCode(t, err, "")
		time.Sleep(time.Hour)
		back := func() (*part, []string) {
			p := w.join(JoinRequest{ResumeToken: b.joined.SessionJoined.ResumeToken})
			return p, p.names()
		}
		if _, told := back(); !slices.Equal(told, []string{"stop_recording"}) {
			t.Errorf("an hour later it is told %v", told)
		}
		p, told := back()
		if !slices.Equal(told, []string{"stop_recording"}) {
			t.Errorf("not having acted it is told %v", told)
		}
		wantCode(t, p.RecordingStopped(w.ctx, recording, a.svc.cfg.Now(), 0), "")
		if _, told := back(); len(told) != 0 {
			t.Errorf("having stopped it is told %v", told)
		}
	})
}

func TestSyncStatus(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann"})
		b := w.join(JoinRequest{UserID: "bob", DeviceType: "native"})
		w.know(b.DeviceID(), 2*time.Millisecond, 300*time.Microsecond, 40*time.Microsecond)
		time.Sleep(3500 * time.Millisecond)
		events := a.heard()
		status := []SyncStatus{}
		for _, e := range events {
			if s, ok := e.Data.(SyncStatus); ok {
				status = append(status, s)
			}
		}
		if len(status) != 3 || status[0].Timestamp != epoch.Add(time.Second) || status[2].Timestamp != epoch.Add(3*time.Second) {
			t.Fatalf("ann heard %v", events)
		}
		got, err := json.Marshal(status[2].Devices)
		if err != nil {
			t.Fatal(err)
		}
		want := `[{"deviceId":"id01","offsetMs":0,"boundMs":0,"hardMs":0,"sharedMs":0,"delayMs":0,"jitterMs":0,"skewPpm":0,"path":"","state":"unsynced","hidden":false,"leadMs":0,"leftBehind":[],"desync":null,"status":null},` +
			`{"deviceId":"id03","offsetMs":0,"boundMs":0.04,"hardMs":0,"sharedMs":0,"delayMs":2,"jitterMs":0.3,"skewPpm":0,"path":"udp","state":"tracking","hidden":false,"leadMs":4.6,"leftBehind":[],"desync":null,"status":null}]`
		if string(got) != want {
			t.Errorf("devices\n got %s\nwant %s", got, want)
		}
		if n := len(b.heard()); n != 0 {
			t.Errorf("bob, who doesn't lead, heard %d events", n)
		}
	})
}

func TestPlaybackIsTold(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann"})
		b := w.join(JoinRequest{UserID: "bob"})
		if err := a.LoadMedia(w.ctx, LoadRequest{MediaURL: "/film.mp4", MediaID: "f", MediaTitle: "Film", MediaDuration: 90}); err != nil {
			t.Fatal(err)
		}
		cmd, err := a.SyncPlayback(w.ctx, PlaybackRequest{IsPlaying: true, Position: new(30.0)})
		if err != nil {
			t.Fatal(err)
		}
		events := b.heard()
		if len(events) != 2 || events[0].Data.(MediaLoaded).MediaTitle != "Film" {
			t.Fatalf("bob heard %v", events)
		}
		want := PlaybackSync{
			PlaybackState: rules.PlaybackState{MediaURL: "/film.mp4", MediaID: "f", Position: 30, IsPlaying: true, LastUpdateTime: cmd.Timestamp, PlaybackRate: 1, Loop: false, MediaDuration: 90}, Timestamp: cmd.Timestamp, LeaderID: "ann", CommandID: cmd.CommandID,
		}
		if !reflect.DeepEqual(events[1].Data, want) {
			t.Errorf("bob heard %+v, want %+v", events[1].Data, want)
		}
		time.Sleep(10*time.Second + 100*time.Millisecond)
		d, err := b.Desync(12, epoch)
		if err != nil || d.AuthoritativeState.Position != 40 || !d.AuthoritativeState.IsPlaying {
			t.Errorf("recovery %+v, %v", d, err)
		}
	})
}

func TestRESTAndLimits(t *testing.T) {
	bubble(t, Config{MaxSessions: 2, MaxDevices: 2}, func(w *world) {
		info, err := w.svc.Create(w.ctx, CreateRequest{CreatorID: "ann", CreatorName: "Ann"})
		if err != nil || info.CreatorID != "ann" || info.Token == "" {
			t.Fatalf("created %+v, %v", info, err)
		}
		a := w.join(JoinRequest{SessionID: info.SessionID, CreatorToken: info.Token})
		if a.UserID() != "ann" || !a.IsLeader() {
			t.Errorf("the creator joined as %s", a.UserID())
		}
		w.join(JoinRequest{SessionID: "other"})
		_, err = w.tryJoin(JoinRequest{SessionID: "third"})
		wantCode(t, err, wire.CodeTooManySessions)
		_, err = w.svc.Create(w.ctx, CreateRequest{})
		wantCode(t, err, wire.CodeTooManySessions)
		w.join(JoinRequest{SessionID: "other"})
		_, err = w.tryJoin(JoinRequest{SessionID: "other"})
		wantCode(t, err, wire.CodeSessionFull)

		list, err := w.sessions()
		if err != nil || len(list) != 2 || list[0].UserCount+list[1].UserCount != 3 {
			t.Errorf("list %+v, %v", list, err)
		}
		_, err = w.svc.Snapshot(w.ctx, "third")
		wantCode(t, err, wire.CodeSessionNotFound)
		_, err = w.svc.Snapshot(w.ctx, "../x")
		wantCode(t, err, wire.CodeBadSessionID)
		snap, err := w.svc.Snapshot(w.ctx, "other")
		if err != nil || len(snap.Devices) != 2 {
			t.Errorf("snapshot %+v, %v", snap, err)
		}
		cmd, err := w.svc.Schedule(w.ctx, "other", ScheduleRequest{Name: "flash"})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.svc.Cancel(w.ctx, "other", cmd.CommandID); err != nil {
			t.Error(err)
		}
		_, err = w.svc.Report(w.ctx, "other", "none")
		wantCode(t, err, wire.CodeUnknownCommand)
		if devices, err := w.svc.Sync(w.ctx, "other"); err != nil || len(devices) != 2 {
			t.Errorf("sync %+v, %v", devices, err)
		}
	})
}

// TestWhoComesDuringTheRemoval: a session that is being removed stays, or is made anew, for
// one who comes at that moment.
func TestWhoComesDuringTheRemoval(t *testing.T) {
	for name, come := range map[string]func(w *world, st *rules.State, ann *part) *part{
		"back": func(w *world, st *rules.State, ann *part) *part {
			p := w.join(JoinRequest{ResumeToken: ann.joined.SessionJoined.ResumeToken})
			wantCode(w.t, w.svc.remove(w.ctx, st), "")
			if !p.joined.SessionJoined.IsLeader || len(p.State().Users) != 1 {
				w.t.Errorf("ann is back in %+v", p.State())
			}
			return p
		},
		"anew": func(w *world, st *rules.State, _ *part) *part {
			p := w.join(JoinRequest{UserID: "bob"})
			wantCode(w.t, w.svc.remove(w.ctx, st), "")
			return p
		},
		"too late to be seen": func(w *world, st *rules.State, _ *part) *part {
			p := w.join(JoinRequest{UserID: "bob"})
			_, whole, _ := st.Parts()
			_, err := w.svc.cfg.Store.Delete(w.ctx, whole, st.Revisions[whole])
			wantCode(w.t, err, "")
			return p
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, Config{}, func(w *world) {
				ann := w.join(JoinRequest{UserID: "ann"})
				wantCode(t, ann.Disconnect(w.ctx), "")
				states, err := w.svc.load(w.ctx, "s.>")
				wantCode(t, err, "")
				p := come(w, states["studio"], ann)
				time.Sleep(w.svc.cfg.LeaderGrace + time.Second)
				_, err = p.Schedule(w.ctx, ScheduleRequest{Name: "flash"})
				wantCode(t, err, "")
			})
		})
	}
}

// TestOnlyCamerasComeDuringTheRemoval: the session is made anew of them too, and the lead
// waits for one who may have it.
func TestOnlyCamerasComeDuringTheRemoval(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		info, err := w.svc.Create(w.ctx, CreateRequest{CreatorID: "ann"})
		wantCode(t, err, "")
		cam := w.join(JoinRequest{SessionID: info.SessionID, UserID: "cam", DeviceType: "mobile", Admission: Admission{NoCreate: true, Role: RoleMember}})
		whole := rules.KeyOf(info.SessionID, rules.KindMeta)
		e, err := w.svc.cfg.Store.Get(w.ctx, whole)
		wantCode(t, err, "")
		_, err = w.svc.cfg.Store.Delete(w.ctx, whole, e.Revision)
		wantCode(t, err, "")
		time.Sleep(time.Minute)
		if s := cam.State(); len(s.Devices) != 1 || cam.IsLeader() {
			t.Errorf("it is %+v", s)
		}
		ann := w.join(JoinRequest{SessionID: info.SessionID, UserID: "ann", CreatorToken: info.Token})
		if !ann.IsLeader() || len(ann.State().Devices) != 2 {
			t.Errorf("the creator is in %+v", ann.State())
		}
	})
}

func TestIdleSessionsAreRemoved(t *testing.T) {
	store := store.NewMemory()
	bubble(t, Config{Store: store}, func(w *world) {
		_ = w.join(JoinRequest{SessionID: "idle", UserID: "ann"}).Disconnect(w.ctx)
		stuck := w.join(JoinRequest{SessionID: "stuck", UserID: "cy"}) // never says a word
		busy := w.join(JoinRequest{SessionID: "busy", UserID: "bob"})
		for range 25 {
			time.Sleep(time.Hour)
			if err := busy.Touch(w.ctx); err != nil {
				t.Error(err)
			}
		}
		synctest.Wait()
		list, err := w.sessions()
		if err != nil || len(list) != 1 || list[0].SessionID != "busy" {
			t.Errorf("left are %+v, %v", list, err)
		}
		if left, err := store.List(w.ctx, "s.idle.>"); err != nil || len(left) != 0 {
			t.Errorf("left of the idle one: %v, %v", left, err)
		}
		if snap := stuck.State(); snap.UserCount != 0 {
			t.Errorf("the removed session has %+v", snap)
		}
		wantCode(t, stuck.Touch(w.ctx), wire.CodeNotJoined)
		w.join(JoinRequest{SessionID: "idle", UserID: "ann"})
	})
}

func TestTwoInstancesAreOne(t *testing.T) {
	store := store.NewMemory()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var services [2]*Service
		for i := range services {
			services[i], _ = New(Config{Store: store})
			go func() { _ = services[i].Run(ctx) }()
		}
		a := &part{w: &world{t: t}}
		b := &part{w: a.w}
		var err error
		if a.Member, a.joined, err = services[0].Join(ctx, JoinRequest{SessionID: "s", UserID: "ann", DeviceType: "mobile"}, a.hear); err != nil {
			t.Fatal(err)
		}
		if b.Member, b.joined, err = services[1].Join(ctx, JoinRequest{SessionID: "s", UserID: "bob", DeviceType: "mobile"}, b.hear); err != nil {
			t.Fatal(err)
		}
		cmd, err := a.Schedule(ctx, ScheduleRequest{Name: "flash"})
		if err != nil {
			t.Fatal(err)
		}
		if got := b.names(); !slices.Equal(got, []string{"command"}) {
			t.Errorf("bob heard %v", got)
		}
		_ = b.Fired(ctx, cmd.CommandID, cmd.Timestamp, false)
		_ = a.Fired(ctx, cmd.CommandID, cmd.Timestamp, false)
		time.Sleep(sayWithin)
		if got := a.names(); !slices.Equal(got, []string{"user_joined", "device_joined", "command", "command_report"}) {
			t.Errorf("ann heard %v", got)
		}
		// A device of one instance comes back on the other.
		c, joined, err := services[1].Join(ctx, JoinRequest{SessionID: "s", ResumeToken: a.joined.SessionJoined.ResumeToken}, func(Event) {})
		if err != nil || c.DeviceID() != a.DeviceID() || !joined.SessionJoined.IsLeader {
			t.Errorf("ann came back as %+v, %v", joined.SessionJoined, err)
		}
		synctest.Wait()
		select {
		case <-a.Done():
		default:
			t.Error("her old connection doesn't know")
		}
		stop()
		synctest.Wait()
	})
}

// deafStore takes no changes while it is shut.
type deafStore struct {
	*store.Memory
	shut atomic.Bool
}

func (s *deafStore) Put(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	if s.shut.Load() {
		return 0, context.DeadlineExceeded
	}
	return s.Memory.Put(ctx, key, value, revision)
}

func TestStoreAway(t *testing.T) {
	store := &deafStore{Memory: store.NewMemory()}
	bubble(t, Config{Store: store}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann"})
		b := w.join(JoinRequest{UserID: "bob"})
		store.shut.Store(true)
		_, err := a.Schedule(w.ctx, ScheduleRequest{Name: "flash"})
		wantCode(t, err, wire.CodeUnavailable)
		wantCode(t, b.Disconnect(w.ctx), wire.CodeUnavailable)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		store.shut.Store(false)
		time.Sleep(dueRetry)
		synctest.Wait()
		if snap := a.State(); snap.Users[1].IsConnected {
			t.Error("bob is thought to be connected for ever")
		}
	})
}

func TestConfigRefused(t *testing.T) {
	for _, cfg := range []Config{
		{MinLead: -1}, {MaxLead: time.Millisecond}, {LeaderGrace: -1}, {ReportWait: -1}, {MaxDevices: -1}, {MaxSessions: -1},
	} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%+v is accepted", cfg)
		}
	}
}

func TestEndedServiceSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, err := New(Config{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		_, _, err = svc.Join(ctx, JoinRequest{SessionID: "s"}, func(Event) {})
		wantCode(t, err, wire.CodeUnavailable)
		stop()
		if err := svc.Run(ctx); err != nil {
			t.Error(err)
		}
		if err := svc.Run(ctx); err == nil {
			t.Error("it runs twice")
		}
		_, _, err = svc.Join(t.Context(), JoinRequest{SessionID: "s"}, func(Event) {})
		wantCode(t, err, wire.CodeUnavailable)
		if err == nil || !strings.Contains(err.Error(), "ended") {
			t.Errorf("got %v", err)
		}
	})
}
