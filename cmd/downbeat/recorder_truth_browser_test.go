package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/session"
)

// beginning is with which of the camera's frames a file begins. Chromium stamps
// the frames of a camera in microseconds of CLOCK_MONOTONIC when it captures them.
type beginning struct {
	Stamp, Before float64 // µs; Before: of the frame before it
	After         float64 // µs; of the frame after it
	Far, Next     float64 // how unlike the file's first picture that frame is, and the next best one, where these two differ
}

// begins identifies a file's first picture among what the camera gave the page;
// false when it can't tell, as when the busy page may have missed that frame.
func (p *recordingPage) begins(r session.Recording) (beginning, bool) {
	p.t.Helper()
	var b beginning
	evaluate(p.t, p.ctx, fmt.Sprintf(`recording.begins('/test/%s')`, r.File), &b)
	const apart = 75e3 // µs; the fake camera gives 20 frames a second
	whole := b.Stamp-b.Before < apart && b.After-b.Stamp < apart
	return b, b.Far*4 <= b.Next || whole && b.Far*1.2 <= b.Next
}

// firstFrame is what a recording's first frame was, and what was said of it.
type firstFrame struct {
	reported, truly, before clock.SessionTime
	bound                   time.Duration
}

func (f firstFrame) off() time.Duration { return f.reported.Sub(f.truly) }

// firstFrames records a take and identifies the first frame of each file.
func (s *recordingStage) firstFrames(pages []*recordingPage, take int) []firstFrame {
	s.t.Helper()
	s.take(fmt.Sprintf("take %d", take), 500*time.Millisecond)
	all := s.recordings(take * len(pages))
	at := sessionAt(s.t, s.svc.clock)
	var frames []firstFrame
	for _, r := range all[(take-1)*len(pages):] {
		for _, p := range pages {
			if p.id != r.DeviceID {
				continue
			}
			b, sure := p.begins(r)
			if !sure {
				s.t.Logf("which frame %s begins with isn't sure: %+v", r.ViewType, b)
				continue
			}
			frames = append(frames, firstFrame{
				reported: *r.StartTimestamp, bound: time.Duration(*r.StartBoundMs * 1e6),
				truly: at(time.Duration(b.Stamp * 1e3)), before: at(time.Duration(b.Before * 1e3)),
			})
			f := frames[len(frames)-1]
			// What the device's clock was off by is in the report alike.
			if t := r.TakeTimestamp.Add(f.off()); f.truly < t.Add(-f.bound) || f.before >= t.Add(f.bound) {
				s.t.Errorf("%s begins %v after the instant, and there was a frame %v after it", r.ViewType, f.truly.Sub(t), f.before.Sub(t))
			}
		}
	}
	return frames
}

// TestRecorderFirstFrame: the pictures of two files are identified among what the
// camera gave, whose stamps are the machine's monotonic clock. The times that
// were reported are true within their bounds, and the first frame is the first one captured
// at the instant or after.
func TestRecorderFirstFrame(t *testing.T) {
	s := newRecordingStage(t, nil, fakeCamera...)
	pages := s.tapped("front", "side")
	identified := 0
	for take := 1; take <= 8 && identified < 4 && !t.Failed(); take++ {
		for _, f := range s.firstFrames(pages, take) {
			identified++
			t.Logf("first frame off by %v, ± %v", f.off(), f.bound)
			if f.off().Abs() > f.bound {
				t.Errorf("a first frame is said to be %v from where it was, and to be within %v", f.off(), f.bound)
			}
		}
	}
	if identified < 4 {
		t.Errorf("only %d first frames could be identified", identified)
	}
}

// tapped opens pages that see what their camera gives beside the recorder.
func (s *recordingStage) tapped(views ...string) (pages []*recordingPage) {
	s.t.Helper()
	for _, view := range views {
		p := s.device("mute&view=" + view)
		var ok bool
		evaluate(s.t, p.ctx, `(recording.tap(), true)`, &ok)
		pages = append(pages, p)
	}
	return pages
}

// TestRecorderTimeCode: a canvas that shows the page's time in its pixels is
// recorded; the first picture of the file tells when it was drawn.
func TestRecorderTimeCode(t *testing.T) {
	s := newRecordingStage(t, nil)
	p := s.device("mute&view=code&source=canvas")
	s.browser.startTrace(t, p.ctx)
	var ok bool
	evaluate(t, p.ctx, `(recording.probe(), true)`, &ok)
	s.take("code", 500*time.Millisecond)
	r := s.recordings(1)[0]
	if r.UploadStatus != "uploaded" {
		t.Fatalf("%s; troubles %v", asJSON(r), p.troubles())
	}
	f := p.read(r, true)
	drawn := sessionAt(t, s.svc.clock)(pageTime(t, s.browser.endTrace(t), p.id)(f.First))
	late, bound := r.StartTimestamp.Sub(drawn), time.Duration(*r.StartBoundMs*1e6)
	t.Logf("the first frame is said to be %v after it was drawn, ± %v", late, bound)
	// A canvas is captured when its frame is composed, up to two of the screen's frames later.
	if late < -bound || late > bound+2*time.Second/60 {
		t.Errorf("the first frame is said to be %v after it was drawn, ± %v", late, bound)
	}
}

// BenchmarkBrowserRecording: what is reported of first frames, against the truth.
func BenchmarkBrowserRecording(b *testing.B) {
	for b.Loop() {
		s := newRecordingStage(b, nil, fakeCamera...)
		pages := s.tapped("front", "side")
		var errs, apart, toldApart, bounds []float64
		outside := 0
		for take := 1; take <= 15; take++ {
			frames := s.firstFrames(pages, take)
			for _, f := range frames {
				errs, bounds = append(errs, ms(f.off().Abs())), append(bounds, ms(f.bound))
				if f.off().Abs() > f.bound {
					outside++
				}
			}
			if len(frames) < 2 {
				continue
			}
			truly := frames[1].truly.Sub(frames[0].truly)
			apart = append(apart, ms(truly.Abs()))
			toldApart = append(toldApart, ms((frames[1].reported.Sub(frames[0].reported) - truly).Abs()))
		}
		b.ReportMetric(quantile(errs, .5), "ms-first-frame-err-p50")
		b.ReportMetric(quantile(errs, .95), "ms-first-frame-err-p95")
		b.ReportMetric(quantile(bounds, .5), "ms-bound-p50")
		b.ReportMetric(float64(outside), "outside-bound")
		b.ReportMetric(quantile(apart, .95), "ms-cut-apart-p95")
		b.ReportMetric(quantile(toldApart, .95), "ms-manifest-err-p95")
	}
}
