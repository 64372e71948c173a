package session

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/wire"
)

// FuzzStored puts an entry of any key and value into a store that has a session, as a damaged disk
// or another program may, and has a service live with it: nothing panics, all that it answers can be
// written, everybody else still gets in, and other entries stay as they are.
func FuzzStored(f *testing.F) {
	entries, token := storedSession(f)
	for _, e := range entries {
		f.Add(e.Key, e.Value)
		f.Add(e.Key, []byte(`{}`))
		f.Add(strings.Replace(e.Key, "ann", "eve", 1), e.Value)
	}
	for _, key := range []string{"s.studio.new.x", "s.studio.user", "s.studio.ack.a", "s.studio.meta.x", "s.other.meta", "s.studio", "h.studio.x.y.z", "x", "s.studio.user.=Z"} {
		f.Add(key, []byte(`null`))
		f.Add(key, []byte(`[{`))
	}
	for _, odd := range [][2]string{
		{"s.studio.user.eve", `{"id":"ben","devices":[{"id":"X","connected":true,"type":"mobile"}]}`},
		{"s.studio.user.eve", `{"id":"eve","devices":[{"id":"X"},{"id":"X"}]}`},
		{"s.studio.user.eve", `{"id":"eve","devices":null,"joinedAt":-9223372036854775808}`},
		{"s.studio.command.c", `{"id":"d","event":"start_recording","timestamp":9223372036854775807,"duration":9223372036854775807}`},
		{"s.studio.command.c", `{"id":"c","event":"stop_recording","take":"none","timestamp":946684801000000000}`},
		{"s.studio.playback", `{"mediaUrl":"/f","rate":0,"isPlaying":true,"mediaDuration":-1,"loop":true,"position":1e300}`},
		{"s.studio.meta", `{"creatorId":"ann","leaderId":"nobody","ended":5}`},
		{"s.studio.recording.r", `{"id":"q","take":"none","deviceId":"X","start":-9223372036854775808,"started":true}`},
	} {
		f.Add(odd[0], []byte(odd[1]))
	}
	f.Fuzz(func(t *testing.T, key string, value []byte) {
		if !isStoreKey(key) || len(value) == 0 || len(value) > 64<<10 {
			return // no store has it
		}
		synctest.Test(t, func(t *testing.T) { liveWith(t, entries, token, store.Entry{Key: key, Value: value}) })
	})
}

// isStoreKey reports whether a Store takes the key.
func isStoreKey(key string) bool {
	for token := range strings.SplitSeq(key, ".") {
		if token == "" || strings.Trim(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_=-") != "" {
			return false
		}
	}
	return true
}

// storedSession returns what the store has of a session in which everything has happened, a page of its
// history too, as if it had happened at the beginning of a bubble; and a device's resumeToken.
func storedSession(f *testing.F) (entries []store.Entry, token string) {
	began, kept := time.Now(), store.NewMemory()
	svc, err := New(Config{Store: kept, Now: func() clock.SessionTime { return epoch.Add(time.Since(began)) }, MinLead: time.Millisecond, MaxLead: time.Millisecond})
	must := func(err error) {
		f.Helper()
		if err != nil {
			f.Fatal(err)
		}
	}
	must(err)
	svc.keepCommands, svc.pageCommands = 2, 2
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = svc.Run(ctx) })
	defer running.Wait()
	defer stop()
	told := make(chan StartRecording, 8)
	ann, joined, err := svc.Join(ctx, JoinRequest{SessionID: "studio", UserID: "ann", Username: "Ann", DeviceType: "desktop"}, func(Event) {})
	must(err)
	ben, _, err := svc.Join(ctx, JoinRequest{SessionID: "studio", UserID: "ben", DeviceType: "mobile", ViewType: "side"}, func(e Event) {
		if s, ok := e.Data.(StartRecording); ok {
			told <- s
		}
	})
	must(err)
	for range 5 {
		flash, err := ann.Schedule(ctx, ScheduleRequest{Name: "flash", Payload: json.RawMessage(`{"n":1}`)})
		must(err)
		must(ben.Armed(ctx, flash.CommandID))
		time.Sleep(2 * time.Millisecond)
		must(ben.Fired(ctx, flash.CommandID, flash.Timestamp, false))
	}
	_, err = ann.StartRecording(ctx, StartRequest{PostureLabel: "plank", Duration: time.Hour})
	must(err)
	take := <-told
	time.Sleep(2 * time.Millisecond)
	must(ben.RecordingStarted(ctx, take.RecordingID, take.Timestamp, time.Millisecond))
	must(ann.SetCamera(ctx, "", CameraSettings{Torch: new(true)}))
	_, err = svc.ChangeTake(ctx, "studio", take.CommandID, TakeChange{Mark: new("good"), Note: new("n")})
	must(err)
	must(ann.LoadMedia(ctx, LoadRequest{MediaURL: "/film.mp4", MediaDuration: 60}))
	_, err = ann.SyncPlayback(ctx, PlaybackRequest{IsPlaying: true, Position: new(3.0)})
	must(err)
	must(ben.RecordingStopped(ctx, take.RecordingID, take.Timestamp.Add(time.Second), time.Millisecond))
	must(ben.UploadCompleted(ctx, take.RecordingID, 1000))
	time.Sleep(20 * time.Millisecond) // the timeline and the history follow
	for _, filter := range []string{"s.>", rules.AllPages} {
		found, err := kept.List(ctx, filter)
		must(err)
		entries = append(entries, found...)
	}
	return entries, joined.SessionJoined.ResumeToken
}

