package mpv

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// state is what the media do from an instant on.
type state struct {
	session.PlaybackState
	command string // that brought it; empty where that isn't known
}

// at is where the media are at t, and whether they play; over is true of media that have come to their end.
func (s state) at(t clock.SessionTime) (position float64, plays, over bool) {
	position = s.Position
	if !s.IsPlaying {
		return position, false, false
	}
	if ahead := t.Sub(s.LastUpdateTime); ahead > 0 {
		position += ahead.Seconds() * s.PlaybackRate
	}
	switch {
	case s.MediaDuration <= 0 || position < s.MediaDuration:
		return position, true, false
	case s.Loop:
		return math.Mod(position, s.MediaDuration), true, false
	}
	return s.MediaDuration, false, true
}

// timeline is where the media are, now and as far as that is planned: the first state holds, the others are to come.
type timeline []state

// holding is the index of the state that holds at t; -1 where there is none.
func (l timeline) holding(t clock.SessionTime) int {
	for i := len(l) - 1; i > 0; i-- {
		if l[i].LastUpdateTime <= t {
			return i
		}
	}
	return min(len(l), 1) - 1
}

// holds returns the state that holds at t, and the next one; next is nil where none is planned.
func (l timeline) holds(t clock.SessionTime) (s state, next *state) {
	i := l.holding(t)
	if i >= 0 {
		s = l[i]
	}
	if i+1 < len(l) {
		next = &l[i+1]
	}
	return s, next
}

// joined takes over what the server says holds when the device joins; what is planned comes in events of its own.
func (l timeline) joined(p session.PlaybackState) timeline {
	later := slices.DeleteFunc(slices.Clone(l), func(s state) bool { return s.LastUpdateTime <= p.LastUpdateTime || s.MediaURL != p.MediaURL })
	return append(timeline{{PlaybackState: p}}, later...)
}

// changed takes over what a command plans: it takes the place of what was planned for later.
func (l timeline) changed(p session.PlaybackSync) timeline {
	p.LastUpdateTime = cmp.Or(p.Timestamp, p.LastUpdateTime)
	before := slices.DeleteFunc(slices.Clone(l), func(s state) bool {
		return s.LastUpdateTime >= p.LastUpdateTime || p.CommandID != "" && s.command == p.CommandID
	})
	if len(before) > maxPlanned {
		before = before[len(before)-maxPlanned:]
	}
	return append(before, state{p.PlaybackState, p.CommandID})
}

// maxPlanned is how many states are kept: as many as may be planned, and the one that holds.
const maxPlanned = 65

// event takes over what another message says; ok is false where that is nothing of the media.
func (l timeline) event(name string, data json.RawMessage) (_ timeline, ok bool) {
	switch name {
	case wire.MediaLoaded:
		var m session.MediaLoaded
		if json.Unmarshal(data, &m) != nil {
			return l, false
		}
		return timeline{{PlaybackState: session.PlaybackState{
			MediaURL: m.MediaURL, MediaID: m.MediaID, LastUpdateTime: m.Timestamp, PlaybackRate: 1, Loop: m.Loop, MediaDuration: m.MediaDuration,
		}}}, true
	case wire.MediaInfo:
		var m session.MediaInfo
		if json.Unmarshal(data, &m) != nil {
			return l, false
		}
		return l.informed(m), true
	case wire.Cancelled:
		var c session.Cancelled
		if json.Unmarshal(data, &c) != nil || c.CommandID == "" {
			return l, false
		}
		return slices.DeleteFunc(slices.Clone(l), func(s state) bool { return s.command == c.CommandID }), true
	}
	return l, false
}

// informed takes over a length, and whether the media loop from then on: they go on from where they are.
func (l timeline) informed(m session.MediaInfo) timeline {
	l = slices.Clone(l)
	for i, now := range l {
		if now.MediaURL != m.MediaURL {
			continue
		}
		if i == l.holding(m.Timestamp) && now.IsPlaying && now.Loop != m.Loop {
			l[i].Position, _, _ = now.at(m.Timestamp)
			l[i].LastUpdateTime = m.Timestamp
		}
		l[i].MediaDuration, l[i].Loop = m.MediaDuration, m.Loop
	}
	return l
}

// apart is by how much a position is ahead of another one, of media that may loop.
func (s state) apart(position, of float64) time.Duration {
	d := position - of
	if s.Loop && s.MediaDuration > 0 {
		d = math.Remainder(d, s.MediaDuration)
	}
	return time.Duration(d * float64(time.Second))
}

// command takes over what a playback_sync plans.
func (l timeline) command(a device.Act) (timeline, bool) {
	var p session.PlaybackSync
	if json.Unmarshal(a.Data, &p) != nil {
		return l, false
	}
	return l.changed(p), true
}
