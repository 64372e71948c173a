package rules

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/wire"
)

// options are what belongs to the timeline besides where the medium is.
type options struct {
	SubtitlesOf string     `json:"subtitlesOf,omitempty"` // the medium's URL
	Subtitles   []Subtitle `json:"subtitles,omitempty"`
	Changed     Instant    `json:"changed,omitempty"` // when length or options changed last

	WaitForAll bool          `json:"waitForAll,omitempty"`
	WaitLimit  time.Duration `json:"waitLimit,omitempty"` // ns; 0: the default
	Hold       *hold         `json:"hold,omitempty"`      // nil while nobody is waited for
	Without    []string      `json:"without,omitempty"`   // devices that took too long: nobody waits for them until they have loaded

	Waited map[string]waited `json:"waited,omitempty"` // by device; none for one that nobody waited for lately
}

// Subtitle is a file of subtitles (WebVTT) that belongs to a medium.
type Subtitle struct {
	URL      string `json:"url"`
	Label    string `json:"label"`
	Language string `json:"language"` // BCP 47
}

// Media is a medium of the timeline, and how it is played.
type Media struct {
	MediaURL      string     `json:"mediaUrl"`
	MediaID       string     `json:"mediaId"`
	MediaTitle    string     `json:"mediaTitle"`    // empty for one that sync_playback brought
	MediaDuration float64    `json:"mediaDuration"` // s; 0 where nobody said
	Subtitles     []Subtitle `json:"subtitles"`
	Loop          bool       `json:"loop"`
	WaitForAll    bool       `json:"waitForAll"`
	WaitLimitMs   float64    `json:"waitLimitMs"`
	WaitingFor    []string   `json:"waitingFor"` // devices that have to load before it goes on
}

// MediaInfo is the data of media_info: length, options or who is waited for changed.
type MediaInfo struct {
	Media
	Timestamp clock.SessionTime `json:"timestamp"`
}

// MediaLoaded is the data of media_loaded.
type MediaLoaded struct {
	Media
	Timestamp clock.SessionTime `json:"timestamp"`
	LoadedBy  string            `json:"loadedBy"`
}

// OptionsRequest asks for the medium to be played in another way. What is nil
// stays as it is.
type OptionsRequest struct {
	Loop       *bool
	WaitForAll *bool
	WaitLimit  *time.Duration // 1 s to 60 s
}

const (
	maxSubtitles     = 8
	defaultWaitLimit = 10 * time.Second
	MaxWaitLimit     = time.Minute // of what a leader may ask for
)

// SetOptions changes how the medium is played, from now on. A loop that ends goes on
// from where it is.
func SetOptions(s *State, by string, q OptionsRequest, lead time.Duration, now Instant) ([]Change, error) {
	if err := s.MayLead(by); err != nil {
		return nil, err
	}
	p := s.Playback.having(s.Playback.steps())
	if q.WaitForAll != nil {
		p.WaitForAll = *q.WaitForAll
	}
	if q.WaitLimit != nil {
		p.WaitLimit = *q.WaitLimit
	}
	if q.Loop != nil && *q.Loop != p.Loop {
		p = p.looping(*q.Loop, by, now)
	}
	if s.Playback != nil && reflect.DeepEqual(p, s.Playback) {
		return nil, nil
	}
	p.Changed = now
	if p.Hold != nil && !p.WaitForAll {
		return s.goOn(p, lead, now)
	}
	return []Change{s.Put(s.Playback != nil, p, KindPlayback)}, nil
}

// looping returns the timeline as it is when all that holds and follows loops, or
// doesn't: a step that begins now goes on from where the one in force is.
func (p *Playback) looping(loop bool, by string, now Instant) *Playback {
	steps := p.steps()
	i := inForce(steps, now)
	steps = slices.Clone(steps[i:])
	if from := steps[0].At(now); from.MediaURL != "" && now > steps[0].Since {
		from.Since = now
		began := step{Timeline: from, By: by, CommandID: steps[0].CommandID, Change: "options"}
		steps = slices.Insert(steps, 1, began)
	}
	for i := range steps {
		if steps[i].MediaURL != "" && steps[i].Since >= now {
			steps[i].Loop = loop
		}
	}
	return p.having(steps)
}

