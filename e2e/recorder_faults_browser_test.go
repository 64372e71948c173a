package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	quota "github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"

	"github.com/downbeat-sync/downbeat/session"
)

// start starts a take that nobody has said the end of.
func (s *recordingStage) start() {
	s.t.Helper()
	_, err := s.leader.Call(s.t.Context(), "start_recording", map[string]any{})
	check(s.t, err)
}

func (s *recordingStage) stop() {
	s.t.Helper()
	_, err := s.leader.Call(s.t.Context(), "stop_recording", nil)
	check(s.t, err)
}

// do runs JavaScript in the page.
func (p *recordingPage) do(js string) {
	p.t.Helper()
	var ok bool
	evaluate(p.t, p.ctx, `(`+js+`, true)`, &ok)
}

// troubled waits until the page has complained of code, in words.
func (p *recordingPage) troubled(code string) {
	p.t.Helper()
	p.await(`recording.troubles.some(t => t.code === '` + code + `' && t.message.length > t.code.length)`)
}

// shows waits until the leader has been told that the device's camera is so.
func (p *recordingPage) shows(camera string) {
	p.t.Helper()
	p.tells("its camera, "+camera, func(d *session.DeviceStatus) bool { return d.Camera == camera })
}

// kept fails unless the only recording arrived whole, with at least so many frames. Chromium's fake
// camera gives one a second on a loaded machine, so that no test asks more of it than one or two.
func (p *recordingPage) kept(frames int) session.Recording {
	p.t.Helper()
	r := p.recordings(1)[0]
	for deadline := time.Now().Add(15 * time.Second); r.StopTimestamp == nil && time.Now().Before(deadline); pause(p.t.Context(), 20*time.Millisecond) {
		r = p.recordings(1)[0] // the file may be there before the report
	}
	if r.UploadStatus != "uploaded" || r.StartTimestamp == nil || r.StopTimestamp == nil {
		p.t.Fatalf("%s; troubles %v", asJSON(r), p.troubles())
	}
	p.hashed(r)
	if f := p.read(r); f.Frames < frames {
		p.t.Errorf("what was kept holds %+v", f)
	}
	return r
}

// TestRecorderFreezes: no frame comes for a while. The page and the leader are
// told, and told again once frames come; the take goes on.
func TestRecorderFreezes(t *testing.T) {
	s := newRecordingStage(t, nil)
	p := s.device("source=canvas&mute")
	p.shows("ready")
	s.start()
	p.shows("recording")
	p.do(`recording.drawing = false`)
	p.troubled("camera_frozen")
	p.shows("frozen")
	p.do(`recording.drawing = true`)
	p.await(`recording.cleared.includes('camera_frozen') && !recording.recorder.troubles.some(t => t.code === 'camera_frozen')`)
	p.shows("recording")
	s.stop()
	p.kept(10)
	p.shows("ready")
}

// TestRecorderStorageFull: the browser gives no more room in the middle of a
// take, which ends there. What was recorded is kept and uploaded.
func TestRecorderStorageFull(t *testing.T) {
	for _, method := range []string{"webcodecs", "mediarecorder"} {
		t.Run(method, func(t *testing.T) {
			s := newRecordingStage(t, nil)
			p := s.device("source=noise&mute&method=" + method)
			s.room(p, 2500<<10)
			s.start()
			p.troubled("storage_full")
			p.kept(5)
			s.stop()
		})
	}
}

// room is all that the browser gives to pages of the server. Chromium hands it
// out to files by the megabyte.
func (s *recordingStage) room(p *recordingPage, bytes float64) {
	s.t.Helper()
	_, err := chromedp.Run(p.ctx, call(quota.OverrideQuotaForOrigin, quota.OverrideQuotaForOriginParams{Origin: s.url, QuotaSize: &bytes}))
	check(s.t, err)
}

// TestRecorderNetworkAway: the network goes away in the middle of a take, which goes on
// until its end; what was recorded goes up once the network is back.
func TestRecorderNetworkAway(t *testing.T) {
	s := newRecordingStage(t, nil, fakeCamera...)
	relay := newRelay(t, s.url, s.udp)
	direct := s.url
	s.url = relay.url
	p := s.device("mute&resume")
	s.url = direct
	_, err := s.leader.Call(t.Context(), "start_recording", map[string]any{"duration": 2500})
	check(t, err)
	p.await(`recording.recorder.state === 'recording'`)
	relay.take()
	p.await(`recording.recorder.takes[0]?.state === 'waiting'`)
	p.do(`recording.bytes = recording.recorder.takes[0].bytes`)
	relay.giveBack()
	p.do(`dispatchEvent(new Event('online'))`) // as the browser does when an interface is back
	r := p.kept(2)
	var bytes float64
	evaluate(t, p.ctx, `recording.bytes`, &bytes)
	if n := s.arrived(r); int64(bytes) != n {
		t.Errorf("%.0f bytes were kept, and %d arrived", bytes, n)
	}
	s.inTake(r, 2500*time.Millisecond)
}

// TestRecorderCountsDown: while a take is coming the page hears how long it still is.
func TestRecorderCountsDown(t *testing.T) {
	s := newRecordingStage(t, nil, fakeCamera...)
	p := s.device("mute")
	_, err := s.leader.Call(t.Context(), "start_recording", map[string]any{"delay": 1000, "duration": 300, "postureLabel": "plank"})
	check(t, err)
	p.kept(1)
	type count struct {
		Ms    float64
		Label string
	}
	var counts []count
	evaluate(t, p.ctx, `recording.counts`, &counts)
	down := slices.IsSortedFunc(counts, func(a, b count) int { return int(b.Ms - a.Ms) })
	if len(counts) < 5 || !down || counts[0].Ms > 1000 || counts[len(counts)-1].Label != "plank" {
		t.Errorf("the countdown: %+v", counts)
	}
	for _, code := range p.troubles() {
		if !strings.HasPrefix(code, "coarse_clock") {
			t.Error(code)
		}
	}
}

// TestRecorderLosesItsCamera: somebody takes the camera away from the page in the middle of
// a take. The page and the leader are told, and what was recorded before is kept and uploaded.
func TestRecorderLosesItsCamera(t *testing.T) {
	s := newRecordingStage(t, nil, fakeCamera...)
	p := s.device("mute")
	s.start()
	p.await(`recording.recorder.takes[0]?.bytes > 10000`)
	_, err := chromedp.Run(s.browser.ctx, call(browser.SetPermission, browser.SetPermissionParams{
		Permission: &browser.PermissionDescriptor{Name: "camera"}, Setting: browser.PermissionSettingDenied, Origin: s.url,
	}))
	check(t, err)
	p.troubled("camera_lost")
	p.shows("lost")
	p.kept(2)
	before := len(p.troubles())
	s.stop()
	pause(t.Context(), 1200*time.Millisecond) // no less than a frozen camera takes to be one
	if codes := p.troubles()[before:]; slices.Contains(codes, "camera_frozen") {
		t.Errorf("troubles: %v", codes)
	}
	p.shows("lost")
}
