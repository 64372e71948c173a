package e2e

import (
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/downbeat-sync/downbeat/session"
)

// TestRecorderReloaded: a page that is reloaded in the middle of a take keeps and
// uploads what it had recorded, and records the rest of the take into another part.
func TestRecorderReloaded(t *testing.T) {
	for _, method := range []string{"webcodecs", "mediarecorder"} {
		t.Run(method, func(t *testing.T) {
			s := newRecordingStage(t, nil, fakeCamera...)
			p := s.device("mute&resume&method=" + method)
			s.start()
			p.await(`recording.recorder.takes[0]?.bytes > 30000`)
			check(t, chromedp.Do(p.ctx, chromedp.Reload()))
			p.ready()
			p.await(`recording.recorder.state === 'recording'`)
			p.await(`recording.recorder.takes.some(t => t.state === 'recording' && t.bytes > 30000)`)
			s.stop()
			s.parts(p, 2)
		})
	}
}

// TestRecorderReopened: a page that is closed in the middle of a take and opened again is
// its device again: it goes on in the take, and what it left is the device's own.
func TestRecorderReopened(t *testing.T) {
	s := newRecordingStage(t, nil, fakeCamera...)
	p := s.device("mute&resume")
	s.start()
	p.await(`recording.recorder.takes[0]?.bytes > 30000`)
	check(t, chromedp.Cancel(p.ctx))
	again := s.device("mute&resume")
	if again.id != p.id {
		t.Fatalf("it was device %s, and is %s", p.id, again.id)
	}
	again.await(`recording.recorder.takes.some(t => t.state === 'recording' && t.bytes > 30000)`)
	s.stop()
	s.parts(again, 2)
}

// parts fails unless the only take has so many parts of one device, one after the
// other, with true times, uploaded, and in the manifest.
func (s *recordingStage) parts(p *recordingPage, n int) {
	s.t.Helper()
	all := s.recordings(n)
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); pause(s.t.Context(), 20*time.Millisecond) {
		if all = s.recordings(n); !slices.ContainsFunc(all, func(r session.Recording) bool { return r.StopTimestamp == nil }) {
			break // files may be there before the reports
		}
	}
	for i, r := range all {
		if len(all) != n || r.Part != i+1 || r.UploadStatus != "uploaded" || r.StartTimestamp == nil || r.StopTimestamp == nil {
			s.t.Fatalf("part %d of %d: %s; troubles %v", i+1, len(all), asJSON(r), p.troubles())
		}
		s.hashed(r)
		if f := p.read(r); f.Frames < 2 {
			s.t.Errorf("part %d holds %+v", r.Part, f)
		}
		if i == 0 {
			continue
		}
		gap := r.StartTimestamp.Sub(*all[i-1].StopTimestamp)
		if bound := time.Duration((*r.StartBoundMs + *all[i-1].StopBoundMs) * 1e6); gap < -bound {
			s.t.Errorf("part %d begins %v after the end of the one before, ± %v", r.Part, gap, bound)
		}
	}
	if m := s.manifest(all[n-1]); len(m.Recordings) != n {
		s.t.Errorf("manifest %s", asJSON(m))
	}
}

// TestRecorderComesLate: a device whose camera is opened in the middle of a take
// records what is left of it.
func TestRecorderComesLate(t *testing.T) {
	s := newRecordingStage(t, nil, fakeCamera...)
	s.start()
	p := s.device("mute")
	p.await(`recording.recorder.takes[0]?.bytes > 30000`)
	s.stop()
	if r := p.kept(2); r.StartTimestamp.Sub(r.TakeTimestamp) <= 0 {
		t.Errorf("it begins before its take: %s", asJSON(r))
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
	if f := p.read(r); f.Frames < 2 || f.Sound == nil {
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
