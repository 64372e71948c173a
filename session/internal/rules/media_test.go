package rules

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

// playing is a film of 90 s that plays from position 10 one second after t0.
func playing(t *testing.T, q LoadRequest) *bench {
	b := studio(t)
	q.MediaURL = "/film.mp4"
	b.do(Load(b.State, "ann", q, t0))
	b.sync("p1", PlaybackRequest{IsPlaying: true, Position: new(10.0)}, t0)
	return b
}

// sync changes the timeline a second later.
func (b *bench) sync(id string, q PlaybackRequest, now Instant) []string {
	return b.do(Play(b.State, CommandRecord{ID: id, Event: wire.PlaybackSync, By: "ann"}, q, When{Lead: time.Second}, now))
}

func (b *bench) same(got []string, want ...string) {
	b.Helper()
	if !slices.Equal(got, want) {
		b.Errorf("told %v, want %v", got, want)
	}
}

// told is the playback state as somebody who asks is told.
func (b *bench) told(d time.Duration) PlaybackState { return b.Snapshot(after(d)).PlaybackState }

func TestTheEndIsTheEnd(t *testing.T) {
	b := playing(t, LoadRequest{MediaDuration: 90})
	if at := b.told(80 * time.Second); !at.IsPlaying || at.Position != 10 || at.MediaDuration != 90 {
		t.Errorf("before the end %+v", at)
	}
	for _, d := range []time.Duration{81 * time.Second, time.Hour} {
		if at := b.told(d); at.IsPlaying || at.Position != 90 || at.LastUpdateTime != after(81*time.Second).Time() {
			t.Errorf("at %v: %+v", d, at)
		}
	}
	b.sync("faster", PlaybackRequest{PlaybackRate: new(2.0)}, after(2*time.Minute))
	if at := b.told(3 * time.Minute); at.IsPlaying || at.Position != 90 {
		t.Errorf("another rate at the end: %+v", at)
	}
	b.sync("again", PlaybackRequest{IsPlaying: true}, after(3*time.Minute))
	if at := b.told(3*time.Minute + time.Second); !at.IsPlaying || at.Position != 0 || at.PlaybackRate != 2 {
		t.Errorf("played again: %+v", at)
	}
	b.sync("beyond", PlaybackRequest{IsPlaying: true, Position: new(1000.0)}, after(4*time.Minute))
	if at := b.told(5 * time.Minute); at.Position != 90 || at.IsPlaying {
		t.Errorf("a seek beyond the end: %+v", at)
	}
}

func TestLengthIsLearnt(t *testing.T) {
	b := playing(t, LoadRequest{})
	if at := b.told(time.Hour); !at.IsPlaying {
		t.Errorf("a film of unknown length: %+v", at)
	}
	if told := b.do(Learnt(b.State, "/other.mp4", 5, false, after(time.Minute)), nil); len(told) != 0 {
		t.Errorf("the length of a film that isn't loaded told %v", told)
	}
	if told := b.do(Learnt(b.State, "/film.mp4", 5, false, after(time.Minute)), nil); len(told) != 0 {
		t.Errorf("a length that it has been played beyond told %v", told)
	}
	if told := b.do(Learnt(b.State, "/film.mp4", 90, false, after(time.Minute)), nil); len(told) != 1 || told[0] != "media_info" {
		t.Errorf("told %v", told)
	}
	if told := b.do(Learnt(b.State, "/film.mp4", 5, false, after(time.Minute)), nil); len(told) != 0 {
		t.Errorf("a second word told %v", told)
	}
	if m := b.Snapshot(after(time.Minute)).Media; m.MediaDuration != 90 || b.told(time.Hour).Position != 90 {
		t.Errorf("media %+v, %+v", m, b.told(time.Hour))
	}
	b.same(b.do(Learnt(b.State, "/film.mp4", 120, true, after(2*time.Minute)), nil), "media_info")
	for _, leads := range []bool{false, true} {
		if told := b.do(Learnt(b.State, "/film.mp4", 110, leads, after(2*time.Minute)), nil); len(told) != 0 {
			t.Errorf("after the leader's word told %v", told)
		}
	}
	if got := b.told(time.Hour).Position; got != 120 {
		t.Errorf("by the leader's word it ends at %v", got)
	}
}

