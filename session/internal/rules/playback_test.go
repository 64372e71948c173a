package rules

import (
	"slices"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

func TestPlayback(t *testing.T) {
	b := studio(t)
	_, err := Load(b.State, "bob", LoadRequest{}, t0)
	b.want(err, wire.CodeNotLeader)
	told := b.do(Load(b.State, "ann", LoadRequest{MediaURL: "/film.mp4", MediaID: "f"}, t0))
	if !slices.Equal(told, []string{"media_loaded"}) {
		t.Errorf("told %v", told)
	}
	sync := func(id string, q PlaybackRequest, now Instant) []string {
		c := CommandRecord{ID: id, Event: wire.PlaybackSync, By: "ann"}
		return b.do(Play(b.State, c, q, When{Lead: time.Second}, now))
	}
	position := func(d time.Duration) float64 { return b.Playback.At(after(d)).At(after(d)).Position }

	if told := sync("p1", PlaybackRequest{IsPlaying: true, Position: new(10.0), PlaybackRate: new(2.0)}, t0); !slices.Equal(told, []string{"playback_sync"}) {
		t.Errorf("told %v", told)
	}
	for d, want := range map[time.Duration]float64{0: 0, 999 * time.Millisecond: 0, time.Second: 10, 3 * time.Second: 14} {
		if got := position(d); got != want {
			t.Errorf("playing: at %v position %v, want %v", d, got, want)
		}
	}
	// A pause without a position takes the timeline's own at the instant.
	sync("p2", PlaybackRequest{}, after(3*time.Second))
	for d, want := range map[time.Duration]float64{3 * time.Second: 14, 3500 * time.Millisecond: 15, 4 * time.Second: 16, 9 * time.Second: 16} {
		if got := position(d); got != want {
			t.Errorf("paused: at %v position %v, want %v", d, got, want)
		}
	}
	// A cancelled seek hasn't happened.
	sync("p3", PlaybackRequest{Position: new(100.0)}, after(10*time.Second))
	if told := b.do(Cancel(b.State, "ann", "p3", after(10500*time.Millisecond))); !slices.Equal(told, []string{"cancelled"}) {
		t.Errorf("told %v", told)
	}
	if got := position(20 * time.Second); got != 16 {
		t.Errorf("after the cancelled seek: position %v", got)
	}
}

// TestPlaybackPlans: several changes of the timeline lie ahead.
func TestPlaybackPlans(t *testing.T) {
	b := studio(t)
	b.do(Load(b.State, "ann", LoadRequest{MediaURL: "/film.mp4", MediaTitle: "Film", MediaDuration: 90}, t0))
	sync := func(id string, q PlaybackRequest, now Instant, lead time.Duration) []string {
		c := CommandRecord{ID: id, Event: wire.PlaybackSync, By: "ann"}
		return b.do(Play(b.State, c, q, When{Lead: lead}, now))
	}
	position := func(d time.Duration) float64 { return b.Playback.At(after(d)).At(after(d)).Position }
	sync("p1", PlaybackRequest{IsPlaying: true, Position: new(10.0)}, t0, time.Second)
	sync("p2", PlaybackRequest{IsPlaying: true, Position: new(50.0)}, t0, 2*time.Second)
	for d, want := range map[time.Duration]float64{0: 0, 1500 * time.Millisecond: 10.5, 2 * time.Second: 50, 3 * time.Second: 51} {
		if got := position(d); got != want {
			t.Errorf("two ahead: at %v position %v, want %v", d, got, want)
		}
	}
	// What is issued last counts, whatever was planned for later.
	told := sync("p3", PlaybackRequest{}, after(500*time.Millisecond), time.Second)
	if !slices.Equal(told, []string{"cancelled", "playback_sync"}) || !b.Commands["p2"].Cancelled || b.Commands["p1"].Cancelled {
		t.Errorf("overtaking told %v", told)
	}
	if got := position(9 * time.Second); got != 10.5 {
		t.Errorf("after the overtaking pause: position %v", got)
	}
	// Without the one between, what follows stays as it was told.
	b.do(Cancel(b.State, "ann", "p1", after(600*time.Millisecond)))
	if got, then := position(1200*time.Millisecond), position(9*time.Second); got != 0 || then != 10.5 {
		t.Errorf("without p1: position %v, then %v", got, then)
	}
	told = b.do(Load(b.State, "ann", LoadRequest{MediaURL: "/other.mp4", MediaTitle: "Other"}, after(700*time.Millisecond)))
	if !slices.Equal(told, []string{"cancelled", "media_loaded"}) || position(9*time.Second) != 0 {
		t.Errorf("loading told %v", told)
	}
	sync("p4", PlaybackRequest{IsPlaying: true, MediaURL: new("/third.mp4")}, after(time.Second), time.Second)
	if m := b.Snapshot(after(time.Second)).Media; m.MediaURL != "/other.mp4" || m.MediaTitle != "Other" {
		t.Errorf("before the third: %+v", m)
	}
	if m := b.Snapshot(after(2 * time.Second)).Media; m.MediaURL != "/third.mp4" || m.MediaTitle != "" {
		t.Errorf("the third: %+v", m)
	}
}
