package session

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/wire"
)

// recorder starts an open take and returns its id and the devices' recordings.
func (w *world) open(leader *part, devices ...*part) (takeID string, ids []string) {
	w.t.Helper()
	cmd, err := leader.StartRecording(w.ctx, StartRequest{PostureLabel: "plank"})
	if err != nil {
		w.t.Fatal(err)
	}
	time.Sleep(time.Second)
	for _, d := range devices {
		ids = append(ids, rules.RecordingID(cmd.CommandID, d.DeviceID()))
	}
	return cmd.CommandID, ids
}

// stop ends the take that is under way.
func (w *world) stop(leader *part) {
	w.t.Helper()
	if _, err := leader.StopRecording(w.ctx); err != nil {
		w.t.Fatal(err)
	}
	time.Sleep(time.Second)
}

// changes returns the take_changed among what was heard since the last call.
func (p *part) changes() (list []TakeChanged) {
	for _, e := range p.heard() {
		if c, ok := e.Data.(TakeChanged); ok {
			list = append(list, c)
		}
	}
	return list
}

// TestChangeTake: label, mark and note of a take, while it is scheduled and long after it.
func TestChangeTake(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann", DeviceType: "desktop"})
		cmd, err := a.StartRecording(w.ctx, StartRequest{PostureLabel: "plank", Duration: time.Second, Delay: new(time.Minute)})
		if err != nil {
			t.Fatal(err)
		}
		change := func(q TakeChange) TakeChanged {
			t.Helper()
			c, err := w.svc.ChangeTake(w.ctx, "studio", cmd.CommandID, q)
			if err != nil {
				t.Error(err)
			}
			return c
		}
		change(TakeChange{PostureLabel: new("squat")})
		if take := a.State().Take; take.PostureLabel != "squat" {
			t.Errorf("the take is called %s", take.PostureLabel)
		}
		time.Sleep(time.Hour)
		got := change(TakeChange{Mark: new("good"), Note: new("two\r\nlines")})
		want := TakeChanged{TakeID: cmd.CommandID, PostureLabel: "squat", Mark: "good", Note: "two\nlines", Deleted: false, Timestamp: w.svc.now().Time()}
		if got != want {
			t.Errorf("changed to %+v, want %+v", got, want)
		}
		change(TakeChange{Mark: new("good")}) // which it is
		if told := a.changes(); len(told) != 2 || told[1] != want {
			t.Errorf("told %+v", told)
		}
		if r := w.recordings()[0]; r.PostureLabel != "squat" || r.Mark != "good" || r.Note != "two\nlines" {
			t.Errorf("recorded %+v", r)
		}
		for q, code := range map[TakeChange]string{
			{}: wire.CodeBadTake, {Mark: new("fine")}: wire.CodeBadTake, {Note: new(strings.Repeat("é", rules.MaxNote+1))}: wire.CodeBadTake,
			{Note: new("a\x00")}: wire.CodeBadTake, {Note: new(strings.Repeat("é\n", rules.MaxNote/2+1))}: wire.CodeBadTake, {PostureLabel: new("\n")}: wire.CodeBadLabel,
		} {
			_, err := w.svc.ChangeTake(w.ctx, "studio", cmd.CommandID, q)
			wantCode(t, err, code)
		}
		_, err = w.svc.ChangeTake(w.ctx, "studio", "other", TakeChange{Mark: new("")})
		wantCode(t, err, wire.CodeUnknownTake)
	})
}

// TestDeleteTake: nothing of a deleted take is waited for, listed or let in, also by a
// service that was started anew.
func TestDeleteTake(t *testing.T) {
	store := store.NewMemory()
	bubble(t, Config{Store: store}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann", DeviceType: "desktop"})
		b := w.join(JoinRequest{UserID: "bob", DeviceType: "mobile"})
		ids := w.take(a, a, b)
		for i, p := range []*part{a, b} {
			if err := p.UploadCompleted(w.ctx, ids[i], 5); err != nil {
				t.Fatal(err)
			}
		}
		takeID, late := w.open(a, a, b)
		wantCode(t, w.svc.DeleteTake(w.ctx, "studio", takeID, false), wire.CodeRecordingInProgress)
		w.stop(a)
		if _, err := w.svc.UploadBegan(w.ctx, late[0], Receiver{}); err != nil {
			t.Fatal(err)
		}
		wantCode(t, w.svc.DeleteTake(w.ctx, "studio", takeID, false), wire.CodeRecordingInProgress)
		if err := w.svc.UploadGivenUp(w.ctx, late[0], ""); err != nil {
			t.Fatal(err)
		}
		a.heard()
		for range 2 { // the second one is of somebody who didn't hear the answer
			wantCode(t, w.svc.DeleteTake(w.ctx, "studio", takeID, false), "")
		}
		if told := a.changes(); len(told) != 1 || !told[0].Deleted || told[0].TakeID != takeID {
			t.Errorf("told %+v", told)
		}
		wantCode(t, w.svc.DeleteTake(w.ctx, "studio", "other", true), wire.CodeUnknownTake)

		anew, err := New(Config{Store: store, Now: w.svc.cfg.Now})
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = anew.Run(w.ctx) }()
		for _, svc := range []*Service{w.svc, anew} {
			w.svc = svc
			if list := w.recordings(); len(list) != 2 {
				t.Errorf("%d recordings are left", len(list))
			}
			if snap, err := svc.Snapshot(w.ctx, "studio"); err != nil || snap.Status != "completed" {
				t.Errorf("the session is %s, %v", snap.Status, err)
			}
			_, err := svc.UploadBegan(w.ctx, late[0], Receiver{})
			wantCode(t, err, wire.CodeRecordingDeleted)
			wantCode(t, svc.UploadDone(w.ctx, file(late[1])), wire.CodeRecordingDeleted)
			_, err = svc.ChangeTake(w.ctx, "studio", takeID, TakeChange{Mark: new("bad")})
			wantCode(t, err, wire.CodeUnknownTake)
		}
		at := epoch.Add(2 * time.Second)
		wantCode(t, a.RecordingStarted(w.ctx, late[0], at, 0), wire.CodeRecordingDeleted)
		wantCode(t, a.UploadCompleted(w.ctx, late[0], 5), wire.CodeRecordingDeleted)
		wantCode(t, a.RecordingFailed(w.ctx, late[0]), wire.CodeRecordingDeleted)
		wantCode(t, a.RecordingReport(w.ctx, late[0], RecordingReport{}), wire.CodeRecordingDeleted)
	})
}

