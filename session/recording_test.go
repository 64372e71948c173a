package session

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/wire"
)

// take starts a recording of a second and returns each device's recording.
func (w *world) take(leader *part, devices ...*part) []string {
	w.t.Helper()
	if _, err := leader.StartRecording(w.ctx, StartRequest{PostureLabel: "plank", Duration: time.Second}); err != nil {
		w.t.Fatal(err)
	}
	var ids []string
	for _, d := range devices {
		for _, e := range d.heard() {
			if s, ok := e.Data.(StartRecording); ok {
				ids = append(ids, s.RecordingID)
			}
		}
	}
	time.Sleep(2 * time.Second)
	return ids
}

func count(events []Event, name string) (n int) {
	for _, e := range events {
		if e.Name == name {
			n++
		}
	}
	return n
}

func file(id string) UploadedFile {
	return UploadedFile{RecordingID: id, Size: 7, Path: "recordings/" + id, SHA256: strings.Repeat("ab", 32)}
}

// TestUploadsAreActivity: a session stays as long as one of its recordings is being uploaded.
func TestUploadsAreActivity(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann", DeviceType: "desktop"})
		id := w.take(a, a)[0]
		_ = a.Disconnect(w.ctx)
		for range 30 {
			time.Sleep(time.Hour)
			if _, err := w.svc.UploadBegan(w.ctx, id, Receiver{}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(26 * time.Hour)
		_, err := w.svc.Snapshot(w.ctx, "studio")
		wantCode(t, err, wire.CodeSessionNotFound)
	})
}

// TestSessionCompletes: once for each set of recordings, whoever says the last
// word and however often.
func TestSessionCompletes(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann", DeviceType: "desktop"})
		b := w.join(JoinRequest{UserID: "bob", DeviceType: "mobile"})
		ids := w.take(a, a, b)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Error(err)
			}
		}
		must(a.UploadCompleted(w.ctx, ids[0], 5))
		if list := w.recordings(); list[0].UploadStatus == list[1].UploadStatus || count(a.heard(), "session_completed") != 0 {
			t.Errorf("with one of two uploaded: %+v", list)
		}
		place, err := w.svc.UploadBegan(w.ctx, ids[1], Receiver{})
		must(err)
		if place.SessionID != "studio" || place.DeviceID != b.DeviceID() {
			t.Errorf("place %+v", place)
		}
		must(b.Disconnect(w.ctx))
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { must(w.svc.UploadDone(w.ctx, file(ids[1]))) })
		}
		wg.Wait()
		must(a.UploadCompleted(w.ctx, ids[0], 9))
		if n := count(a.heard(), "session_completed"); n != 1 {
			t.Errorf("completed %d times", n)
		}
		if list := w.recordings(); *list[0].FileSizeBytes+*list[1].FileSizeBytes != 5+7 || a.State().Status != "completed" {
			t.Errorf("in the end %+v, %s", list, a.State().Status)
		}
		// A later take is waited for, and completes the session anew.
		ids = w.take(a, a)
		if a.State().Status != "active" {
			t.Errorf("after another take: %s", a.State().Status)
		}
		must(a.RecordingFailed(w.ctx, ids[0]))
		if n := count(a.heard(), "session_completed"); n != 0 {
			t.Errorf("completed %d times by a take that failed", n)
		}
		ids = w.take(a, a)
		must(a.UploadCompleted(w.ctx, ids[0], 5))
		if n := count(a.heard(), "session_completed"); n != 1 {
			t.Errorf("completed %d times after the last take", n)
		}
	})
}

func (w *world) recordings() []Recording {
	w.t.Helper()
	list, err := w.svc.Recordings(w.ctx, "studio")
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// TestUploadWhileRecording: what is uploaded before the take is over completes
// the session when it is.
func TestUploadWhileRecording(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann", DeviceType: "desktop"})
		if _, err := a.StartRecording(w.ctx, StartRequest{Duration: time.Minute}); err != nil {
			t.Fatal(err)
		}
		id := a.heard()[0].Data.(StartRecording).RecordingID
		if _, err := w.svc.UploadBegan(w.ctx, id, Receiver{}); codeOf(err) != wire.CodeUnknownRecording {
			t.Errorf("before the instant: %v", err)
		}
		time.Sleep(time.Second)
		if s := w.recordings()[0].UploadStatus; s != "recording" {
			t.Errorf("status %s", s)
		}
		if _, err := w.svc.UploadBegan(w.ctx, id, Receiver{}); err != nil {
			t.Error(err)
		}
		if err := w.svc.UploadGivenUp(w.ctx, id, ""); err != nil || w.recordings()[0].UploadStatus != "recording" {
			t.Errorf("given up: %v, %+v", err, w.recordings())
		}
		if err := w.svc.UploadDone(w.ctx, file(id)); err != nil {
			t.Error(err)
		}
		time.Sleep(58 * time.Second)
		if n := count(a.heard(), "session_completed"); n != 0 {
			t.Error("completed while the take goes on")
		}
		time.Sleep(2 * time.Second)
		if n := count(a.heard(), "session_completed"); n != 1 {
			t.Errorf("completed %d times after the take", n)
		}
	})
}

