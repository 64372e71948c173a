package e2e

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/lab"
	"github.com/downbeat-sync/downbeat/session"
)

const takeLength = 500 * time.Millisecond

// end is the first or the last frame of a recording: what was said of it, and the truth.
type end struct {
	reported, truly clock.SessionTime
	bound           time.Duration
	outer           clock.SessionTime // of the frame next to it, outside of the file
}

func (e end) off() time.Duration { return e.reported.Sub(e.truly) }

// honest fails unless the report is true within its bound.
func (e end) honest(t testing.TB, name string) {
	t.Helper()
	t.Logf("%s frame off by %v, ± %v", name, e.off(), e.bound)
	if e.off().Abs() > e.bound {
		t.Errorf("the %s frame is said to be %v from where it was, and to be within %v", name, e.off(), e.bound)
	}
}

// proof is what a file's pictures prove.
type proof struct {
	first, last end
	lost        int // frames that the camera gave within the take and that the file hasn't
}

// prove finds a file's frames among what the camera gave the page; false when
// the busy page may have missed one of those that matter.
func (p *recordingPage) prove(r session.Recording) (proof, bool) {
	p.t.Helper()
	f, shots := p.read(r, filmColumns, filmRows), p.shots()
	at := sessionAt(p.t, p.svc.Clock())
	when := func(i int) clock.SessionTime { return at(time.Duration(shots[i].Stamp * 1e3)) }
	find := func(code int) int { return slices.IndexFunc(shots, func(s shot) bool { return s.Code == code }) }
	i, k := find(f.Codes[0]), find(f.Codes[len(f.Codes)-1])
	if i < 1 || k < i || k+1 >= len(shots) {
		return proof{}, false
	}
	if shots[i-1].Code != f.Codes[0]-1 || shots[k+1].Code != shots[k].Code+1 {
		return proof{}, false // dropped on the way, or the film's end
	}
	return proof{
		first: end{*r.StartTimestamp, when(i), time.Duration(*r.StartBoundMs * 1e6), when(i - 1)},
		last:  end{*r.StopTimestamp, when(k), time.Duration(*r.StopBoundMs * 1e6), when(k + 1)},
		lost:  k - i + 1 - len(f.Codes),
	}, true
}

// proofs records a take and proves each file; those that can't be are left out.
func (s *recordingStage) proofs(pages []*recordingPage, take int) (all []proof) {
	s.t.Helper()
	s.take(fmt.Sprintf("take %d", take), takeLength)
	for _, r := range s.recordings(take * len(pages))[(take-1)*len(pages):] {
		p := pages[slices.IndexFunc(pages, func(p *recordingPage) bool { return p.id == r.DeviceID })]
		if r.UploadStatus != "uploaded" {
			s.t.Fatalf("%s; troubles %v", asJSON(r), p.troubles())
		}
		proven, sure := p.prove(r)
		if !sure {
			s.t.Logf("a frame beside those of %s was missed", r.ViewType)
			continue
		}
		s.rightlyCut(r, proven)
		all = append(all, proven)
	}
	return all
}

// rightlyCut fails unless the first frame is the first one captured at the
// take's instant or after, and the last one the last before its stop.
func (s *recordingStage) rightlyCut(r session.Recording, p proof) {
	s.t.Helper()
	// What the device's clock was off by is in the report alike.
	from, to := r.TakeTimestamp.Add(-p.first.off()), r.TakeTimestamp.Add(takeLength-p.last.off())
	if p.first.truly < from.Add(-p.first.bound) || p.first.outer >= from.Add(p.first.bound) {
		s.t.Errorf("%s begins %v after the instant, and there was a frame %v after it", r.ViewType, p.first.truly.Sub(from), p.first.outer.Sub(from))
	}
	if p.last.truly >= to.Add(p.last.bound) || p.last.outer < to.Add(-p.last.bound) {
		s.t.Errorf("%s ends %v after the stop, and there was a frame %v after it", r.ViewType, p.last.truly.Sub(to), p.last.outer.Sub(to))
	}
}

// TestRecorderCut: the camera's pictures are numbered. The numbers in two files tell
// which frames they begin and end with: the reported times of these are true within
// their bounds, and the cut is at the frames at which it has to be.
func TestRecorderCut(t *testing.T) {
	s := newRecordingStage(t, nil, filmCamera(t)...)
	pages := s.tapped("front", "side")
	proven := 0
	for take := 1; take <= 6 && proven < 4 && !t.Failed(); take++ {
		for _, p := range s.proofs(pages, take) {
			proven++
			p.first.honest(t, "first")
			p.last.honest(t, "last")
			t.Logf("%d frames lost", p.lost)
		}
	}
	if proven < 4 {
		t.Errorf("only %d files could be proven", proven)
	}
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
	f := p.read(r, 8, 6)
	drawn := sessionAt(t, s.svc.Clock())(pageTime(t, s.browser.endTrace(t), p.id)(float64(f.Codes[0]) / 1000))
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
		s := newRecordingStage(b, nil, filmCamera(b)...)
		pages := s.tapped("front", "side")
		var errs, spread, manifest, bounds []float64
		outside, lost, frames := 0, 0, 0.0
		for take := 1; take <= 15; take++ {
			proofs := s.proofs(pages, take)
			for _, p := range proofs {
				errs, bounds = append(errs, ms(p.first.off().Abs())), append(bounds, ms(p.first.bound))
				lost += p.lost
				for _, e := range []end{p.first, p.last} {
					if e.off().Abs() > e.bound {
						outside++
					}
				}
			}
			if len(proofs) < 2 {
				continue
			}
			one, other := proofs[0].first, proofs[1].first
			truly := one.truly.Sub(other.truly)
			spread = append(spread, ms(truly.Abs()))
			frames = max(frames, ms(truly.Abs())/ms(one.truly.Sub(one.outer)))
			manifest = append(manifest, ms((one.reported.Sub(other.reported) - truly).Abs()))
		}
		b.ReportMetric(lab.Quantile(errs, .5), "ms-first-frame-err-p50")
		b.ReportMetric(lab.Quantile(errs, .95), "ms-first-frame-err-p95")
		b.ReportMetric(lab.Quantile(bounds, .5), "ms-bound-p50")
		b.ReportMetric(float64(outside), "outside-bound")
		b.ReportMetric(lab.Quantile(spread, .95), "ms-cut-spread-p95")
		b.ReportMetric(frames, "frames-cut-spread-max")
		b.ReportMetric(lab.Quantile(manifest, .95), "ms-manifest-err-p95")
		b.ReportMetric(float64(lost), "frames-lost")
	}
}
