package takes_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/takes"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTakes(t *testing.T) {
	at := func(ms int) *clock.SessionTime {
		s := clock.SessionTime(0).Add(time.Duration(ms) * time.Millisecond)
		return &s
	}
	size, bound := int64(7), 0.25
	takes := takes.Of([]session.Recording{
		{RecordingID: "a", SessionID: "studio", TakeID: "1", PostureLabel: "plank", TakeTimestamp: *at(1000), DeviceID: "d1",
			StartTimestamp: at(1003), StartBoundMs: &bound, StopTimestamp: at(2003), UploadStatus: "uploaded",
			File: "recordings/studio/1/a-x.webm", SHA256: "ab", FileSizeBytes: &size},
		{RecordingID: "b", SessionID: "studio", TakeID: "1", StartTimestamp: at(1010), UploadStatus: "recording"},
		{RecordingID: "c", SessionID: "studio", TakeID: "1", UploadStatus: "failed"},
		{RecordingID: "d", SessionID: "studio", TakeID: "2", UploadStatus: "pending"},
	})
	if len(takes) != 2 || len(takes[0].Recordings) != 3 || takes[1].Recordings[0].RecordingID != "d" {
		t.Fatalf("%+v", takes)
	}
	first, second, third := takes[0].Recordings[0], takes[0].Recordings[1], takes[0].Recordings[2]
	if *first.File != "a-x.webm" || *first.SHA256 != "ab" || *first.FileSizeBytes != 7 || *first.DurationMs != 1000 || *first.AfterFirstMs != 0 || *first.StartBoundMs != 0.25 {
		t.Errorf("first %+v", first)
	}
	if *second.AfterFirstMs != 7 || second.DurationMs != nil || second.File != nil || second.UploadStatus != "pending" {
		t.Errorf("second %+v", second)
	}
	if third.AfterFirstMs != nil || third.StartTimestamp != nil || third.UploadStatus != "failed" {
		t.Errorf("third %+v", third)
	}
	if takes[0].Version != 1 || takes[0].PostureLabel != "plank" || takes[0].TakeTimestamp != *at(1000) {
		t.Errorf("%+v", takes[0])
	}
}

// TestWriter follows a take in a real session.
func TestWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		svc, err := session.New(session.Config{})
		check(t, err)
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = svc.Run(ctx) })
		w := &takes.Writer{Sessions: svc, To: takes.Directory(dir), Log: slog.New(slog.DiscardHandler)}
		running.Go(func() { _ = w.Run(ctx) })

		heard := make(chan session.StartRecording, 1)
		m, _, err := svc.Join(ctx, session.JoinRequest{SessionID: "studio", DeviceType: "desktop"}, func(e session.Event) {
			if s, ok := e.Data.(session.StartRecording); ok {
				heard <- s
			}
		})
		check(t, err)
		_, err = m.StartRecording(ctx, session.StartRequest{PostureLabel: "<a & b>", Duration: time.Second})
		check(t, err)
		start := <-heard
		time.Sleep(time.Second)
		name := filepath.Join(dir, "recordings", "studio", start.CommandID, takes.ManifestName)
		if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a take without files has a manifest: %v", err)
		}
		check(t, os.MkdirAll(filepath.Dir(name), 0o750))
		check(t, m.RecordingStarted(ctx, start.RecordingID, start.Timestamp, time.Millisecond))
		synctest.Wait()
		if take := read(t, name); take.PostureLabel != "<a & b>" || *take.Recordings[0].StartTimestamp != start.Timestamp {
			t.Errorf("after the start: %+v", take)
		}
		check(t, m.RecordingStopped(ctx, start.RecordingID, start.Timestamp.Add(time.Second), 0))
		check(t, m.RecordingFailed(ctx, start.RecordingID))
		synctest.Wait()
		if r := read(t, name).Recordings[0]; *r.DurationMs != 1000 || r.UploadStatus != "failed" {
			t.Errorf("in the end: %+v", r)
		}
		stop()
		running.Wait()
	})
}

func read(t *testing.T, name string) (take takes.Take) {
	t.Helper()
	b, err := os.ReadFile(name)
	check(t, err)
	check(t, json.Unmarshal(b, &take))
	return take
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