// TestDeletionCompletes: what holds a session up no longer does so once it is deleted, and
// that what was uploaded is deleted completes nothing again.
func TestDeletionCompletes(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann", DeviceType: "desktop"})
		first := w.take(a, a)
		second := w.take(a, a)
		if err := a.UploadCompleted(w.ctx, first[0], 5); err != nil {
			t.Fatal(err)
		}
		of := func(id string) string { return a.room.state.Recordings[id].Take }
		if n := count(a.heard(), "session_completed"); n != 0 {
			t.Errorf("completed %d times while one is missing", n)
		}
		wantCode(t, w.svc.DeleteTake(w.ctx, "studio", of(second[0]), false), "")
		if n := count(a.heard(), "session_completed"); n != 1 {
			t.Errorf("completed %d times by the deletion", n)
		}
		wantCode(t, w.svc.DeleteTake(w.ctx, "studio", of(first[0]), false), "")
		time.Sleep(time.Minute)
		if n := count(a.heard(), "session_completed"); n != 0 || a.State().Status != "active" {
			t.Errorf("completed %d times, %s, when nothing is left", n, a.State().Status)
		}
	})
}

// TestForcedDeletion ends the take: it is stopped, or called off before its instant.
func TestForcedDeletion(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann", DeviceType: "desktop"})
		cmd, err := a.StartRecording(w.ctx, StartRequest{Delay: new(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		wantCode(t, w.svc.DeleteTake(w.ctx, "studio", cmd.CommandID, true), "")
		if got := a.names(); !slices.Equal(got, []string{"start_recording", "take_changed", "cancelled"}) {
			t.Errorf("told %v", got)
		}
		takeID, ids := w.open(a, a)
		if _, err := w.svc.UploadBegan(w.ctx, ids[0], Receiver{}); err != nil {
			t.Fatal(err)
		}
		a.heard()
		wantCode(t, w.svc.DeleteTake(w.ctx, "studio", takeID, true), "")
		time.Sleep(time.Second)
		if got := a.names(); !slices.Equal(got, []string{"take_changed", "stop_recording"}) {
			t.Errorf("told %v", got)
		}
		if _, err := a.StartRecording(w.ctx, StartRequest{}); err != nil || len(w.recordings()) != 0 {
			t.Errorf("another take: %v; %+v", err, w.recordings())
		}
	})
}

// TestLateEntriesAreBuried: what another instance wrote of a take while it was deleted goes too.
func TestLateEntriesAreBuried(t *testing.T) {
	store := store.NewMemory()
	bubble(t, Config{Store: store}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann", DeviceType: "desktop"})
		takeID, _ := w.open(a, a)
		w.stop(a)
		wantCode(t, w.svc.DeleteTake(w.ctx, "studio", takeID, false), "")
		value, _ := rules.Encode(&rules.RecordingRecord{ID: "late", Take: takeID, DeviceID: "d", Path: "x"})
		if _, err := store.Put(w.ctx, rules.KeyOf("studio", rules.KindRecording, "late"), value, 0); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		a.room.mu.Lock()
		r := a.room.state.Recordings["late"]
		a.room.mu.Unlock()
		if !r.Deleted || r.Path != "" || len(w.recordings()) != 0 {
			t.Errorf("left is %+v", r)
		}
	})
}

// TestWatchDeleted tells of takes that were deleted before, and of later ones.
func TestWatchDeleted(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann", DeviceType: "desktop"})
		told := make(chan string, 3)
		for i := range 2 {
			takeID, _ := w.open(a, a)
			w.stop(a)
			wantCode(t, w.svc.DeleteTake(w.ctx, "studio", takeID, false), "")
			if i == 0 {
				go w.svc.WatchDeleted(w.ctx, func(sessionID, takeID string) { told <- sessionID + "/" + takeID })
			}
			for range 2 { // with the take, and with its recording
				if got := <-told; got != "studio/"+takeID {
					t.Errorf("told %s", got)
				}
			}
		}
	})
}
