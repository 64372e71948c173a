package session

import (
	"math"

	"github.com/downbeat-sync/downbeat/clock"
)

// timeline is the media's position as a function of session time.
type timeline struct {
	MediaURL  string  `json:"mediaUrl,omitempty"`
	MediaID   string  `json:"mediaId,omitempty"`
	Position  float64 `json:"position"` // s, at Since
	IsPlaying bool    `json:"isPlaying"`
	Rate      float64 `json:"rate"`
	Since     instant `json:"since"`
}

// playback is the session's timeline, and the one that holds until it begins.
type playback struct {
	timeline
	Title     string    `json:"title,omitempty"`
	Length    float64   `json:"length,omitempty"` // s
	By        string    `json:"by"`
	CommandID string    `json:"commandId,omitempty"` // of a playback_sync
	Change    string    `json:"change"`              // load, sync, or undo
	Prior     *timeline `json:"prior,omitempty"`     // until Since
}

const maxPosition = 1e7 // s, some 115 days

// PlaybackState is the timeline of the media as the protocol has it: at
// LastUpdateTime the media is at Position, later at Position plus the time since then
// times PlaybackRate while IsPlaying.
type PlaybackState struct {
	MediaURL       string            `json:"mediaUrl"`
	MediaID        string            `json:"mediaId"`
	Position       float64           `json:"position"` // s
	IsPlaying      bool              `json:"isPlaying"`
	LastUpdateTime clock.SessionTime `json:"lastUpdateTime"`
	PlaybackRate   float64           `json:"playbackRate"`
}

// LoadRequest asks for a medium to be loaded, at its beginning and paused.
type LoadRequest struct {
	MediaURL, MediaID, MediaTitle string
	MediaDuration                 float64 // s
}

// PlaybackRequest asks for the timeline to change. What is nil stays as it is.
type PlaybackRequest struct {
	Position          *float64 // s
	IsPlaying         bool
	MediaURL, MediaID *string
	PlaybackRate      *float64
}

func (t timeline) at(now instant) timeline {
	if t.IsPlaying && now > t.Since {
		t.Position += now.sub(t.Since).Seconds() * t.Rate
		t.Since = now
	}
	return t
}

// at returns the timeline that holds at an instant.
func (p *playback) at(now instant) timeline {
	if p == nil {
		return timeline{Rate: 1}
	}
	if now < p.Since && p.Prior != nil {
		return *p.Prior
	}
	return p.timeline
}

func (p *playback) undone() *playback {
	q := *p
	q.timeline, q.Prior, q.Change, q.CommandID = *p.Prior, nil, "undo", ""
	return &q
}

func (t timeline) wire() PlaybackState {
	return PlaybackState{t.MediaURL, t.MediaID, t.Position, t.IsPlaying, t.Since.time(), t.Rate}
}

// load puts another medium on the timeline.
func load(s *state, by string, q LoadRequest, now instant) ([]change, error) {
	if err := s.mayLead(by); err != nil {
		return nil, err
	}
	t := timeline{MediaURL: q.MediaURL, MediaID: q.MediaID, Rate: 1, Since: now}
	p := &playback{timeline: t, Title: q.MediaTitle, Length: q.MediaDuration, By: by, Change: "load"}
	return []change{s.put(s.playback != nil, p, kindPlayback)}, nil
}

// play changes the timeline at the command's instant. The command is written
// first, for the devices to acknowledge; the timeline tells them.
func play(s *state, c command, q PlaybackRequest, w when, now instant) ([]change, error) {
	if s.playback != nil && s.playback.CommandID == c.ID {
		return nil, nil
	}
	changes, err := schedule(s, c, w, now)
	if err != nil {
		return nil, err
	}
	issued := s.commands[c.ID]
	if issued == nil {
		issued = changes[0].record.(*command)
	}
	prior := s.playback.at(now)
	t := q.applied(s.playback.at(issued.Timestamp).at(issued.Timestamp))
	t.Since = issued.Timestamp
	p := &playback{By: c.By, timeline: t, CommandID: c.ID, Change: "sync", Prior: &prior}
	if s.playback != nil {
		p.Title, p.Length = s.playback.Title, s.playback.Length
	}
	return append(changes, s.put(s.playback != nil, p, kindPlayback)), nil
}

func (q PlaybackRequest) applied(t timeline) timeline {
	t.IsPlaying = q.IsPlaying
	if q.Position != nil {
		t.Position = *q.Position
	}
	if q.PlaybackRate != nil {
		t.Rate = *q.PlaybackRate
	}
	if q.MediaURL != nil {
		t.MediaURL = *q.MediaURL
	}
	if q.MediaID != nil {
		t.MediaID = *q.MediaID
	}
	return t
}

func (q *LoadRequest) validate() error {
	if q.MediaURL == "" || !isText(q.MediaURL, 2048) || !isText(q.MediaID, 128) || !isText(q.MediaTitle, 256) ||
		!within(q.MediaDuration, 0, maxPosition) {
		return fault(CodeBadMedia, "mediaUrl, mediaId, mediaTitle or mediaDuration is missing, too long or out of range")
	}
	return nil
}

func (q *PlaybackRequest) validate() error {
	switch {
	case q.Position != nil && !within(*q.Position, 0, maxPosition):
		return fault(CodeBadPlayback, "position must be a number of seconds that isn't negative")
	case q.PlaybackRate != nil && !within(*q.PlaybackRate, 1.0/16, 16):
		return fault(CodeBadPlayback, "playbackRate must be between 1/16 and 16")
	case q.MediaURL != nil && !isText(*q.MediaURL, 2048), q.MediaID != nil && !isText(*q.MediaID, 128):
		return fault(CodeBadMedia, "mediaUrl or mediaId is too long or not printable")
	}
	return nil
}

func within(x, low, high float64) bool { return !math.IsNaN(x) && x >= low && x <= high }

// Desync is a member's complaint answered: data of desync_recovery.
type Desync struct {
	AuthoritativeState struct {
		PlaybackState
		Timestamp clock.SessionTime `json:"timestamp"`
	} `json:"authoritativeState"`
	ReportedPosition float64           `json:"reportedPosition"`
	ReportedTime     clock.SessionTime `json:"reportedTime"`
}
