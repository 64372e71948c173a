package e2e

import (
	"bufio"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// A camera whose pictures are numbered: blocks of black and white, the lowest bit first.
const (
	filmColumns, filmRows = 4, 3
	filmWidth, filmHeight = 160, 90
	filmFrames            = 600 // 20 s, then it begins anew
)

// filmCamera makes Chromium's fake camera play numbered frames, 30 a second.
func filmCamera(t testing.TB) []chromedp.ExecAllocatorOption {
	t.Helper()
	path := filepath.Join(t.TempDir(), "film.y4m")
	f, err := os.Create(path)
	check(t, err)
	w := bufio.NewWriter(f)
	_, _ = w.WriteString("YUV4MPEG2 W160 H90 F30:1 Ip A1:1 C420\n")
	for n := range filmFrames {
		_, _ = w.WriteString("FRAME\n")
		_, _ = w.Write(filmFrame(n))
	}
	check(t, w.Flush())
	check(t, f.Close())
	return append([]chromedp.ExecAllocatorOption{chromedp.Flag("use-file-for-fake-video-capture", path)}, fakeCamera...)
}

// filmFrame is a picture that shows a number, in I420.
func filmFrame(n int) []byte {
	picture := make([]byte, 0, filmWidth*filmHeight*3/2)
	for y := range filmHeight {
		for x := range filmWidth {
			bit := y*filmRows/filmHeight*filmColumns + x*filmColumns/filmWidth
			picture = append(picture, byte(16+(n>>bit&1)*219))
		}
	}
	for range filmWidth * filmHeight / 2 {
		picture = append(picture, 128) // no colour
	}
	return picture
}

// shot is a frame as the camera gave it. Chromium stamps the frames of a camera in
// microseconds of CLOCK_MONOTONIC when it captures them.
type shot struct {
	Stamp float64
	Code  int
}

// tapped opens pages that see what their camera gives beside the recorder.
func (s *recordingStage) tapped(views ...string) (pages []*recordingPage) {
	s.t.Helper()
	for _, view := range views {
		p := s.device("mute&view=" + view)
		p.do(`recording.tap([4, 3])`)
		pages = append(pages, p)
	}
	return pages
}

// shots are the latest frames that the page's camera gave, in order.
func (p *recordingPage) shots() (all []shot) {
	p.t.Helper()
	evaluate(p.t, p.ctx, `recording.seen`, &all)
	return all
}
