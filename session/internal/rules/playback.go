package rules

import (
	"math"
	"slices"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// Timeline is the media's position as a function of session time.
type Timeline struct {
	MediaURL  string  `json:"mediaUrl,omitempty"`
	MediaID   string  `json:"mediaId,omitempty"`
	Title     string  `json:"title,omitempty"`
	Length    float64 `json:"length,omitempty"`  // s
	Hearsay   bool    `json:"hearsay,omitempty"` // the length is the word of a device that doesn't lead
	Position  float64 `json:"position"`          // s, at Since
	IsPlaying bool    `json:"isPlaying"`
	Rate      float64 `json:"rate"`
	Since     Instant `json:"since"`
	Loop      bool    `json:"loop,omitempty"` // at its end it goes on from its beginning, where the length is known
}

// step is a timeline that holds from its Since on, and what brought it.
type step struct {
	Timeline
	By        string `json:"by"`
	CommandID string `json:"commandId,omitempty"` // of a playback_sync
	Change    string `json:"change"`              // load, sync or options; empty before any media
}

// Playback is the session's timeline: the step that was issued last, and
// those that hold until then.
type Playback struct {
	step
	Earlier []step `json:"earlier,omitempty"` // by Since, all before the last one's
	options
}

const MaxPosition = 1e7 // s, some 115 days

// What a medium is called by programs, in bytes.
const (
	maxURL     = 8192
	maxMediaID = 512
)

// PlaybackState is the timeline of the media as the protocol has it: at
// LastUpdateTime the media is at Position, later at Position plus the time since then
// times PlaybackRate while IsPlaying; at a known MediaDuration it stops, or with Loop begins
// again.
type PlaybackState struct {
	MediaURL       string            `json:"mediaUrl"`
	MediaID        string            `json:"mediaId"`
	Position       float64           `json:"position"` // s
	IsPlaying      bool              `json:"isPlaying"`
	LastUpdateTime clock.SessionTime `json:"lastUpdateTime"`
	PlaybackRate   float64           `json:"playbackRate"`
	Loop           bool              `json:"loop"`
	MediaDuration  float64           `json:"mediaDuration"` // s; 0 while nobody has told it
}

// At returns the timeline as it goes on from now; one that is over, from its end.
func (t Timeline) At(now Instant) Timeline {
	if end, ends := t.end(); ends && now >= end {
		t.Position, t.Since, t.IsPlaying = t.Length, end, false
		return t
	}
	if t.IsPlaying && now > t.Since {
		t.Position += now.Sub(t.Since).Seconds() * t.Rate
		t.Since = now
	}
	if t.loops() && t.IsPlaying && t.Position >= t.Length {
		t.Position = math.Mod(t.Position, t.Length)
	}
	return t
}

// end returns when what plays comes to its end; ends is false for what doesn't,
// as far as anybody knows.
func (t Timeline) end() (end Instant, ends bool) {
	if !t.IsPlaying || t.Length <= 0 || t.Loop {
		return 0, false
	}
	left := max(0, t.Length-t.Position) / t.Rate
	return InstantOf(t.Since.Add(time.Duration(min(left, MaxPosition) * float64(time.Second))).Time()), true
}

func (t Timeline) loops() bool { return t.Loop && t.Length > 0 }

// over reports whether the timeline stands at the end of its medium.
func (t Timeline) over() bool {
	return !t.IsPlaying && !t.Loop && t.Length > 0 && t.Position >= t.Length
}

// Settled returns the timeline as it is told at an instant: as it was issued, or
// standing at its end.
func (t Timeline) Settled(now Instant) Timeline {
	if s := t.At(now); s.over() {
		return s
	}
	return t
}

// At returns the timeline that holds at an instant.
func (p *Playback) At(now Instant) Timeline {
	steps := p.steps()
	return steps[inForce(steps, now)].Timeline
}

// steps returns what p consists of, by Since; there is always one.
func (p *Playback) steps() []step {
	if p == nil {
		return []step{{Timeline: Timeline{Rate: 1}}}
	}
	return append(slices.Clip(p.Earlier), p.step)
}

// inForce returns which of the steps holds now: the first one where none does yet.
func inForce(steps []step, now Instant) int {
	i := len(steps) - 1
	for i > 0 && steps[i].Since > now {
		i--
	}
	return i
}

// with returns the timeline as it is once n has been issued, which takes the
// place of all that was planned for n's instant and later.
func (p *Playback) with(n step, now Instant) *Playback {
	steps := p.steps()
	steps = steps[inForce(steps, now):]
	if later := slices.IndexFunc(steps, func(s step) bool { return s.Since >= n.Since }); later >= 0 {
		steps = steps[:max(later, 1)] // something holds until n
	}
	return p.having(append(slices.Clip(steps), n))
}

// having returns the timeline with other steps, at least one.
func (p *Playback) having(steps []step) *Playback {
	changed := Playback{}
	if p != nil {
		changed.options = p.options
	}
	last := len(steps) - 1
	changed.step = steps[last]
	if last > 0 {
		changed.Earlier = slices.Clip(steps[:last])
	}
	return &changed
}

// without returns the timeline as it is when a step that lies ahead was cancelled.
func (p *Playback) without(commandID string) *Playback {
	steps := slices.DeleteFunc(p.steps(), func(s step) bool { return s.CommandID == commandID })
	if len(steps) == 0 { // another instance's clock is ahead, and nothing before it is known any more
		steps = (*Playback)(nil).steps()
	}
	changed := p.having(steps)
	if changed.Hold != nil && changed.Hold.Pause == commandID {
		changed.release(changed.Hold.At) // nobody has stood still
	}
	return changed
}

// StepOf returns the step that a command brings, nil if none does.
func (p *Playback) StepOf(commandID string) *step {
	for _, s := range p.steps() {
		if s.CommandID == commandID {
			return &s
		}
	}
	return nil
}

// Wire returns the timeline as the protocol has it.
func (t Timeline) Wire() PlaybackState {
	return PlaybackState{t.MediaURL, t.MediaID, t.Position, t.IsPlaying, t.Since.Time(), t.Rate, t.Loop, t.Length}
}

// Load puts another medium on the timeline. What was planned for the one before
// it is cancelled.
func Load(s *State, by string, q LoadRequest, now Instant) ([]Change, error) {
	if err := s.MayLead(by); err != nil {
		return nil, err
	}
	t := Timeline{MediaURL: q.MediaURL, MediaID: q.MediaID, Title: q.MediaTitle, Length: q.MediaDuration, Rate: 1, Since: now, Loop: q.Loop}
	p := s.Playback.having([]step{{Timeline: t, By: by, Change: "load"}})
	p.SubtitlesOf, p.Subtitles = q.MediaURL, q.Subtitles
	p.forgetHold()
	return append(s.overtaken(now+1, "other media were loaded"), s.Put(s.Playback != nil, p, KindPlayback)), nil
}

// Play changes the timeline at the command's instant, by whoever leads: nobody is
// waited for any more, and after a change of place everybody may be again.
func Play(s *State, c CommandRecord, q PlaybackRequest, w When, now Instant) ([]Change, error) {
	return s.play(s.Playback, c, q, w, now, func(p *Playback) {
		p.release(now)
		if q.Position != nil {
			p.forgetHold()
		}
	})
}

// play changes the timeline, which is before, at the command's instant. The command is
// written first, for the devices to acknowledge; the timeline tells them. as changes
// what belongs to the timeline besides.
func (s *State) play(before *Playback, c CommandRecord, q PlaybackRequest, w When, now Instant, as func(*Playback)) ([]Change, error) {
	if s.Playback.StepOf(c.ID) != nil {
		return nil, nil
	}
	changes, err := Schedule(s, c, w, now)
	if err != nil {
		return nil, err
	}
	issued := s.Commands[c.ID]
	if issued == nil {
		issued = changes[0].Record.(*CommandRecord)
	}
	if issued.Cancelled {
		return nil, nil
	}
	t := q.applied(before.At(issued.Timestamp - 1).At(issued.Timestamp))
	t.Since = issued.Timestamp
	changes = append(changes, s.noted(issued, played{t.Position, t.IsPlaying, t.Rate})...)
	changes = append(changes, s.overtaken(issued.Timestamp, "another playback was issued for before it")...)
	p := before.with(step{Timeline: t, By: c.By, CommandID: c.ID, Change: "sync"}, now)
	as(p)
	return append(changes, s.Put(s.Playback != nil, p, KindPlayback)), nil
}

// unplan takes a step off the timeline whose command was cancelled before the step came.
func unplan(s *State, _ Instant) []Change {
	for _, n := range s.Playback.steps() {
		if s.isCancelled(n) {
			return []Change{s.Put(true, s.Playback.without(n.CommandID), KindPlayback)}
		}
	}
	return nil
}

func (s *State) isCancelled(n step) bool {
	c := s.Commands[n.CommandID]
	return c != nil && c.Cancelled
}

// overtaken cancels the commands of the timeline from an instant on.
func (s *State) overtaken(from Instant, reason string) (changes []Change) {
	for _, n := range s.Playback.steps() {
		if c := s.Commands[n.CommandID]; n.Since >= from && n.Change != "options" && c != nil && !c.Cancelled {
			changes = append(changes, s.cancelled(c, reason))
		}
	}
	return changes
}

// Ahead returns by how much a position is ahead of the timeline, in seconds; of a loop
// the shorter way round.
func (t Timeline) Ahead(position float64, now Instant) float64 {
	off := position - t.At(now).Position
	if t.loops() {
		off -= math.Round(off/t.Length) * t.Length
	}
	return off
}
