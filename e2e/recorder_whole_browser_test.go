package e2e

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// seekIn loads a file into a video element, and asks where it is after seeking to its middle.
const seekIn = `new Promise((done, fail) => {
	const video = document.createElement('video')
	video.muted = true
	video.onerror = () => fail(video.error.message)
	video.onloadedmetadata = () => {
		const { duration, seekable } = video
		const end = seekable.length ? seekable.end(0) : 0
		video.onseeked = () => done([Number.isFinite(duration) ? duration : -1, end, video.currentTime])
		video.currentTime = duration / 2
	}
	video.src = '/test/%s'
})`

// TestRecordingsSeek: what a page has recorded, exactly and by MediaRecorder, has a length and a seek bar in a browser, and
// says what it is, whichever container it came in.
func TestRecordingsSeek(t *testing.T) {
	s := newRecordingStage(t, nil, fakeCamera...)
	pages := []*recordingPage{s.device("view=front"), s.device("view=side&method=mediarecorder")}
	s.take("plank", 2*time.Second)
	for _, r := range s.recordings(2) {
		s.hashed(r)
		var at []float64
		ctx, cancel := context.WithTimeout(pages[0].ctx, 20*time.Second)
		evaluate(t, ctx, fmt.Sprintf(seekIn, r.File), &at)
		cancel()
		if at[0] < 1 || at[0] > 4 || at[1] < at[0]-0.1 || at[2] < at[0]/2-0.1 || at[2] > at[0]/2+0.1 {
			t.Errorf("%s (%s): duration, end of what can be sought, place after seeking: %v", r.ViewType, r.FileType, at)
		}
		if _, err := exec.LookPath("ffprobe"); err == nil {
			s.says(r.File, "plank")
		}
	}
}

// says looks whether a file has the title of its take, by ffprobe.
func (s *recordingStage) says(file, title string) {
	s.t.Helper()
	name := filepath.Join(s.dir, filepath.FromSlash(file))
	out, err := exec.Command("ffprobe", "-v", "error", "-of", "csv=p=0", "-show_entries", "format=duration:format_tags=title,creation_time", name).CombinedOutput()
	if err != nil || !strings.Contains(string(out), title) || !strings.Contains(string(out), "T") || strings.HasPrefix(string(out), "N/A") {
		s.t.Errorf("ffprobe: %v %s", err, out)
	}
}