// Learnt notes a length, wherever the medium is planned. The first word counts, and the
// leader's more than any: one device that is wrong, or lies, must not end the film for all.
// Nor does a length that the medium has been played beyond.
func Learnt(s *State, mediaURL string, length float64, leads bool, now Instant) []Change {
	steps := slices.Clone(s.Playback.steps())
	changed := false
	if at := s.Playback.At(now).At(now); !leads && at.MediaURL == mediaURL && at.Position > length {
		return nil
	}
	for i := range steps {
		t := &steps[i].Timeline
		if t.MediaURL == mediaURL && (t.Length == 0 || leads && t.Hearsay && t.Length != length) {
			t.Length, t.Hearsay, changed = length, !leads, true
		}
	}
	if !changed {
		return nil
	}
	p := s.Playback.having(steps)
	p.Changed = now
	return []Change{s.Put(true, p, KindPlayback)}
}

func validateSubtitles(list []Subtitle) error {
	for i := range list {
		sub := &list[i]
		if !IsMediaURL(sub.URL) || !IsText(&sub.Label, 64) || len(sub.Language) > 35 || strings.Trim(sub.Language, languageTag) != "" {
			return Fault(wire.CodeBadMedia, "a subtitle needs a url; its label may have 64 characters, its language 35 letters, digits and -")
		}
	}
	if len(list) > maxSubtitles {
		return Fault(wire.CodeBadMedia, "a medium may have %d subtitles", maxSubtitles)
	}
	return nil
}

const languageTag = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-"

// media returns the medium that holds at an instant, nil before any.
func (p *Playback) media(now Instant) *Media {
	t := p.At(now)
	if t.MediaURL == "" {
		return nil
	}
	m := p.mediaOf(t)
	return &m
}

// mediaOf returns what is known of a step's medium.
func (p *Playback) mediaOf(t Timeline) Media {
	m := Media{
		MediaURL: t.MediaURL, MediaID: t.MediaID, MediaTitle: t.Title, MediaDuration: t.Length, Loop: t.Loop,
		Subtitles: []Subtitle{}, WaitForAll: p.WaitForAll, WaitLimitMs: Millis(p.waitLimit()), WaitingFor: p.waitingFor(),
	}
	if t.MediaURL == p.SubtitlesOf && len(p.Subtitles) > 0 {
		m.Subtitles = p.Subtitles
	}
	return m
}

// playbackChanged tells what is new of the timeline: of media that were there before
// their length and options, then the steps that weren't.
func playbackChanged(s *State, before, after *Playback) (notices []Notice) {
	known := before.steps()
	isNew := func(n step) bool { return !slices.ContainsFunc(known, n.same) }
	told := map[string]bool{}
	for _, n := range after.steps() {
		if told[n.MediaURL] || n.Change == "load" && isNew(n) {
			continue
		}
		told[n.MediaURL] = true
		is := after.newest(n.MediaURL)
		if was := before.newest(n.MediaURL); is != nil && was != nil && !is.playedAs(*was) {
			notices = append(notices, tell(wire.MediaInfo, MediaInfo{*is, after.Changed.Time()}))
		}
	}
	for _, n := range after.steps() {
		if isNew(n) && !s.isCancelled(n) {
			notices = append(notices, after.Announce(n)...)
		}
	}
	return notices
}

// newest returns what is known of a medium by the last step that has it.
func (p *Playback) newest(mediaURL string) *Media {
	if p == nil {
		p = &Playback{step: step{Timeline: Timeline{Rate: 1}}}
	}
	for _, n := range slices.Backward(p.steps()) {
		if n.MediaURL == mediaURL {
			m := p.mediaOf(n.Timeline)
			return &m
		}
	}
	return nil
}

// playedAs reports whether two media are the same but for what they are called.
func (m Media) playedAs(n Media) bool {
	n.MediaID, n.MediaTitle = m.MediaID, m.MediaTitle
	return reflect.DeepEqual(m, n)
}

// same reports whether a step was told as another, whatever has been learnt since.
func (n step) same(m step) bool {
	if n.CommandID != "" || m.CommandID != "" {
		return n.CommandID == m.CommandID
	}
	return n.Change == m.Change && n.Since == m.Since && n.By == m.By && n.MediaURL == m.MediaURL
}

// Announce tells of a step of the timeline.
func (p *Playback) Announce(n step) []Notice {
	switch n.Change {
	case "load":
		return []Notice{tell(wire.MediaLoaded, MediaLoaded{p.mediaOf(n.Timeline), n.Since.Time(), n.By})}
	case "sync":
		e := PlaybackSync{PlaybackState: n.Wire(), Timestamp: n.Since.Time(), LeaderID: n.By, CommandID: n.CommandID}
		if p.Hold != nil && p.Hold.Pause == n.CommandID {
			e.WaitingFor = p.Hold.For
		}
		return []Notice{tell(wire.PlaybackSync, e)}
	}
	return nil // options are told by media_info
}
