package session

import (
	"strings"
	"testing"
	"time"
)

// TestDeviceStatus: the last word of each connected device, until its connection ends.
func TestDeviceStatus(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann"})
		w.join(JoinRequest{UserID: "bob"})
		statuses := func() (list []*DeviceStatus) {
			devices, err := w.svc.Sync(w.ctx, "studio")
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range devices {
				list = append(list, d.Status)
			}
			return list
		}
		battery, pending := 0.5, int64(1<<30)
		if err := a.SetStatus(DeviceStatus{Battery: &battery, Camera: "ready"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if err := a.SetStatus(DeviceStatus{Camera: "recording", PendingBytes: &pending}); err != nil {
			t.Fatal(err)
		}
		list := statuses()
		if s := list[0]; list[1] != nil || s == nil || s.Battery != nil || s.Camera != "recording" || *s.PendingBytes != pending || s.Timestamp != epoch.Add(time.Second) {
			t.Errorf("statuses %+v", list)
		}
		if err := a.Disconnect(w.ctx); err != nil {
			t.Fatal(err)
		}
		wantCode(t, a.SetStatus(DeviceStatus{}), CodeNotJoined)
		w.join(JoinRequest{ResumeToken: a.joined.SessionJoined.ResumeToken})
		if list := statuses(); len(list) != 2 || list[0] != nil || list[1] != nil {
			t.Errorf("after coming back %+v", list)
		}
	})
}

func TestBadStatus(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{})
		low, high, negative, huge := -0.01, 1.01, int64(-1), int64(maxFileSize+1)
		for name, s := range map[string]DeviceStatus{
			"battery low": {Battery: &low}, "battery high": {Battery: &high}, "camera": {Camera: "broken"},
			"pending": {PendingBytes: &negative}, "free": {FreeBytes: &huge},
			"long note": {Note: strings.Repeat("é", 129)}, "note": {Note: "a\nb"},
		} {
			if code := codeOf(a.SetStatus(s)); code != CodeBadStatus {
				t.Errorf("%s: code %q", name, code)
			}
		}
		if devices, err := w.svc.Sync(w.ctx, "studio"); err != nil || devices[0].Status != nil {
			t.Errorf("%+v, %v", devices, err)
		}
	})
}
