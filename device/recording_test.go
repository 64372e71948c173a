package device

import (
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// TestRecordingParts: a device that was cut off within a take goes on in a part of its own,
// and says how well it recorded.
func TestRecordingParts(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		d := w.run(Config{Net: w.net.Host("10.0.0.2")})
		<-d.Joined()
		time.Sleep(time.Second)
		_, err := d.Call(t.Context(), "start_recording", map[string]any{})
		must(t, err)
		time.Sleep(time.Second)
		acts, _ := d.acted()
		if len(acts) != 1 || acts[0].RecordingID == "" {
			t.Fatalf("acted %+v", acts)
		}
		first := acts[0].RecordingID
		must(t, d.Report(t.Context(), "recording_started", map[string]any{"recordingId": first, "timestamp": acts[0].Timestamp}))
		p, err := d.RecordingPart(t.Context(), first)
		must(t, err)
		if p.Part != 2 || p.RecordingID == first {
			t.Errorf("goes on in %+v", p)
		}
		must(t, d.ReportRecording(t.Context(), p.RecordingID, session.RecordingReport{Sound: "ok"}))
		list, err := w.svc.Recordings(t.Context(), "studio")
		must(t, err)
		if len(list) != 2 || list[1].RecordingID != p.RecordingID || list[1].Report.Sound != "ok" {
			t.Errorf("recorded %+v", list)
		}
		if _, err := d.RecordingPart(t.Context(), "x"); codeOf(err) != wire.CodeUnknownRecording {
			t.Errorf("a part of nothing: %v", err)
		}
		d.end(t)
	})
}
