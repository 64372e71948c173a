package e2e

import (
	"bytes"
	"encoding/base64"
	"image/jpeg"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/downbeat-sync/downbeat/session"
)

// TestRecorderWarns: a covered lens, a microphone that is switched off and a camera that
// gives nothing are told to the leader with their numbers, and taken back.
func TestRecorderWarns(t *testing.T) {
	s := newRecordingStage(t, nil, chromedp.Flag("autoplay-policy", "no-user-gesture-required"))
	p := s.device("source=gloom")
	has := func(d *session.DeviceStatus, code string) bool {
		return slices.ContainsFunc(d.Warnings, func(w session.Warning) bool { return w.Code == code && (w.Value == nil || *w.Value > 0) })
	}
	p.tells("a covered lens and silence", func(d *session.DeviceStatus) bool {
		return d.Camera == "covered" && d.Microphone == "silent" && has(d, "camera_covered") && has(d, "silence") && *d.LevelDb == -120
	})
	p.do(`recording.lit = true`)
	p.tells("light and sound", func(d *session.DeviceStatus) bool {
		return d.Camera == "ready" && d.Microphone == "ready" && !has(d, "camera_covered") && !has(d, "silence") && d.FrameRate != nil
	})
	blind := s.device("source=blind")
	blind.tells("a camera that gives nothing", func(d *session.DeviceStatus) bool { return d.Camera == "frozen" })
	blind.troubled("camera_frozen")
}

// glimpse is a monitor event.
type glimpse struct {
	DeviceID      string
	Image         string
	Width, Height int
	PeakDb        *float64
}

// TestRecorderIsWatched: while the leader watches it gets small pictures and levels,
// between takes and in one, by both methods; before and after that it gets nothing.
func TestRecorderIsWatched(t *testing.T) {
	for _, method := range []string{"webcodecs", "mediarecorder"} {
		t.Run(method, func(t *testing.T) {
			s := newRecordingStage(t, nil, fakeCamera...)
			p := s.device("method=" + method)
			watch := func(on bool) {
				_, err := s.leader.Call(t.Context(), "watch_monitor", map[string]any{"on": on})
				check(t, err)
			}
			watch(true)
			p.glimpsed()
			s.start()
			p.await(`recording.recorder.state === 'recording'`)
			p.glimpsed()
			s.stop()
			watch(false)
			p.kept(2)
		})
	}
}

// glimpsed waits for a picture and a level, and fails unless these are what they should be.
func (p *recordingPage) glimpsed() {
	p.t.Helper()
	picture, level := false, false
	for deadline := time.Now().Add(15 * time.Second); !picture || !level; {
		var g glimpse
		check(p.t, p.leader.await(p.t, "monitor").Decode(&g))
		if time.Now().After(deadline) {
			p.t.Fatalf("picture %v, level %v", picture, level)
		}
		level = level || g.PeakDb != nil && *g.PeakDb > -60 && *g.PeakDb <= 0 // the fake microphone beeps
		if g.Image == "" {
			continue
		}
		picture = true
		content, err := base64.StdEncoding.DecodeString(g.Image)
		check(p.t, err)
		shown, err := jpeg.DecodeConfig(bytes.NewReader(content))
		check(p.t, err)
		if g.DeviceID != p.id || len(content) > 9000 || shown.Width != 160 || shown.Height != 90 || g.Width != 160 || g.Height != 90 {
			p.t.Errorf("a picture of %d × %d and %d bytes: %+v", shown.Width, shown.Height, len(content), g)
		}
	}
}
