package rules

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

// hold is that the medium stands still until those who have to load have loaded.
type hold struct {
	For   []string `json:"for"`   // devices, the longest waited for first
	Pause string   `json:"pause"` // the command that paused it
	At    Instant  `json:"at"`    // when it pauses
	Until Instant  `json:"until"` // then it goes on without them
}

func (p *Playback) waitLimit() time.Duration {
	if p.WaitLimit == 0 {
		return defaultWaitLimit
	}
	return p.WaitLimit
}

// waitingFor returns the devices that are waited for, never nil.
func (p *Playback) waitingFor() []string {
	if p.Hold == nil {
		return []string{}
	}
	return p.Hold.For
}

// release ends the wait; those who were waited for aren't any more until they have loaded.
func (p *Playback) release(now Instant) {
	if p.Hold != nil {
		p.charge(p.Hold.For, now)
		p.Without = append(slices.Clip(p.Without), p.Hold.For...)
		p.Hold = nil
	}
}

// forgetHold ends the wait; everybody may be waited for anew.
func (p *Playback) forgetHold() { p.Hold, p.Without, p.Waited = nil, nil, nil }

// Buffering takes a device's word that it has to load, or has loaded.
func Buffering(s *State, deviceID, mediaURL string, on bool, lead time.Duration, now Instant) ([]Change, error) {
	p := s.Playback
	switch {
	case p == nil || p.MediaURL != mediaURL:
		return nil, nil
	case !on:
		return s.loaded(deviceID, lead, now)
	case !p.WaitForAll || slices.Contains(p.waitingFor(), deviceID) || p.LeftBehind(deviceID, now):
		return nil, nil
	case p.Hold != nil:
		h := *p.Hold
		h.For = append(slices.Clip(h.For), deviceID)
		joined := p.having(p.steps())
		joined.awaits(deviceID, now)
		joined.Hold = &h
		return []Change{s.Put(true, joined, KindPlayback)}, nil
	case !p.At(now).Settled(now).IsPlaying || !p.IsPlaying:
		return nil, nil
	}
	return s.holdFor(deviceID, lead, now)
}

// holdFor pauses the medium until a device has loaded, for no longer than what is left to
// the device.
func (s *State) holdFor(deviceID string, lead time.Duration, now Instant) ([]Change, error) {
	c := CommandRecord{ID: s.holdID("wait"), Event: wire.PlaybackSync}
	limit := s.Playback.waitLimit() - s.Playback.spent(deviceID, now)
	return s.play(s.Playback, c, PlaybackRequest{}, When{Lead: lead}, now, func(p *Playback) {
		p.awaits(deviceID, now)
		p.Hold = &hold{For: []string{deviceID}, Pause: c.ID, At: p.Since, Until: p.Since.Add(limit)}
	})
}

// holdID returns an id that all instances find for the same state, so that of two
// who act at once only one command comes of it.
func (s *State) holdID(what string) string {
	revision := s.Revisions[KeyOf(s.ID, KindPlayback)]
	return fmt.Sprintf("%s-%s-%d", what, strconv.FormatInt(int64(s.Meta.CreatedAt), 36), revision)
}

// loaded notes that a device can go on.
func (s *State) loaded(deviceID string, lead time.Duration, now Instant) ([]Change, error) {
	p := s.Playback
	is := func(id string) bool { return id == deviceID }
	without := slices.DeleteFunc(slices.Clone(p.Without), is)
	if !slices.Contains(p.waitingFor(), deviceID) {
		if len(without) == len(p.Without) {
			return nil, nil
		}
		return s.putHold(p.Hold, without), nil
	}
	h := *p.Hold
	h.For = slices.DeleteFunc(slices.Clone(h.For), is)
	ready := p.having(p.steps())
	ready.Hold = &h
	ready.charge([]string{deviceID}, now)
	ready.Without = without
	if len(h.For) > 0 {
		return []Change{s.Put(true, ready, KindPlayback)}, nil
	}
	return s.goOn(ready, lead, now)
}

// putHold returns the change that sets who is waited for, and who isn't any more.
func (s *State) putHold(h *hold, without []string) []Change {
	p := s.Playback.having(s.Playback.steps())
	p.Hold, p.Without = h, without
	return []Change{s.Put(true, p, KindPlayback)}
}

// goOn ends the wait of the timeline p, which is about to be the session's: the pause
// is called off if it lies ahead, else the medium plays from where it stands.
func (s *State) goOn(p *Playback, lead time.Duration, now Instant) ([]Change, error) {
	h := p.Hold
	p.release(now)
	if c := s.Commands[h.Pause]; h.At > now && c != nil {
		p = p.without(h.Pause)
		return []Change{s.cancelled(c, "everybody has loaded"), s.Put(true, p, KindPlayback)}, nil
	}
	if p.At(now).over() {
		return []Change{s.Put(true, p, KindPlayback)}, nil
	}
	c := CommandRecord{ID: s.holdID("on"), Event: wire.PlaybackSync}
	return s.play(p, c, PlaybackRequest{IsPlaying: true}, When{Lead: lead}, now, func(*Playback) {})
}

// holdDue returns when the wait is to end or to be looked at; ok is false while
// nobody is waited for.
func holdDue(s *State) (due Instant, ok bool) {
	if s.Playback == nil || s.Playback.Hold == nil {
		return 0, false
	}
	if !slices.ContainsFunc(s.Playback.Hold.For, func(id string) bool { return !s.isConnected(id) }) {
		return s.Playback.Hold.Until, true
	}
	return 0, true // somebody went away
}

// isConnected reports whether there is such a device, and it is connected.
func (s *State) isConnected(deviceID string) bool {
	_, d := s.Device(deviceID)
	return d != nil && d.Connected
}

// endHold goes on without those who took too long or went away.
func endHold(s *State, lead time.Duration, now Instant) ([]Change, error) {
	due, ok := holdDue(s)
	if !ok || now < due {
		return nil, nil
	}
	p := s.Playback.having(s.Playback.steps())
	h := *p.Hold
	gone := slices.DeleteFunc(slices.Clone(h.For), s.isConnected)
	h.For = slices.DeleteFunc(slices.Clone(h.For), func(id string) bool { return !s.isConnected(id) })
	p.Hold = &h
	p.charge(gone, now)
	if len(h.For) > 0 && now < h.Until {
		return s.putHold(&h, p.Without), nil
	}
	return s.goOn(p, lead, now)
}
