package device

import (
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// TestStatusIsToldAgain: the session knows how a device is, also after it came back.
func TestStatusIsToldAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		var joined []session.SessionJoined
		d := w.run(Config{Net: w.net.Host("10.0.0.2"), NoRecording: true, OnJoined: func(s session.SessionJoined) { joined = append(joined, s) }})
		d.SetStatus(session.DeviceStatus{Note: "away\x1b[31m\n" + strings.Repeat("x", 200), Warnings: []session.Warning{{Code: "program_away"}}})
		<-d.Joined()
		time.Sleep(2 * time.Second)
		told := func(when string) {
			t.Helper()
			all, err := w.svc.Sync(t.Context(), "studio")
			must(t, err)
			if len(all) != 1 || all[0].Status == nil || !strings.HasPrefix(all[0].Status.Note, "away [31m x") || len(all[0].Status.Warnings) != 1 {
				t.Errorf("%s the session knows %+v", when, all)
			}
		}
		told("at first")
		must(t, w.pipes.Cut())
		time.Sleep(3 * time.Second)
		told("after it came back")
		if len(joined) != 2 || joined[1].DeviceID != joined[0].DeviceID {
			t.Errorf("joined as %+v", joined)
		}
		if s, err := d.State(t.Context()); err != nil || s.Devices[0].Records {
			t.Errorf("it records: %+v, %v", s.Devices, err)
		}
		_, err := d.StartRecording(t.Context(), Recording{})
		must(t, err)
		time.Sleep(time.Second)
		if acts, _ := d.acted(); len(acts) != 1 || acts[0].Event != wire.StartRecording || acts[0].RecordingID != "" {
			t.Errorf("acted %+v", acts)
		}
		d.end(t)
	})
}
