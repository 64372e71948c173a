package mpv

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/session"
)

// play plays for a while by a law, of which each frame is told, and returns by how much it is ahead at the end.
func play(l *law, ahead float64, rate float64, length time.Duration) float64 {
	speed, now := rate, clock.SessionTime(0)
	l.deaf = 0 // another run, whose time begins anew
	const frame = 40 * time.Millisecond
	for end := now.Add(length); now < end; now = now.Add(frame) {
		ahead += (speed - rate) * frame.Seconds()
		l.add(now, time.Duration(ahead*1e9))
		if _, ok := l.judge(now); ok {
			if to, changed := l.speed(rate, now); changed {
				speed = to
			}
		}
	}
	return ahead
}

// TestLaw: what is off by less than a seek is made up for within some seconds, and not overdone; speed is the rate then.
func TestLaw(t *testing.T) {
	for _, rate := range []float64{0.5, 1, 2} {
		for _, ahead := range []float64{-.24, -.05, -.004, .004, .05, .24} {
			l := newLaw()
			if left := play(&l, ahead, rate, 25*time.Second); math.Abs(left) > .006 {
				t.Errorf("%v s ahead at rate %v: still %v s", ahead, rate, left)
			}
			if speed, _ := l.speed(rate, 0); speed != rate {
				t.Errorf("%v s ahead at rate %v: the speed stays %v", ahead, rate, speed)
			}
		}
	}
}

// TestLearns: a seek that is late and a start that is late are asked for earlier the next time.
func TestLearns(t *testing.T) {
	l := newLaw()
	for range 20 { // a seek takes 300 ms
		l.sought()
		play(&l, (l.cost - 300*time.Millisecond).Seconds(), 1, 450*time.Millisecond)
	}
	if off := (l.cost - 300*time.Millisecond).Abs(); off > 10*time.Millisecond {
		t.Errorf("a seek is believed to take %v", l.cost)
	}
	for range 20 { // a start takes 80 ms
		l.started()
		play(&l, (l.lead - 80*time.Millisecond).Seconds(), 1, 450*time.Millisecond)
	}
	if off := (l.lead - 80*time.Millisecond).Abs(); off > 10*time.Millisecond {
		t.Errorf("a start is believed to take %v", l.lead)
	}
}

const at0 = clock.SessionTime(1_763_894_400_000_000_000)

func after(s float64) clock.SessionTime { return at0.Add(time.Duration(s * 1e9)) }

// TestTimeline: where the media are, through what is planned, called off, told anew and looped.
func TestTimeline(t *testing.T) {
	playing := func(from, position float64, id string) session.PlaybackSync {
		return session.PlaybackSync{Timestamp: after(from), CommandID: id, PlaybackState: session.PlaybackState{
			MediaURL: "a", Position: position, IsPlaying: true, PlaybackRate: 1, MediaDuration: 60,
		}}
	}
	event := func(l timeline, name string, data any) timeline {
		b, err := json.Marshal(data)
		if err != nil {
			t.Fatal(err)
		}
		l, ok := l.event(name, b)
		if !ok {
			t.Errorf("%s says nothing", name)
		}
		return l
	}
	see := func(l timeline, s float64, want string) {
		t.Helper()
		now, next := l.holds(after(s))
		position, plays, over := now.at(after(s))
		if got := fmt.Sprintf("%s %.1f %v %v %v", now.MediaURL, position, plays, over, next != nil); got != want {
			t.Errorf("at %v s: %s, want %s", s, got, want)
		}
	}
	var l timeline
	see(l, 0, " 0.0 false false false")
	loaded := session.MediaLoaded{Timestamp: after(0)}
	loaded.MediaURL, loaded.MediaDuration = "a", 60
	l = event(l, "media_loaded", loaded)
	l = l.changed(playing(5, 10, "one")).changed(playing(5, 10, "one"))
	see(l, 4, "a 0.0 false false true")
	see(l, 6, "a 11.0 true false false")
	see(l, 56, "a 60.0 false true false")
	planned := l.changed(playing(20, 0, "two"))
	see(planned, 21, "a 1.0 true false false")
	see(event(planned, "cancelled", session.Cancelled{CommandID: "two"}), 21, "a 26.0 true false false")
	info := session.MediaInfo{Timestamp: after(50)}
	info.MediaURL, info.MediaDuration, info.Loop = "a", 60, true
	looped := event(l, "media_info", info)
	see(looped, 56, "a 1.0 true false false")
	if off := looped[len(looped)-1].apart(59.9, .1); (off + 200*time.Millisecond).Abs() > time.Millisecond {
		t.Errorf("across the loop it is %v ahead", off)
	}
	back := planned.joined(session.PlaybackState{MediaURL: "a", Position: 12, IsPlaying: true, PlaybackRate: 1, LastUpdateTime: after(7)})
	see(back, 8, "a 13.0 true false true")
	see(back, 21, "a 1.0 true false false")
	if _, ok := l.event("device_joined", []byte("{}")); ok {
		t.Error("a device that joins changes the timeline")
	}
}
