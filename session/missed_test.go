package session

import (
	"slices"
	"testing"
	"time"
)

// TestWhoIsBackIsToldInTime: a device that comes back is told what it can still do, and
// nothing that it is too late for.
func TestWhoIsBackIsToldInTime(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann"})
		b := w.join(JoinRequest{UserID: "bob", DeviceType: "mobile"})
		_ = b.Disconnect(w.ctx)
		for range 13 {
			_, err := a.Schedule(w.ctx, ScheduleRequest{Name: "flash"})
			wantCode(t, err, "")
			time.Sleep(2 * time.Second)
		}
		_, err := a.Schedule(w.ctx, ScheduleRequest{Name: "scene", MaxLate: new(time.Minute)})
		wantCode(t, err, "")
		take, err := a.StartRecording(w.ctx, StartRequest{Duration: 500 * time.Millisecond})
		wantCode(t, err, "")
		time.Sleep(1500 * time.Millisecond)
		back := w.join(JoinRequest{ResumeToken: b.joined.SessionJoined.ResumeToken})
		var told []string
		for _, e := range back.heard() {
			switch d := e.Data.(type) {
			case Command:
				told = append(told, d.Name)
			case StartRecording:
				told = append(told, d.CommandID)
			}
		}
		if !slices.Equal(told, []string{"scene"}) {
			t.Errorf("told %v, the take is %s", told, take.CommandID)
		}
	})
}
