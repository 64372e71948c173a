package e2e

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/internal/lab"
)

// slips are what lies between sound and picture in a recording.
type slips struct {
	Offsets []struct {
		At, Ms float64 // where in the file, and by how much sound is late there, ms
	}
	Troubles []string
	Report   map[string]any
	Error    string
}

// p99 is what sound is off by at most, in nearly all places, ms.
func (s slips) p99() float64 {
	var all []float64
	for _, o := range s.Offsets {
		all = append(all, math.Abs(o.Ms))
	}
	return lab.Quantile(all, .99)
}

// drift is how far sound moves against the picture from the first fifth to the last, ms.
func (s slips) drift() float64 {
	n := len(s.Offsets) / 5
	sum := 0.0
	for i := range n {
		sum += s.Offsets[len(s.Offsets)-1-i].Ms - s.Offsets[i].Ms
	}
	return sum / float64(max(n, 1))
}

// microphone is how the synthetic one of testdata/soundbench.js goes wrong.
type microphone struct {
	Length    float64 `json:"length"` // ms
	PPM       float64 `json:"ppm"`
	Gaps      int     `json:"gaps"`
	Bursts    bool    `json:"bursts"`
	Container string  `json:"container,omitempty"`
}

// recorded is what the recorder's engine makes of it, in a worker of a real Chromium.
func (s *recordingStage) recorded(t testing.TB, m microphone) (found slips) {
	t.Helper()
	tab := s.browser.tab(t, s.url+"/test/soundbench.html")
	evaluate(t, tab, fmt.Sprintf(`(globalThis.wanted = %s)`, asJSON(m)), new(any))
	var answer *slips
	for deadline := time.Now().Add(5 * time.Minute); answer == nil && time.Now().Before(deadline); pause(t.Context(), 100*time.Millisecond) {
		evaluate(t, tab, `globalThis.measured`, &answer)
	}
	if answer == nil {
		t.Fatal("the worker doesn't come to an end")
	}
	found = *answer
	if found.Error != "" || len(found.Troubles) > 0 || float64(len(found.Offsets)) < m.Length/1000*0.7 {
		t.Fatalf("%s: %v, %d places", found.Error, found.Troubles, len(found.Offsets))
	}
	return found
}

// TestRecorderSoundKeepsItsPlace: whatever the microphone does, in the file that comes of it sound
// is at the picture that it was captured with.
func TestRecorderSoundKeepsItsPlace(t *testing.T) {
	s := newRecordingStage(t, nil)
	for name, m := range map[string]microphone{
		"gaps and late delivery": {Length: 40_000, Gaps: 5, Bursts: true},
		"a fast sound card, MP4": {Length: 40_000, PPM: 400, Container: "mp4"},
	} {
		found := s.recorded(t, m)
		t.Logf("%s: p99 %.1f ms, drift %.1f ms; %v", name, found.p99(), found.drift(), found.Report)
		if found.p99() > 20 || math.Abs(found.drift()) > 5 {
			t.Errorf("%s: %v", name, found.Offsets)
		}
	}
}

// live records what a page makes of its own time, while it is busy, and measures the uploaded file.
func (s *recordingStage) live(t testing.TB, length time.Duration) (found slips) {
	t.Helper()
	p := s.device("source=live&jank=120")
	s.take("live", length)
	r := s.recordings(1)[0]
	if r.UploadStatus != "uploaded" {
		t.Fatalf("%s; troubles %v", asJSON(r), p.troubles())
	}
	evaluate(t, p.ctx, fmt.Sprintf(`import('/test/recorder_offsets.js').then(m => m.offsetsIn('/test/%s'))`, r.File), &found)
	if float64(len(found.Offsets)) < length.Seconds()*0.6 {
		t.Fatalf("only %d places", len(found.Offsets))
	}
	return found
}

// BenchmarkBrowserSound: sound against picture anywhere in recordings of ten minutes.
func BenchmarkBrowserSound(b *testing.B) {
	const length = 10 * time.Minute
	for b.Loop() {
		s := newRecordingStage(b, nil)
		gaps := s.recorded(b, microphone{Length: ms(length), Gaps: 20, Bursts: true})
		fast := s.recorded(b, microphone{Length: ms(length), PPM: 200})
		live := s.live(b, 30*time.Second)
		b.ReportMetric(live.p99(), "ms-live-p99")
		b.ReportMetric(live.drift(), "ms-live-drift")
		b.ReportMetric(gaps.p99(), "ms-gaps-p99")
		b.ReportMetric(gaps.drift(), "ms-gaps-drift")
		b.ReportMetric(fast.p99(), "ms-200ppm-p99")
		b.ReportMetric(fast.drift(), "ms-200ppm-drift")
	}
}
