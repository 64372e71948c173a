package e2e

import (
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/downbeat-sync/downbeat/session"
)

// threeCameras are fake cameras of Chromium: the first and the third. The second gives depths, which nothing encodes.
var threeCameras = []chromedp.ExecAllocatorOption{
	chromedp.Flag("use-fake-device-for-media-stream", "device-count=3"), chromedp.Flag("use-fake-ui-for-media-stream", true),
}

// tells waits until the leader has been told what is so of the device.
func (p *recordingPage) tells(what string, is func(*session.DeviceStatus) bool) {
	p.t.Helper()
	for range 20 {
		var status struct {
			Devices []struct {
				DeviceID string
				Status   *session.DeviceStatus
			}
		}
		check(p.t, p.leader.await(p.t, "sync_status").Decode(&status))
		for _, d := range status.Devices {
			if d.DeviceID == p.id && d.Status != nil && is(d.Status) {
				return
			}
		}
	}
	p.t.Errorf("the leader isn't told of %s", what)
}

// TestRecorderFollowsSettings: the leader chooses size, container and sound, at once
// between takes, after it in a take; what a camera doesn't do is told.
func TestRecorderFollowsSettings(t *testing.T) {
	s := newRecordingStage(t, nil, threeCameras...)
	p := s.device("")
	wants := func(settings map[string]any) {
		_, err := s.leader.Call(t.Context(), "camera_settings", map[string]any{"settings": settings})
		check(t, err)
	}
	var other string
	p.tells("its cameras", func(d *session.DeviceStatus) bool {
		if d.Settings == nil || len(d.Settings.Cameras) < 3 || d.Settings.Width != 1280 {
			return false
		}
		other = d.Settings.Cameras[2].ID
		return d.Settings.CameraID == d.Settings.Cameras[0].ID
	})
	wants(map[string]any{"width": 640, "height": 480, "container": "webm", "sound": false, "torch": true, "cameraId": other})
	p.tells("what it follows", func(d *session.DeviceStatus) bool {
		return d.Settings.Width == 640 && d.Settings.Height == 480 && d.Settings.Container == "webm" && d.Settings.CameraID == other &&
			d.Microphone == "off" && slices.Equal(d.Settings.Refused, []string{"torch"}) &&
			slices.ContainsFunc(d.Warnings, func(w session.Warning) bool { return w.Code == "setting_refused" })
	})
	s.start()
	p.await(`recording.recorder.takes[0]?.bytes > 10000`)
	wants(map[string]any{"width": 320, "height": 240})
	s.stop()
	p.tells("what waited for the end of the take", func(d *session.DeviceStatus) bool {
		return d.Settings.Width == 320 && len(d.Settings.Refused) == 0 && !slices.ContainsFunc(d.Warnings, func(w session.Warning) bool { return w.Code == "setting_refused" })
	})
	r := p.kept(2)
	for deadline := time.Now().Add(5 * time.Second); r.Report == nil && time.Now().Before(deadline); pause(t.Context(), 20*time.Millisecond) {
		r = s.recordings(1)[0]
	}
	if r.FileType != "video/webm" || r.Report == nil || r.Report.Width != 640 || r.Report.Height != 480 || r.Report.Sound != "none" {
		t.Errorf("the take is %s", asJSON(r))
	}
}

// TestRecorderChoosesQuickly: of cameras that are chosen one right after the other the
// last one is open in the end, and records; one that isn't there leaves the one before.
func TestRecorderChoosesQuickly(t *testing.T) {
	s := newRecordingStage(t, nil, threeCameras...)
	p := s.device("mute")
	var ids []string
	evaluate(t, p.ctx, `recording.recorder.devices().then(({ cameras }) => cameras.map(c => c.deviceId))`, &ids)
	var open string
	evaluate(t, p.ctx, `(async ([a, , b]) => {
		const { recorder } = recording
		await Promise.all([b, a, b, a, b].map(videoDeviceId => recorder.choose({ videoDeviceId })))
		const error = await recorder.choose({ videoDeviceId: 'not there' }).then(() => '', e => e.code)
		return error + ' ' + recorder.stream.getVideoTracks().map(t => t.readyState + t.getSettings().deviceId)
	})(`+asJSON(ids)+`)`, &open)
	if want := "no_camera live" + ids[2]; open != want {
		t.Fatalf("open is %q, want %q", open, want)
	}
	s.take("", 700*time.Millisecond)
	p.kept(1)
}
