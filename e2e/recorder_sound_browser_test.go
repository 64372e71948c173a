package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/session"
)

// loudness is how loud a recording is, every 10 ms; −1 where its sound has a hole.
func (p *recordingPage) loudness(r session.Recording) (peaks []float64) {
	p.t.Helper()
	evaluate(p.t, p.ctx, fmt.Sprintf(`import('/test/recorder_hear.js').then(m => m.loudness('/test/%s'))`, r.File), &peaks)
	return peaks
}

// TestRecorderSoundComesLate: a microphone that gives nothing yet joins the take under way as soon
// as it gives something, leaves silence while it is away, and is there in the next take.
func TestRecorderSoundComesLate(t *testing.T) {
	s := newRecordingStage(t, nil)
	p := s.device("breath")
	p.hush()
	s.start()
	p.await(`recording.recorder.state === 'recording'`)
	pause(t.Context(), 1200*time.Millisecond)
	p.do(`recording.breath.on()`)
	pause(t.Context(), 1500*time.Millisecond)
	p.do(`recording.breath.off()`)
	pause(t.Context(), time.Second)
	p.do(`recording.breath.on()`)
	pause(t.Context(), 1200*time.Millisecond)
	s.stop()
	first := s.recordings(2)[1]
	s.take("next", 800*time.Millisecond)
	next := s.recordings(3)[2]
	peaks := p.loudness(first)
	heard := func(v float64) bool { return v > 0.3 }
	on := slices.IndexFunc(peaks, heard)
	off := on + slices.IndexFunc(peaks[max(on, 0):], func(v float64) bool { return v < 0.1 })
	again := off + slices.IndexFunc(peaks[max(off, 0):], heard)
	t.Logf("sound from %d0 ms to %d0 ms, and from %d0 ms of %d0 ms", on, off, again, len(peaks))
	if on < 90 || on > 200 || off-on < 120 || again-off < 80 || !heard(slices.Max(peaks[again:])) {
		t.Errorf("loudness every 10 ms: %v", peaks)
	}
	if slices.Contains(peaks, -1) {
		t.Error("the sound has holes")
	}
	if loud := p.loudness(next); len(loud) < 60 || !heard(slices.Max(loud)) {
		t.Errorf("the next take: %v", loud)
	}
}

// hush records a take in which the microphone gives nothing: it is silent, and says so.
func (p *recordingPage) hush() {
	p.t.Helper()
	p.take("hush", 700*time.Millisecond)
	r := p.kept(5)
	p.troubled("silent_take")
	if peaks := p.loudness(r); len(peaks) < 30 || slices.Max(peaks) > 0.01 {
		p.t.Errorf("loudness every 10 ms: %v", peaks)
	}
}

// TestRecorderMicrophoneComesBack: the microphone goes in the middle of a take, as when its plug is
// pulled, and comes back. The take goes on, with silence in between.
func TestRecorderMicrophoneComesBack(t *testing.T) {
	s := newRecordingStage(t, nil)
	p := s.device("plugged")
	s.start()
	p.await(`recording.recorder.takes[0]?.bytes > 5000`)
	p.do(`recording.pull()`)
	p.troubled("microphone_lost")
	pause(t.Context(), 1500*time.Millisecond)
	p.do(`recording.plug()`)
	p.await(`recording.recorder.troubles.length === 0`)
	pause(t.Context(), 2*time.Second)
	s.stop()
	peaks := p.loudness(p.kept(5))
	loud := func(part []float64) bool { return slices.Max(part) > 0.3 }
	gap := 0
	for i := range peaks {
		if i >= 80 && !loud(peaks[i-80:i]) {
			gap = i
		}
	}
	if !loud(peaks[:60]) || !loud(peaks[len(peaks)-60:]) || gap == 0 || slices.Contains(peaks, -1) {
		t.Errorf("loudness every 10 ms: %v", peaks)
	}
}

// TestRecorderStandsStill: what is recorded doesn't change, before the take and in it. Its picture is
// there from the take's instant to its end, at any length of the take.
func TestRecorderStandsStill(t *testing.T) {
	s := newRecordingStage(t, nil)
	p := s.device("source=canvas&mute")
	p.do(`recording.drawing = false`)
	pause(t.Context(), 700*time.Millisecond)
	for i, length := range []time.Duration{8 * time.Millisecond, 2600 * time.Millisecond} {
		t.Run(length.String(), func(t *testing.T) {
			s.take("still", length)
			r := s.recordings(i + 1)[i]
			s.inTake(r, length)
			if late := r.StartTimestamp.Sub(r.TakeTimestamp); late.Abs() > 5*time.Millisecond {
				t.Errorf("it begins %v after its instant", late)
			}
			f := p.read(r)
			if lacking := ms(length) - f.End*1000; f.Frames > 10 || lacking > 60 {
				t.Errorf("its picture ends %.0f ms early: %+v", lacking, f)
			}
		})
	}
}

// TestRecorderWithoutAFrame: the camera never gives a picture. Nothing was recorded then, whatever
// bytes a recorder makes of that, and the session is told so.
func TestRecorderWithoutAFrame(t *testing.T) {
	for _, method := range []string{"webcodecs", "mediarecorder"} {
		t.Run(method, func(t *testing.T) {
			s := newRecordingStage(t, nil)
			p := s.device("source=blind&method=" + method)
			s.take("blind", 1200*time.Millisecond)
			if r := s.recordings(1)[0]; r.UploadStatus != "failed" {
				t.Errorf("%s; troubles %v", asJSON(r), p.troubles())
			}
			p.await(`recording.recorder.takes.every(take => take.state !== 'uploaded')`)
		})
	}
}

// TestRecorderOfAMoment: a take that is over before the camera's next frame has one picture.
func TestRecorderOfAMoment(t *testing.T) {
	s := newRecordingStage(t, nil, fakeCamera...)
	p := s.device("")
	s.take("moment", 8*time.Millisecond)
	r := p.kept(1)
	if late := r.StartTimestamp.Sub(r.TakeTimestamp); late < -time.Duration(*r.StartBoundMs*1e6) || late > 10*time.Millisecond {
		t.Errorf("it begins %v after its instant", late)
	}
}