// TestRecordingList: by true first frames, with both bounds.
func TestRecordingList(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann", DeviceType: "desktop", ViewType: "front"})
		b := w.join(JoinRequest{UserID: "bob", DeviceType: "mobile"})
		w.join(JoinRequest{UserID: "cy", DeviceType: "native"}) // says nothing
		w.join(JoinRequest{UserID: "dee"})                      // doesn't record
		ids := w.take(a, a, b)
		first := epoch.Add(103 * time.Millisecond)
		for i, p := range []*part{a, b} {
			at := first.Add(time.Duration(-2*i) * time.Millisecond)
			if err := p.RecordingStarted(w.ctx, ids[i], at, time.Duration(i+1)*time.Millisecond); err != nil {
				t.Error(err)
			}
			if err := p.RecordingStopped(w.ctx, ids[i], at.Add(-time.Second), 0); codeOf(err) != wire.CodeBadTime {
				t.Errorf("a stop before the start: %v", err)
			}
			if err := p.RecordingStopped(w.ctx, ids[i], at.Add(time.Second), 0); err != nil {
				t.Error(err)
			}
		}
		_ = b.Leave(w.ctx) // takes nothing along
		list := w.recordings()
		if len(list) != 3 || list[0].DeviceID != b.DeviceID() || list[1].DeviceID != a.DeviceID() {
			t.Fatalf("list %+v", list)
		}
		if list[0].DiffMs != nil || *list[1].DiffMs != 2 || *list[1].DiffBoundMs != 3 || list[1].ViewType != "front" || list[1].PostureLabel != "plank" {
			t.Errorf("list %+v", list)
		}
		if cy := list[2]; cy.StartTimestamp != nil || cy.DiffMs != nil || cy.UploadStatus != "pending" || cy.FileSizeBytes != nil {
			t.Errorf("the silent one: %+v", cy)
		}
	})
}

func TestUploadsRefused(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann", DeviceType: "desktop"})
		b := w.join(JoinRequest{UserID: "bob", DeviceType: "mobile"})
		ids := w.take(a, a)
		wantCode(t, b.UploadCompleted(w.ctx, ids[0], 5), wire.CodeUnknownRecording)
		wantCode(t, b.RecordingFailed(w.ctx, ids[0]), wire.CodeUnknownRecording)
		wantCode(t, a.UploadCompleted(w.ctx, ids[0], -1), wire.CodeBadSize)
		wantCode(t, a.UploadCompleted(w.ctx, ids[0], 1<<53), wire.CodeBadSize)
		wantCode(t, w.svc.UploadDone(w.ctx, UploadedFile{RecordingID: ids[0], SHA256: "x"}), wire.CodeBadSize)
		wantCode(t, w.svc.UploadDone(w.ctx, file("nothing")), wire.CodeUnknownRecording)
		for _, id := range []string{"", "*", ">", "a.b", strings.Repeat("x", 65)} {
			_, err := w.svc.UploadBegan(w.ctx, id, Receiver{})
			wantCode(t, err, wire.CodeUnknownRecording)
		}
	})
}

// TestCrash: members of an instance that is gone are marked disconnected, once
// and by anybody; those that came back meanwhile are not.
func TestCrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := store.NewMemory()
		ctx, stop := context.WithCancel(t.Context())
		dying, kill := context.WithCancel(ctx)
		var running sync.WaitGroup
		services, seen := map[string]*Service{}, &witness{}
		for _, name := range []string{"one", "two"} {
			svc, err := New(Config{Store: store, Instance: name, Observe: seen})
			if err != nil {
				t.Fatal(err)
			}
			services[name] = svc
			running.Go(func() {
				if name == "one" {
					_ = svc.Run(dying)
				} else {
					_ = svc.Run(ctx)
				}
			})
		}
		enter := func(instance string, q JoinRequest) *part {
			q.SessionID = "studio"
			p := &part{}
			var err error
			if p.Member, p.joined, err = services[instance].Join(ctx, q, p.hear); err != nil {
				t.Fatal(err)
			}
			return p
		}
		a := enter("one", JoinRequest{UserID: "ann"})
		back := enter("one", JoinRequest{UserID: "bob"})
		back = enter("two", JoinRequest{ResumeToken: back.joined.SessionJoined.ResumeToken})
		c := enter("two", JoinRequest{UserID: "cy"})
		c.heard()
		seen.kinds()
		kill()
		gone := func(instance string) bool { return instance == "one" }
		var marking sync.WaitGroup
		for range 4 {
			marking.Go(func() {
				if err := services["two"].MarkDisconnected(ctx, gone); err != nil {
					t.Error(err)
				}
			})
		}
		marking.Wait()
		if got := c.names(); !slices.Equal(got, []string{"device_disconnected", "user_left"}) {
			t.Errorf("heard %v", got)
		}
		seen.expect(t, "devices_lost 1")
		snap := c.State()
		for _, d := range snap.Devices {
			if d.IsConnected == (d.DeviceID == a.DeviceID()) {
				t.Errorf("device of %s: connected %v", d.UserID, d.IsConnected)
			}
		}
		time.Sleep(11 * time.Second)
		if !back.IsLeader() || services["two"].Instance() != "two" {
			t.Error("bob doesn't lead after the grace")
		}
		stop()
		running.Wait()
	})
}
