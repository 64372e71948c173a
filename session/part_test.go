package session

import (
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

// TestParts: a device that was cut off goes on in a recording of its own; asking again
// gives the same one, until something is said of it.
func TestParts(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann", DeviceType: "desktop"})
		b := w.join(JoinRequest{UserID: "bob", DeviceType: "mobile"})
		_, ids := w.open(a, a, b)
		next := func(want int) Part {
			t.Helper()
			var p Part
			for range 2 {
				var err error
				if p, err = b.RecordingPart(w.ctx, ids[1]); err != nil || p.Part != want {
					t.Fatalf("part %+v, %v, want %d", p, err, want)
				}
			}
			return p
		}
		if p := next(1); p.RecordingID != ids[1] {
			t.Errorf("nothing was said of the first, and another one is to be made: %+v", p)
		}
		start := epoch.Add(100 * time.Millisecond)
		said := func(p *part, id string, after time.Duration) {
			t.Helper()
			if err := p.RecordingStarted(w.ctx, id, start.Add(after), time.Millisecond); err != nil {
				t.Error(err)
			}
		}
		said(b, ids[1], 0)
		said(a, ids[0], 10*time.Millisecond)
		second := next(2)
		if list := w.recordings(); list[0].UploadStatus != "pending" || list[1].UploadStatus != "recording" || list[2].UploadStatus != "recording" {
			t.Errorf("cut off, gone on, whole: %s, %s, %s", list[0].UploadStatus, list[1].UploadStatus, list[2].UploadStatus)
		}
		said(b, second.RecordingID, 5*time.Second)
		next(3)
		if err := b.RecordingFailed(w.ctx, next(3).RecordingID); err != nil {
			t.Error(err)
		}
		next(4)
		_, err := a.RecordingPart(w.ctx, ids[1])
		wantCode(t, err, wire.CodeUnknownRecording)

		// The one that comes back after the stop still hears of it.
		_ = b.Disconnect(w.ctx)
		w.stop(a)
		time.Sleep(time.Minute)
		back := w.join(JoinRequest{ResumeToken: b.joined.SessionJoined.ResumeToken})
		if n := count(back.heard(), "stop_recording"); n != 1 {
			t.Errorf("told to stop %d times", n)
		}
		_, err = back.RecordingPart(w.ctx, ids[1])
		wantCode(t, err, wire.CodeNotRecording)

		var parts []string
		for _, r := range w.recordings() {
			diff := "-"
			if r.DiffMs != nil {
				diff = asText(*r.DiffMs)
			}
			parts = append(parts, asText(r.Part)+" "+diff+" "+r.UploadStatus)
		}
		if got := strings.Join(parts, ", "); got != "1 - pending, 2 - pending, 3 - failed, 4 - pending, 1 10 pending" {
			t.Errorf("listed are %s", got)
		}
	})
}

// TestRecordingReport: the latest word, until the recording is uploaded.
func TestRecordingReport(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann", DeviceType: "desktop"})
		id := w.take(a, a)[0]
		if w.recordings()[0].Report != nil {
			t.Error("reported before anybody did")
		}
		report := func(frames int64, want int64) {
			t.Helper()
			err := a.RecordingReport(w.ctx, id, RecordingReport{Frames: &frames, Sound: "silent", Codec: "avc1\n", Warnings: []Warning{{Code: "hot"}}})
			if r := w.recordings()[0].Report; err != nil || r == nil || *r.Frames != want || r.Codec != "avc1 " {
				t.Errorf("report %+v, %v", r, err)
			}
		}
		report(1, 1)
		report(2, 2)
		if err := a.UploadCompleted(w.ctx, id, 5); err != nil {
			t.Fatal(err)
		}
		report(3, 2)
		wantCode(t, a.RecordingReport(w.ctx, "other", RecordingReport{}), wire.CodeUnknownRecording)
		for name, q := range map[string]RecordingReport{
			"frames": {Frames: new(int64(-1))}, "rate": {FrameRate: new(1e4)}, "late": {LateMs: new(1e12)}, "sound": {Sound: "loud"},
			"ppm": {AudioPpm: new(1e7)}, "peak": {PeakDb: new(1e4)}, "width": {Width: -1}, "warning": {Warnings: []Warning{{Code: "A"}}},
		} {
			if got := codeOf(a.RecordingReport(w.ctx, id, q)); got != wire.CodeBadReport {
				t.Errorf("%s: code %s", name, got)
			}
		}
	})
}

// TestNothingIsNoRecording: what has no bytes has failed, whoever says that it is uploaded.
func TestNothingIsNoRecording(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann", DeviceType: "desktop"})
		b := w.join(JoinRequest{UserID: "bob", DeviceType: "mobile"})
		ids := w.take(a, a, b)
		if err := a.UploadCompleted(w.ctx, ids[0], 0); err != nil {
			t.Error(err)
		}
		if err := b.RecordingFailed(w.ctx, ids[1]); err != nil {
			t.Error(err)
		}
		empty := file(ids[1])
		empty.Size = 0
		for range 2 {
			wantCode(t, w.svc.UploadDone(w.ctx, empty), wire.CodeEmptyUpload)
		}
		for _, r := range w.recordings() {
			if r.UploadStatus != "failed" || r.FileSizeBytes != nil || r.File != "" {
				t.Errorf("recorded %+v", r)
			}
		}
		if n := count(a.heard(), "session_completed"); n != 0 {
			t.Errorf("completed %d times by nothing", n)
		}
		if err := w.svc.UploadDone(w.ctx, file(ids[1])); err != nil { // bytes say more than words
			t.Error(err)
		}
		if n := count(a.heard(), "session_completed"); n != 1 || w.recordings()[1].UploadStatus+w.recordings()[0].UploadStatus != "uploadedfailed" &&
			w.recordings()[0].UploadStatus+w.recordings()[1].UploadStatus != "uploadedfailed" {
			t.Errorf("completed %d times", n)
		}
	})
}