// liveWith runs a service on a store that has the entries, and one more or another one.
func liveWith(t *testing.T, entries []store.Entry, token string, odd store.Entry) {
	ctx, stop := context.WithCancel(t.Context())
	kept, before := store.NewMemory(), map[string]uint64{}
	for _, e := range entries {
		before[e.Key], _ = kept.Put(ctx, e.Key, e.Value, 0)
	}
	if _, err := kept.Put(ctx, odd.Key, odd.Value, before[odd.Key]); err != nil {
		t.Fatal(err)
	}
	svc, err := New(Config{Store: kept, Now: clock.NewSource(time.Now).Now})
	if err != nil {
		t.Fatal(err)
	}
	svc.keepCommands, svc.pageCommands = 2, 2
	var running sync.WaitGroup
	running.Go(func() { _ = svc.Run(ctx) })
	running.Go(func() { svc.WatchRecordings(ctx, func(string) {}) })
	running.Go(func() { svc.WatchDeleted(ctx, func(string, string) {}) })
	running.Go(func() { svc.WatchRemoved(ctx, func(string) {}) })
	defer running.Wait()
	defer stop()
	synctest.Wait()

	told := func(v any, err error) {
		t.Helper()
		if c := codeOf(err); strings.HasPrefix(c, "not an") || c == wire.CodeBusy {
			t.Errorf("with %s = %q: %v", odd.Key, odd.Value, err)
		}
		if err == nil {
			if _, err := rules.Encode(v); err != nil {
				t.Errorf("with %s = %q: %v", odd.Key, odd.Value, err)
			}
		}
	}
	read := func() {
		t.Helper()
		snap, err := svc.Snapshot(ctx, "studio")
		told(snap, err)
		list, err := svc.List(ctx, ListRequest{})
		told(list, err)
		recordings, err := svc.StoredRecordings(ctx, "studio")
		told(recordings, err)
		for _, r := range recordings {
			_, err := svc.PlaceOf(ctx, r.RecordingID)
			told(nil, err)
		}
		commands, _, err := svc.Commands(ctx, "studio", MaxListed, "")
		told(commands, err)
		for _, c := range commands {
			rep, err := svc.Report(ctx, "studio", c.CommandID)
			told(rep, err)
		}
		sync, err := svc.Sync(ctx, "studio")
		told(sync, err)
	}
	read()
	if !json.Valid(odd.Value) {
		for key, revision := range before {
			if e, err := kept.Get(ctx, key); key != odd.Key && (err != nil || e.Revision != revision) {
				t.Errorf("with %s = %q %s was changed: %v", odd.Key, odd.Value, key, err)
			}
		}
	}
	isMeta := strings.HasPrefix(odd.Key, "s.studio.meta")
	zoe, _, err := svc.Join(ctx, JoinRequest{SessionID: "studio", UserID: "zoe", DeviceType: "native"}, func(e Event) { told(e.Data, nil) })
	if err != nil && !isMeta && odd.Key != "s.studio.user.zoe" {
		t.Errorf("with %s = %q nobody gets in: %v", odd.Key, odd.Value, err)
	}
	ann, _, err := svc.Join(ctx, JoinRequest{SessionID: "studio", ResumeToken: token}, func(e Event) { told(e.Data, nil) })
	told(nil, err)
	for _, m := range []*Member{zoe, ann} {
		if m != nil {
			use(ctx, m, told)
		}
	}
	time.Sleep(20 * time.Second)
	read()
	told(nil, svc.MarkDisconnected(ctx, func(string) bool { return true }))
	_ = svc.sweep(ctx)
	told(nil, svc.End(ctx, "studio"))
}

// use has a member do what it may.
func use(ctx context.Context, m *Member, told func(any, error)) {
	told(m.State(), nil)
	told(nil, m.Touch(ctx))
	told(nil, m.RequestLeadership(ctx, ""))
	cmd, err := m.Schedule(ctx, ScheduleRequest{Name: "flash"})
	told(cmd, err)
	told(nil, m.Armed(ctx, cmd.CommandID))
	told(nil, m.Cancel(ctx, cmd.CommandID))
	started, err := m.StartRecording(ctx, StartRequest{})
	told(started, err)
	stopped, err := m.StopRecording(ctx)
	told(stopped, err)
	at, err := m.SyncPlayback(ctx, PlaybackRequest{IsPlaying: true})
	told(at, err)
	desync, err := m.Desync(1, epoch)
	told(desync, err)
	told(nil, m.PlaybackOptions(ctx, OptionsRequest{Loop: new(true)}))
	told(nil, m.MediaInfo(ctx, "/film.mp4", 7))
	told(nil, m.Buffering(ctx, "/film.mp4", true))
	told(nil, m.UpdateUser(ctx, UserUpdate{Username: new("Z")}))
	told(nil, m.RemoveAbsent(ctx, true))
}
