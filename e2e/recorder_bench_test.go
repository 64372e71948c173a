package e2e

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/internal/lab"
	"github.com/downbeat-sync/downbeat/signaling"
)

// benchCameras are as many as two cores carry: each encodes 320 × 180 in software, next to
// the fake camera, the page and the browser. Larger pictures leave no time to measure in.
const benchCameras = 4

// lateActs makes a page act by at() at random and tells how late each was, in ms.
const lateActs = `(async count => {
	const { session } = recording, all = []
	for (let i = 0; i < count; i++) {
		const t = session.now() + 20 + 20 * Math.random()
		all.push(await new Promise(done => session.at(t, ({ lateness }) => done(lateness))))
	}
	return all
})`

// BenchmarkBrowserMonitor: what small pictures and levels cost cameras that record. Takes with
// and without them take turns in one run, so that both have the same machine.
func BenchmarkBrowserMonitor(b *testing.B) {
	for b.Loop() {
		s := newRecordingStage(b, nil, fakeCamera...)
		_, err := s.leader.Call(b.Context(), "camera_settings", map[string]any{"settings": map[string]any{"width": 320, "height": 180}})
		check(b, err)
		var pages []*recordingPage
		for range benchCameras {
			pages = append(pages, s.device("view=front"))
		}
		on, off := &monitorFigures{watched: true}, &monitorFigures{}
		for _, f := range []*monitorFigures{off, on, on, off, off, on, on, off} {
			f.take(s, pages)
		}
		off.report(b, "off")
		on.report(b, "on")
		b.ReportMetric(on.rate(), "B/s-camera")
		b.ReportMetric(8*on.rate(), "B/s-8-cameras")
	}
}

// monitorFigures are of all takes with the monitor on, or off.
type monitorFigures struct {
	watched         bool
	takes           int
	late            []float64 // µs
	frames, dropped int64
	bytes           float64
	events          int
	seconds         float64
}

// take makes a take in which each page acts 150 times.
func (f *monitorFigures) take(s *recordingStage, pages []*recordingPage) {
	_, err := s.leader.Call(s.t.Context(), "watch_monitor", map[string]any{"on": f.watched})
	check(s.t, err)
	s.start()
	for _, p := range pages {
		p.await(`recording.recorder.state === 'recording'`)
		p.do(`recording.late = ` + lateActs + `(150)`)
	}
	began := time.Now()
	heard := s.counting()
	for _, p := range pages {
		var late []float64
		evaluate(s.t, p.ctx, `recording.late`, &late)
		for _, ms := range late {
			f.late = append(f.late, 1000*ms)
		}
	}
	s.stop()
	f.seconds += time.Since(began).Seconds()
	events, bytes := heard()
	f.events, f.bytes = f.events+events, f.bytes+bytes
	f.takes++
	f.count(s, len(pages))
}

// counting counts the monitor events that come to the leader from now on.
func (s *recordingStage) counting() (done func() (events int, bytes float64)) {
	counted := make(chan [2]float64, 1)
	ended := make(chan struct{})
	go func() {
		var n, bytes float64
		for {
			select {
			case <-ended:
				counted <- [2]float64{n, bytes}
				return
			case m := <-s.leader.events:
				if m.Event == "monitor" {
					n++
					bytes += float64(len(encoded(m)))
				}
			}
		}
	}()
	return func() (int, float64) {
		close(ended)
		c := <-counted
		return int(c[0]), c[1]
	}
}

func encoded(m signaling.Message) []byte {
	b, _ := json.Marshal(m)
	return b
}

// count waits for the take's recordings and adds up what they are made of.
func (f *monitorFigures) count(s *recordingStage, cameras int) {
	all := s.recordings(0)
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); pause(s.t.Context(), 50*time.Millisecond) {
		settled := 0
		all = s.recordings(0)
		for _, r := range all {
			if r.Report != nil {
				settled++
			}
		}
		if settled == len(all) && settled%cameras == 0 {
			break
		}
	}
	for _, r := range all[max(0, len(all)-cameras):] {
		if r.Report != nil && r.Report.Frames != nil {
			f.frames += *r.Report.Frames
			f.dropped += *r.Report.DroppedFrames
		}
	}
}

// rate is what a camera sends to be watched, in bytes a second.
func (f *monitorFigures) rate() float64 { return f.bytes / f.seconds / benchCameras }

func (f *monitorFigures) report(b *testing.B, name string) {
	b.ReportMetric(lab.Quantile(f.late, .5), "us-at-p50-"+name)
	b.ReportMetric(lab.Quantile(f.late, .99), "us-at-p99-"+name)
	b.ReportMetric(100*float64(f.dropped)/float64(max(1, f.frames+f.dropped)), "%-dropped-"+name)
	b.ReportMetric(float64(f.frames), "frames-"+name)
}
