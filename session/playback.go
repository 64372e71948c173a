package session

import (
	"math"
	"slices"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/text"
)

// timeline is the media's position as a function of session time.
type timeline struct {
	MediaURL  string  `json:"mediaUrl,omitempty"`
	MediaID   string  `json:"mediaId,omitempty"`
	Title     string  `json:"title,omitempty"`
	Length    float64 `json:"length,omitempty"` // s
	Position  float64 `json:"position"`         // s, at Since
	IsPlaying bool    `json:"isPlaying"`
	Rate      float64 `json:"rate"`
	Since     instant `json:"since"`
}

// step is a timeline that holds from its Since on, and what brought it.
type step struct {
	timeline
	By        string `json:"by"`
	CommandID string `json:"commandId,omitempty"` // of a playback_sync
	Change    string `json:"change"`              // load or sync; empty before any media
}

// playback is the session's timeline: the step that was issued last, and
// those that hold until then.
type playback struct {
	step
	Earlier []step `json:"earlier,omitempty"` // by Since, all before the last one's
}

const maxPosition = 1e7 // s, some 115 days

// What a medium is called by programs, in bytes.
const (
	maxURL     = 8192
	maxMediaID = 512
)

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
	steps := p.steps()
	return steps[inForce(steps, now)].timeline
}

// steps returns what p consists of, by Since; there is always one.
func (p *playback) steps() []step {
	if p == nil {
		return []step{{timeline: timeline{Rate: 1}}}
	}
	return append(slices.Clip(p.Earlier), p.step)
}

// inForce returns which of the steps holds now: the first one where none does yet.
func inForce(steps []step, now instant) int {
	i := len(steps) - 1
	for i > 0 && steps[i].Since > now {
		i--
	}
	return i
}

// with returns the timeline as it is once n has been issued, which takes the
// place of all that was planned for n's instant and later.
func (p *playback) with(n step, now instant) *playback {
	steps := p.steps()
	steps = steps[inForce(steps, now):]
	if later := slices.IndexFunc(steps, func(s step) bool { return s.Since >= n.Since }); later >= 0 {
		steps = steps[:max(later, 1)] // something holds until n
	}
	return &playback{n, steps}
}

// without returns the timeline as it is when a step that lies ahead was cancelled.
func (p *playback) without(commandID string) *playback {
	steps := slices.DeleteFunc(p.steps(), func(s step) bool { return s.CommandID == commandID })
	if len(steps) == 0 { // another instance's clock is ahead, and nothing before it is known any more
		steps = (*playback)(nil).steps()
	}
	last := len(steps) - 1
	return &playback{steps[last], steps[:last]}
}

// stepOf returns the step that a command brings, nil if none does.
func (p *playback) stepOf(commandID string) *step {
	for _, s := range p.steps() {
		if s.CommandID == commandID {
			return &s
		}
	}
	return nil
}

func (t timeline) wire() PlaybackState {
	return PlaybackState{t.MediaURL, t.MediaID, t.Position, t.IsPlaying, t.Since.time(), t.Rate}
}

// load puts another medium on the timeline. What was planned for the one before
// it is cancelled.
func load(s *state, by string, q LoadRequest, now instant) ([]change, error) {
	if err := s.mayLead(by); err != nil {
		return nil, err
	}
	t := timeline{MediaURL: q.MediaURL, MediaID: q.MediaID, Title: q.MediaTitle, Length: q.MediaDuration, Rate: 1, Since: now}
	p := &playback{step: step{timeline: t, By: by, Change: "load"}}
	return append(s.overtaken(now+1, "other media were loaded"), s.put(s.playback != nil, p, kindPlayback)), nil
}

// play changes the timeline at the command's instant. The command is written
// first, for the devices to acknowledge; the timeline tells them.
func play(s *state, c command, q PlaybackRequest, w when, now instant) ([]change, error) {
	if s.playback.stepOf(c.ID) != nil {
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
	if issued.Cancelled {
		return nil, nil
	}
	t := q.applied(s.playback.at(issued.Timestamp - 1).at(issued.Timestamp))
	t.Since = issued.Timestamp
	changes = append(changes, s.noted(issued, played{t.Position, t.IsPlaying, t.Rate})...)
	changes = append(changes, s.overtaken(issued.Timestamp, "another playback was issued for before it")...)
	p := s.playback.with(step{timeline: t, By: c.By, CommandID: c.ID, Change: "sync"}, now)
	return append(changes, s.put(s.playback != nil, p, kindPlayback)), nil
}

// unplan takes a step off the timeline whose command was cancelled before the step came.
func unplan(s *state) []change {
	for _, n := range s.playback.steps() {
		if s.isCancelled(n) {
			return []change{s.put(true, s.playback.without(n.CommandID), kindPlayback)}
		}
	}
	return nil
}

func (s *state) isCancelled(n step) bool {
	c := s.commands[n.CommandID]
	return c != nil && c.Cancelled
}

// overtaken cancels the commands of the timeline from an instant on.
func (s *state) overtaken(from instant, reason string) (changes []change) {
	for _, n := range s.playback.steps() {
		if c := s.commands[n.CommandID]; n.Since >= from && c != nil && !c.Cancelled {
			changes = append(changes, s.cancelled(c, reason))
		}
	}
	return changes
}

func (q PlaybackRequest) applied(t timeline) timeline {
	t.IsPlaying = q.IsPlaying
	if q.Position != nil {
		t.Position = *q.Position
	}
	if q.PlaybackRate != nil {
		t.Rate = *q.PlaybackRate
	}
	if q.MediaURL != nil && *q.MediaURL != t.MediaURL {
		t.MediaURL, t.Title, t.Length = *q.MediaURL, "", 0 // nobody has said them of this one
	}
	if q.MediaID != nil {
		t.MediaID = *q.MediaID
	}
	return t
}

func (q *LoadRequest) validate() error {
	if q.MediaURL == "" || !text.Fits(q.MediaURL, maxURL) || !text.Fits(q.MediaID, maxMediaID) || !isText(&q.MediaTitle, 256) ||
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
	case q.MediaURL != nil && !text.Fits(*q.MediaURL, maxURL), q.MediaID != nil && !text.Fits(*q.MediaID, maxMediaID):
		return fault(CodeBadMedia, "mediaUrl or mediaId is too long or not text")
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
