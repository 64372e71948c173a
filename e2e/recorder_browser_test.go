package e2e

import (
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/session"
)

// TestRecorder: two pages with Chromium's fake camera record one take; the
// files arrive whole, hold as many frames as they should, and the manifest says
// what the session says.
func TestRecorder(t *testing.T) {
	s := newRecordingStage(t, nil, fakeCamera...)
	pages := []*recordingPage{s.device("view=front"), s.device("view=side&mute")}
	s.take("plank", 1500*time.Millisecond)
	all := s.recordings(2)
	s.leader.await(t, "session_completed")
	for i, r := range all {
		if r.UploadStatus != "uploaded" || r.StartTimestamp == nil || r.StopTimestamp == nil {
			t.Fatalf("recording %d: %s; troubles %v and %v", i, asJSON(r), pages[0].troubles(), pages[1].troubles())
		}
		s.hashed(r)
		s.inTake(r, 1500*time.Millisecond)
		f := pages[0].read(r)
		if length := ms(r.StopTimestamp.Sub(*r.StartTimestamp)); f.Frames < 2 || f.Start != 0 || f.End*1000 > length+1 || f.End*1000 < length-1 {
			t.Errorf("a recording of %.1f ms holds %+v", length, f)
		}
		if (f.Sound != nil) != (r.ViewType == "front") {
			t.Errorf("%s: sound %+v", r.ViewType, f.Sound)
		}
	}
	m := s.manifest(all[0])
	if len(m.Recordings) != 2 || *m.Recordings[1].AfterFirstMs != *all[1].DiffMs {
		t.Errorf("manifest %s for %s", asJSON(m), asJSON(all))
	}
	for _, p := range pages {
		// Chromium's fake microphone beeps now and then, on some machines less often than a take is
		// long; sound that is there or not is tested with one of our own.
		if codes := p.troubles(); len(codes) > 0 && codes[0] != "coarse_clock" && codes[0] != "silent_take" {
			t.Errorf("troubles: %v", codes)
		}
	}
}

// inTake fails unless the first frame was captured at the take's instant or
// soon after, and the last one not after its stop and soon before.
func (s *recordingStage) inTake(r session.Recording, length time.Duration) {
	s.t.Helper()
	const frame = time.Second // a loaded machine's camera skips some
	bound := time.Duration(*r.StartBoundMs * 1e6)
	if d := r.StartTimestamp.Sub(r.TakeTimestamp); d < -bound || d > frame+bound {
		s.t.Errorf("%s begins %v after the instant, ± %v", r.ViewType, d, bound)
	}
	bound = time.Duration(*r.StopBoundMs * 1e6)
	if d := r.TakeTimestamp.Add(length).Sub(*r.StopTimestamp); d < -bound || d > frame+bound {
		s.t.Errorf("%s ends %v before the stop", r.ViewType, d)
	}
}