func TestLoop(t *testing.T) {
	b := playing(t, LoadRequest{MediaDuration: 90, Loop: true})
	position := func(d time.Duration) float64 { return b.Playback.At(after(d)).At(after(d)).Position }
	for d, want := range map[time.Duration]float64{80 * time.Second: 89, 81 * time.Second: 0, 91 * time.Second: 10, 181 * time.Second: 10} {
		if got := position(d); got != want {
			t.Errorf("at %v position %v, want %v", d, got, want)
		}
	}
	if off := b.Playback.At(after(81*time.Second)).Ahead(89.5, after(81*time.Second)); off != -0.5 {
		t.Errorf("just before the seam is %v ahead", off)
	}
	loops := func(on bool, d time.Duration) []string {
		return b.do(SetOptions(b.State, "ann", OptionsRequest{Loop: &on}, time.Second, after(d)))
	}
	b.sync("pause", PlaybackRequest{}, after(190*time.Second))
	if told := loops(false, 190*time.Second+500*time.Millisecond); len(told) != 1 || told[0] != "media_info" {
		t.Errorf("told %v", told)
	}
	if told := loops(false, 190*time.Second+600*time.Millisecond); len(told) != 0 {
		t.Errorf("told again %v", told)
	}
	if got, then := position(190*time.Second+700*time.Millisecond), position(time.Hour); got != 19.7 || then != 20 {
		t.Errorf("without the loop at %v, paused at %v", got, then)
	}
	b.sync("on", PlaybackRequest{IsPlaying: true}, after(200*time.Second))
	if at := b.told(time.Hour); at.IsPlaying || at.Position != 90 {
		t.Errorf("it ended at %+v", at)
	}
	loops(true, time.Hour)
	b.sync("round", PlaybackRequest{IsPlaying: true}, after(time.Hour))
	if got := position(time.Hour + 92*time.Second); got != 1 {
		t.Errorf("a loop after the end is at %v", got)
	}
	_, err := SetOptions(b.State, "bob", OptionsRequest{}, 0, t0)
	b.want(err, wire.CodeNotLeader)
}

// TestWait: two devices have to load, the second while the first is waited for.
func TestWait(t *testing.T) {
	b := playing(t, LoadRequest{})
	says := func(device string, on bool, d time.Duration) []string {
		return b.do(Buffering(b.State, device, "/film.mp4", on, time.Second, after(d)))
	}
	if told := says("d1", true, 5*time.Second); len(told) != 0 {
		t.Errorf("nobody is to be waited for, and told %v", told)
	}
	on, limit := true, 20*time.Second
	b.do(SetOptions(b.State, "ann", OptionsRequest{WaitForAll: &on, WaitLimit: &limit}, time.Second, after(5*time.Second)))
	b.same(says("d1", true, 10*time.Second), "media_info", "playback_sync")
	b.same(says("d2", true, 12*time.Second), "media_info")
	if at := b.told(15 * time.Second); at.IsPlaying || at.Position != 20 {
		t.Errorf("while they load %+v", at)
	}
	b.same(says("d1", false, 15*time.Second), "media_info")
	b.same(says("d2", false, 16*time.Second), "media_info", "playback_sync")
	if at := b.told(17 * time.Second); !at.IsPlaying || at.Position != 20 || at.LastUpdateTime != after(17*time.Second).Time() {
		t.Errorf("then %+v", at)
	}
	// One that has loaded before the pause calls it off.
	says("d1", true, 20*time.Second)
	b.same(says("d1", false, 20500*time.Millisecond), "cancelled", "media_info")
	if at := b.told(30 * time.Second); !at.IsPlaying || at.Position != 20 {
		t.Errorf("the pause was called off: %+v", at)
	}
	// The leader goes on without the slow ones, until they have loaded.
	says("d1", true, 40*time.Second)
	b.sync("go", PlaybackRequest{IsPlaying: true}, after(45*time.Second))
	if told := says("d1", true, 47*time.Second); len(told) != 0 || !b.told(50*time.Second).IsPlaying {
		t.Errorf("gone on without it, and told %v", told)
	}
	says("d1", false, 50*time.Second)
	b.same(says("d1", true, 51*time.Second), "media_info", "playback_sync")
	// Another film is nobody's wait.
	b.do(Load(b.State, "ann", LoadRequest{MediaURL: "/other.mp4"}, after(55*time.Second)))
	if told := says("d1", false, 56*time.Second); len(told) != 0 || b.Playback.Hold != nil {
		t.Errorf("another film is loaded, and told %v: %+v", told, b.Playback.Hold)
	}
}

func TestSubtitles(t *testing.T) {
	english := Subtitle{"/en.vtt", "English", "en"}
	b := playing(t, LoadRequest{Subtitles: []Subtitle{english}})
	if m := b.Snapshot(after(time.Second)).Media; !slices.Equal(m.Subtitles, []Subtitle{english}) {
		t.Errorf("%+v", m)
	}
	b.sync("other", PlaybackRequest{MediaURL: new("/other.mp4")}, after(time.Second))
	if m := b.Snapshot(after(3 * time.Second)).Media; len(m.Subtitles) != 0 {
		t.Errorf("another film has them: %+v", m)
	}
	for name, list := range map[string][]Subtitle{
		"no url": {{Label: "x"}}, "a language": {{URL: "/x", Language: "en us"}}, "a label": {{URL: "/x", Label: strings.Repeat("x", 65)}},
		"nine": slices.Repeat([]Subtitle{english}, 9),
	} {
		if code := codeOf((&LoadRequest{MediaURL: "/film.mp4", Subtitles: list}).Validate()); code != wire.CodeBadMedia {
			t.Errorf("%s: code %q", name, code)
		}
	}
}
