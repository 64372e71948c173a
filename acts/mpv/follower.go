package mpv

import (
	"math"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

const (
	// look is how often it is looked whether something is to be done.
	look = 100 * time.Millisecond
	// soon is how long before a start mpv is brought to where that is.
	soon = 10 * time.Second
	// retry is when a medium that couldn't be loaded is tried again.
	retry = 5 * time.Second
	// restart is how long a seek may take.
	restart = 5 * time.Second
	// tellEvery is how often the session is told how far mpv is off.
	tellEvery = 5 * time.Second
)

// follower is an mpv on the timeline. It belongs to one goroutine.
type follower struct {
	player *Player
	device *device.Device
	conn   *conn

	media    string // that mpv was told to load
	loaded   bool   // and has
	failed   string // why it couldn't
	again    time.Time
	loops    bool
	duration float64

	paused  bool
	pos     float64   // where it was last
	sought  float64   // where it was told to be while it stands; NaN: nowhere
	seeking time.Time // since when it seeks; zero unless it does
	law     law

	told   session.DeviceStatus
	toldAt time.Time
}

// begin takes an mpv over.
func (f *follower) begin() error {
	f.paused, f.sought, f.law = true, math.NaN(), newLaw()
	for property, value := range map[string]any{"pause": true, "speed": 1, "keep-open": "yes", "loop-file": "no"} {
		if err := f.conn.set(property, value); err != nil {
			return err
		}
	}
	for i, property := range []string{"time-pos", "duration"} {
		if _, err := f.conn.call("observe_property", i+1, property); err != nil {
			return err
		}
	}
	return nil
}

// leave has mpv stand: nobody holds it to the timeline any more.
func (f *follower) leave() {
	select {
	case <-f.conn.done:
	default:
		_ = f.conn.set("pause", true)
	}
}

// event takes one of mpv's in, and reports whether something may be to be done about it.
func (f *follower) event(m message) bool {
	switch {
	case m.Event == "property-change" && m.Name == "time-pos":
		f.position(m)
	case m.Event == "property-change" && m.Name == "duration":
		f.duration, _ = m.number()
	case m.Event == "file-loaded":
		f.loaded, f.sought = true, math.NaN()
	case m.Event == "end-file" && m.Reason == wire.Error:
		f.fail(refused(m.FileError))
	case m.Event == "playback-restart":
		f.seeking = time.Time{}
		f.law.forget()
	default:
		return false
	}
	return m.Name != "time-pos"
}

// position notes where mpv is: it says so as each frame is shown.
func (f *follower) position(m message) {
	pos, ok := m.number()
	now, known := f.device.Clock().Now()
	if !ok || !known || f.media == "" || !f.loaded {
		return
	}
	f.pos = pos
	if f.paused || !f.seeking.IsZero() {
		return
	}
	at := now.Add(-time.Since(m.at))
	s, _ := f.player.timeline().holds(at.Add(f.law.lead))
	if want, plays, _ := s.at(at); plays && at >= s.LastUpdateTime {
		f.law.add(at, s.apart(pos, want))
	}
}

// step does what is due, and returns when to look again.
func (f *follower) step() (time.Duration, error) {
	now, known := f.device.Clock().Now()
	if !known {
		return look, nil
	}
	s, next := f.player.timeline().holds(now.Add(f.law.lead))
	defer f.tell(s, now)
	if s.MediaURL != f.media || f.failed != "" && time.Now().After(f.again) {
		return look, f.load(s.MediaURL)
	}
	if !f.loaded {
		return look, nil
	}
	if err := f.loop(s.Loop); err != nil {
		return look, err
	}
	wait := look
	if next != nil {
		wait = max(min(wait, next.LastUpdateTime.Add(-f.law.lead).Sub(now)), 0)
	}
	if _, plays, over := s.at(now.Add(f.law.lead)); plays && !over {
		return wait, f.play(s, now)
	}
	return wait, f.stand(s, next, now)
}

// load has mpv load a medium, to stand at its beginning.
func (f *follower) load(media string) error {
	f.media, f.loaded, f.failed, f.duration, f.sought, f.seeking = media, false, "", 0, math.NaN(), time.Time{}
	if err := f.pause(true); err != nil {
		return err
	}
	if media == "" {
		_, err := f.conn.call("stop")
		return err
	}
	address, err := f.player.address(media)
	if err == nil {
		_, err = f.conn.call("loadfile", address, "replace")
	}
	return err
}

func (f *follower) loop(on bool) error {
	if on == f.loops {
		return nil
	}
	f.loops = on
	value := "no"
	if on {
		value = "inf"
	}
	return f.conn.set("loop-file", value)
}

func (f *follower) pause(on bool) error {
	f.paused = on
	f.law.forget()
	return f.conn.set("pause", on)
}

// play has mpv go on, and holds it to where the timeline is.
func (f *follower) play(s state, now clock.SessionTime) error {
	if f.paused {
		want, _, _ := s.at(now.Add(f.law.lead))
		if off := s.apart(f.pos, want); off.Abs() > far {
			if err := f.seek(s, now); err != nil {
				return err
			}
		} else {
			f.law.started()
		}
		f.sought = math.NaN()
		if err := f.speed(s, now); err != nil {
			return err
		}
		return f.pause(false)
	}
	if !f.seeking.IsZero() && time.Since(f.seeking) < restart {
		return nil
	}
	off, ok := f.law.judge(now)
	switch {
	case !ok:
		return nil
	case off.Abs() > far:
		return f.seek(s, now)
	}
	return f.speed(s, now)
}

// seek brings an mpv that plays to where the timeline will be by then.
func (f *follower) seek(s state, now clock.SessionTime) error {
	to, _, _ := s.at(now.Add(f.law.cost))
	f.seeking = time.Now()
	f.law.sought()
	_, err := f.conn.call("seek", to, "absolute+exact")
	return err
}

// speed has mpv play as fast as it must.
func (f *follower) speed(s state, now clock.SessionTime) error {
	if speed, changed := f.law.speed(s.PlaybackRate, now); changed {
		return f.conn.set("speed", speed)
	}
	return nil
}

// stand has mpv stand where the timeline does, or where it starts soon.
func (f *follower) stand(s state, next *state, now clock.SessionTime) error {
	if !f.paused {
		if err := f.pause(true); err != nil {
			return err
		}
	}
	to, _, _ := s.at(now.Add(f.law.lead))
	if next != nil && next.IsPlaying && next.MediaURL == s.MediaURL && next.LastUpdateTime.Sub(now) < soon {
		to = next.Position
	}
	if to == f.sought || !f.seeking.IsZero() && time.Since(f.seeking) < restart {
		return nil
	}
	f.sought, f.seeking = to, time.Now()
	_, err := f.conn.call("seek", to, "absolute+exact")
	return err
}

// fail notes that the medium can't be played.
func (f *follower) fail(why refused) {
	f.player.log.Warn("program_failed", "program", "mpv", "err", why)
	f.failed, f.again = why.Error(), time.Now().Add(retry)
}

// tell says how mpv is, where that is news.
func (f *follower) tell(s state, now clock.SessionTime) {
	status := session.DeviceStatus{Media: &session.MediaStatus{MediaURL: f.media, State: f.state(s, now)}}
	if f.duration > 0 {
		status.Media.DurationS = new(f.duration)
	}
	if f.failed != "" {
		status.Media.Error, status.Note = f.failed, "mpv: "+f.failed
		status.Warnings = []session.Warning{{Code: wire.WarningProgramFailed}}
	}
	same := f.told.Media != nil && f.told.Media.MediaURL == f.media && f.told.Media.State == status.Media.State && f.told.Note == status.Note
	drift, known := f.law.drift()
	if same && (!known || time.Since(f.toldAt) < tellEvery) {
		return
	}
	if known && status.Media.State == "playing" {
		status.Media.DriftMs = new(float64(drift) / float64(time.Millisecond))
	}
	f.told, f.toldAt = status, time.Now()
	f.device.SetStatus(status)
}

// state is how mpv is, in the protocol's words.
func (f *follower) state(s state, now clock.SessionTime) string {
	_, _, over := s.at(now)
	switch {
	case f.failed != "":
		return "failed"
	case f.media == "":
		return "idle"
	case !f.loaded:
		return "loading"
	case !f.seeking.IsZero():
		return "seeking"
	case over:
		return "ended"
	case f.paused:
		return "paused"
	}
	return "playing"
}
