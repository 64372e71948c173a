package session

import (
	"context"
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
	At    instant  `json:"at"`    // when it pauses
	Until instant  `json:"until"` // then it goes on without them
}

// Buffering notes that the device has to load before it can go on with the medium
// of that URL, or that it has. Where everybody is waited for the medium is paused
// for all meanwhile.
func (m *Member) Buffering(ctx context.Context, mediaURL string, on bool) error {
	if !isMediaURL(mediaURL) {
		return fault(wire.CodeBadMedia, "mediaUrl is missing, too long or not text")
	}
	return m.update(ctx, func(s *state, now instant) ([]change, error) {
		return buffering(s, m.deviceID, mediaURL, on, m.room.lead(), now)
	})
}

func (p *playback) waitLimit() time.Duration {
	if p.WaitLimit == 0 {
		return defaultWaitLimit
	}
	return p.WaitLimit
}

// waitingFor returns the devices that are waited for, never nil.
func (p *playback) waitingFor() []string {
	if p.Hold == nil {
		return []string{}
	}
	return p.Hold.For
}

// release ends the wait; those who were waited for aren't any more until they have loaded.
func (p *playback) release(now instant) {
	if p.Hold != nil {
		p.charge(p.Hold.For, now)
		p.Without = append(slices.Clip(p.Without), p.Hold.For...)
		p.Hold = nil
	}
}

// forgetHold ends the wait; everybody may be waited for anew.
func (p *playback) forgetHold() { p.Hold, p.Without, p.Waited = nil, nil, nil }

// buffering takes a device's word that it has to load, or has loaded.
func buffering(s *state, deviceID, mediaURL string, on bool, lead time.Duration, now instant) ([]change, error) {
	p := s.playback
	switch {
	case p == nil || p.MediaURL != mediaURL:
		return nil, nil
	case !on:
		return s.loaded(deviceID, lead, now)
	case !p.WaitForAll || slices.Contains(p.waitingFor(), deviceID) || p.leftBehind(deviceID, now):
		return nil, nil
	case p.Hold != nil:
		h := *p.Hold
		h.For = append(slices.Clip(h.For), deviceID)
		joined := p.having(p.steps())
		joined.awaits(deviceID, now)
		joined.Hold = &h
		return []change{s.put(true, joined, kindPlayback)}, nil
	case !p.at(now).settled(now).IsPlaying || !p.IsPlaying:
		return nil, nil
	}
	return s.holdFor(deviceID, lead, now)
}

// holdFor pauses the medium until a device has loaded, for no longer than what is left to
// the device.
func (s *state) holdFor(deviceID string, lead time.Duration, now instant) ([]change, error) {
	c := command{ID: s.holdID("wait"), Event: wire.PlaybackSync}
	limit := s.playback.waitLimit() - s.playback.spent(deviceID, now)
	return s.play(s.playback, c, PlaybackRequest{}, when{lead: lead}, now, func(p *playback) {
		p.awaits(deviceID, now)
		p.Hold = &hold{For: []string{deviceID}, Pause: c.ID, At: p.Since, Until: p.Since.add(limit)}
	})
}

// holdID returns an id that all instances find for the same state, so that of two
// who act at once only one command comes of it.
func (s *state) holdID(what string) string {
	revision := s.revisions[keyOf(s.id, kindPlayback)]
	return fmt.Sprintf("%s-%s-%d", what, strconv.FormatInt(int64(s.meta.CreatedAt), 36), revision)
}

// loaded notes that a device can go on.
func (s *state) loaded(deviceID string, lead time.Duration, now instant) ([]change, error) {
	p := s.playback
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
		return []change{s.put(true, ready, kindPlayback)}, nil
	}
	return s.goOn(ready, lead, now)
}

// putHold returns the change that sets who is waited for, and who isn't any more.
func (s *state) putHold(h *hold, without []string) []change {
	p := s.playback.having(s.playback.steps())
	p.Hold, p.Without = h, without
	return []change{s.put(true, p, kindPlayback)}
}

// goOn ends the wait of the timeline p, which is about to be the session's: the pause
// is called off if it lies ahead, else the medium plays from where it stands.
func (s *state) goOn(p *playback, lead time.Duration, now instant) ([]change, error) {
	h := p.Hold
	p.release(now)
	if c := s.commands[h.Pause]; h.At > now && c != nil {
		p = p.without(h.Pause)
		return []change{s.cancelled(c, "everybody has loaded"), s.put(true, p, kindPlayback)}, nil
	}
	if p.at(now).over() {
		return []change{s.put(true, p, kindPlayback)}, nil
	}
	c := command{ID: s.holdID("on"), Event: wire.PlaybackSync}
	return s.play(p, c, PlaybackRequest{IsPlaying: true}, when{lead: lead}, now, func(*playback) {})
}

// holdDue returns when the wait is to end or to be looked at; ok is false while
// nobody is waited for.
func holdDue(s *state) (due instant, ok bool) {
	if s.playback == nil || s.playback.Hold == nil {
		return 0, false
	}
	if !slices.ContainsFunc(s.playback.Hold.For, func(id string) bool { return !s.isConnected(id) }) {
		return s.playback.Hold.Until, true
	}
	return 0, true // somebody went away
}

// isConnected reports whether there is such a device, and it is connected.
func (s *state) isConnected(deviceID string) bool {
	_, d := s.device(deviceID)
	return d != nil && d.Connected
}

// endHold goes on without those who took too long or went away.
func endHold(s *state, lead time.Duration, now instant) ([]change, error) {
	due, ok := holdDue(s)
	if !ok || now < due {
		return nil, nil
	}
	p := s.playback.having(s.playback.steps())
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
