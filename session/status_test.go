package session

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/wire"
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
		wantCode(t, a.SetStatus(DeviceStatus{}), wire.CodeNotJoined)
		w.join(JoinRequest{ResumeToken: a.joined.SessionJoined.ResumeToken})
		if list := statuses(); len(list) != 2 || list[0] != nil || list[1] != nil {
			t.Errorf("after coming back %+v", list)
		}
	})
}

func TestBadStatus(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{})
		low, high, negative, huge := -0.01, 1.01, int64(-1), int64(rules.MaxFileSize+1)
		for name, s := range map[string]DeviceStatus{
			"battery low": {Battery: &low}, "battery high": {Battery: &high}, "camera": {Camera: "broken"},
			"microphone": {Microphone: "covered"}, "level": {LevelDb: new(1001.0)}, "frame rate": {FrameRate: &low}, "dropped": {DroppedFrames: &negative},
			"warning": {Warnings: []Warning{{Code: "No sound"}}}, "no code": {Warnings: []Warning{{}}},
			"warnings": {Warnings: slices.Repeat([]Warning{{Code: "hot"}}, 17)}, "media": {Media: &rules.MediaStatus{State: "stuck"}},
			"media url": {Media: &rules.MediaStatus{State: "idle", MediaURL: strings.Repeat("x", 2049)}}, "drift": {Media: &rules.MediaStatus{State: "idle", DriftMs: new(1e11)}},
			"width": {Settings: &rules.DeviceSettings{Width: -1}}, "bit rate": {Settings: &rules.DeviceSettings{BitRate: &low}},
			"orientation": {Settings: &rules.DeviceSettings{Orientation: "up"}}, "container": {Settings: &rules.DeviceSettings{Container: "avi"}},
			"cameras": {Settings: &rules.DeviceSettings{Cameras: make([]rules.Camera, 17)}}, "refused": {Settings: &rules.DeviceSettings{Refused: []string{"a b"}}},
			"camera id": {Settings: &rules.DeviceSettings{Cameras: []rules.Camera{{ID: "\n"}}}}, "own camera": {Settings: &rules.DeviceSettings{CameraID: strings.Repeat("x", 257)}},
			"too much": {Settings: &rules.DeviceSettings{Cameras: slices.Repeat([]rules.Camera{{ID: strings.Repeat("x", 256)}}, 16)}},
			"pending":  {PendingBytes: &negative}, "free": {FreeBytes: &huge},
			"long note": {Note: strings.Repeat("é", 129)}, "note": {Note: "a\nb"},
		} {
			if code := codeOf(a.SetStatus(s)); code != wire.CodeBadStatus {
				t.Errorf("%s: code %q", name, code)
			}
		}
		if devices, err := w.svc.Sync(w.ctx, "studio"); err != nil || devices[0].Status != nil {
			t.Errorf("%+v, %v", devices, err)
		}
	})
}

// TestWholeStatus: everything that a device can say comes back as it said it; what only a
// program wrote is made readable.
func TestWholeStatus(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{})
		const said = `{"battery":0.5,"charging":true,"camera":"covered","microphone":"silent","levelDb":-130,"frameRate":29.97,"droppedFrames":3,` +
			`"pendingBytes":1,"freeBytes":2,"warnings":[{"code":"no_sound"},{"code":"storage_low","value":1000000}],"uploadError":"no\nway",` +
			`"media":{"mediaUrl":"/film.mp4","state":"buffering","error":"a\tb","driftMs":-12.5,"durationS":90},` +
			`"settings":{"width":1920,"height":1080,"frameRate":30,"bitRate":8000000,"torch":false,"orientation":"landscape","container":"mp4",` +
			`"cameraId":"x","cameras":[{"id":"x","label":"back"}],"refused":["torch"]},"note":"left","timestamp":0}`
		var s DeviceStatus
		if err := json.Unmarshal([]byte(said), &s); err != nil {
			t.Fatal(err)
		}
		if err := a.SetStatus(s); err != nil {
			t.Fatal(err)
		}
		devices, err := w.svc.Sync(w.ctx, "studio")
		if err != nil {
			t.Fatal(err)
		}
		told := *devices[0].Status
		told.Timestamp = 0
		if got, want := asText(told), strings.NewReplacer(`\n`, " ", `\t`, " ", "-130", "-120").Replace(said); got != want {
			t.Errorf("told is\n%s, want\n%s", got, want)
		}
	})
}
