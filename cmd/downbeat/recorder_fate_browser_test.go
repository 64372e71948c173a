package main

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestRecorderReloaded: a page that is reloaded in the middle of a take keeps
// and uploads what it had recorded.
func TestRecorderReloaded(t *testing.T) {
	s := newRecordingStage(t, nil, fakeCamera...)
	p := s.device("mute&resume")
	_, err := s.leader.Call(t.Context(), "start_recording", map[string]any{})
	check(t, err)
	p.await(`recording.recorder.takes[0]?.bytes > 30000`)
	check(t, chromedp.Do(p.ctx, chromedp.Reload()))
	p.ready()
	_, err = s.leader.Call(t.Context(), "stop_recording", nil)
	check(t, err)
	r := s.recordings(1)[0]
	if r.UploadStatus != "uploaded" || r.StartTimestamp == nil || r.StopTimestamp == nil {
		t.Fatalf("%s; troubles %v", asJSON(r), p.troubles())
	}
	s.hashed(r)
	if f := p.read(r); f.Frames < 5 {
		t.Errorf("what was kept holds %+v", f)
	}
}

// TestMediaRecorder: without WebCodecs a recording begins with the first frame
// after the instant, good to a frame.
func TestMediaRecorder(t *testing.T) {
	s := newRecordingStage(t, nil, fakeCamera...)
	p := s.device("method=mediarecorder")
	s.take("plain", 1200*time.Millisecond)
	r := s.recordings(1)[0]
	if r.UploadStatus != "uploaded" || r.StartTimestamp == nil || r.StopTimestamp == nil {
		t.Fatalf("%s; troubles %v", asJSON(r), p.troubles())
	}
	s.hashed(r)
	s.inTake(r, 1200*time.Millisecond)
	if f := p.read(r); f.Frames < 5 || f.Sound == nil {
		t.Errorf("it holds %+v", f)
	}
}

// TestRecorderIsRefused: no permission, no camera.
func TestRecorderIsRefused(t *testing.T) {
	for want, options := range map[string][]chromedp.ExecAllocatorOption{
		"camera_refused": {chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("deny-permission-prompts", true)},
		"no_camera":      {chromedp.Flag("use-fake-ui-for-media-stream", true)},
	} {
		s := newRecordingStage(t, nil, options...)
		p := &recordingPage{recordingStage: s, ctx: s.browser.tab(t, s.url+"/test/recorder.html?mute")}
		p.joined()
		var code string
		evaluate(t, p.ctx, `recording.opened`, &code)
		if code != want {
			t.Errorf("open rejects with %q, want %q", code, want)
		}
	}
}
