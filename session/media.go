package session

import (
	"context"
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
	Changed     instant    `json:"changed,omitempty"` // when length or options changed last

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
	maxWaitLimit     = time.Minute
)

// PlaybackOptions changes how the medium is played. Leader only.
func (m *Member) PlaybackOptions(ctx context.Context, q OptionsRequest) error {
	if q.WaitLimit != nil && (*q.WaitLimit < time.Second || *q.WaitLimit > maxWaitLimit) {
		return fault(wire.CodeBadPlayback, "waitLimitMs must be between 1000 and 60000")
	}
	return m.update(ctx, func(s *state, now instant) ([]change, error) {
		return setOptions(s, m.userID, q, m.room.lead(), now)
	})
}

// MediaInfo notes the length of the medium of that URL in seconds, if it is loaded
// and nobody has told its length before. What the leader's devices tell goes before what
// others have told.
func (m *Member) MediaInfo(ctx context.Context, mediaURL string, length float64) error {
	if !isMediaURL(mediaURL) || !within(length, 0, maxPosition) || length == 0 {
		return fault(wire.CodeBadMedia, "mediaUrl or mediaDuration is missing, too long or out of range")
	}
	return m.update(ctx, func(s *state, now instant) ([]change, error) {
		return learnt(s, mediaURL, length, m.leads(), now), nil
	})
}

// setOptions changes how the medium is played, from now on. A loop that ends goes on
// from where it is.
func setOptions(s *state, by string, q OptionsRequest, lead time.Duration, now instant) ([]change, error) {
	if err := s.mayLead(by); err != nil {
		return nil, err
	}
	p := s.playback.having(s.playback.steps())
	if q.WaitForAll != nil {
		p.WaitForAll = *q.WaitForAll
	}
	if q.WaitLimit != nil {
		p.WaitLimit = *q.WaitLimit
	}
	if q.Loop != nil && *q.Loop != p.Loop {
		p = p.looping(*q.Loop, by, now)
	}
	if s.playback != nil && reflect.DeepEqual(p, s.playback) {
		return nil, nil
	}
	p.Changed = now
	if p.Hold != nil && !p.WaitForAll {
		return s.goOn(p, lead, now)
	}
	return []change{s.put(s.playback != nil, p, kindPlayback)}, nil
}

// looping returns the timeline as it is when all that holds and follows loops, or
// doesn't: a step that begins now goes on from where the one in force is.
func (p *playback) looping(loop bool, by string, now instant) *playback {
	steps := p.steps()
	i := inForce(steps, now)
	steps = slices.Clone(steps[i:])
	if from := steps[0].at(now); from.MediaURL != "" && now > steps[0].Since {
		from.Since = now
		began := step{timeline: from, By: by, CommandID: steps[0].CommandID, Change: "options"}
		steps = slices.Insert(steps, 1, began)
	}
	for i := range steps {
		if steps[i].MediaURL != "" && steps[i].Since >= now {
			steps[i].Loop = loop
		}
	}
	return p.having(steps)
}

// learnt notes a length, wherever the medium is planned. The first word counts, and the
// leader's more than any: one device that is wrong, or lies, must not end the film for all.
// Nor does a length that the medium has been played beyond.
func learnt(s *state, mediaURL string, length float64, leads bool, now instant) []change {
	steps := slices.Clone(s.playback.steps())
	changed := false
	if at := s.playback.at(now).at(now); !leads && at.MediaURL == mediaURL && at.Position > length {
		return nil
	}
	for i := range steps {
		t := &steps[i].timeline
		if t.MediaURL == mediaURL && (t.Length == 0 || leads && t.Hearsay && t.Length != length) {
			t.Length, t.Hearsay, changed = length, !leads, true
		}
	}
	if !changed {
		return nil
	}
	p := s.playback.having(steps)
	p.Changed = now
	return []change{s.put(true, p, kindPlayback)}
}

func validateSubtitles(list []Subtitle) error {
	for i := range list {
		sub := &list[i]
		if !isMediaURL(sub.URL) || !isText(&sub.Label, 64) || len(sub.Language) > 35 || strings.Trim(sub.Language, languageTag) != "" {
			return fault(wire.CodeBadMedia, "a subtitle needs a url; its label may have 64 characters, its language 35 letters, digits and -")
		}
	}
	if len(list) > maxSubtitles {
		return fault(wire.CodeBadMedia, "a medium may have %d subtitles", maxSubtitles)
	}
	return nil
}

const languageTag = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-"

// media returns the medium that holds at an instant, nil before any.
func (p *playback) media(now instant) *Media {
	t := p.at(now)
	if t.MediaURL == "" {
		return nil
	}
	m := p.mediaOf(t)
	return &m
}

// mediaOf returns what is known of a step's medium.
func (p *playback) mediaOf(t timeline) Media {
	m := Media{
		MediaURL: t.MediaURL, MediaID: t.MediaID, MediaTitle: t.Title, MediaDuration: t.Length, Loop: t.Loop,
		Subtitles: []Subtitle{}, WaitForAll: p.WaitForAll, WaitLimitMs: millis(p.waitLimit()), WaitingFor: p.waitingFor(),
	}
	if t.MediaURL == p.SubtitlesOf && len(p.Subtitles) > 0 {
		m.Subtitles = p.Subtitles
	}
	return m
}

// playbackChanged tells what is new of the timeline: of media that were there before
// their length and options, then the steps that weren't.
func playbackChanged(s *state, before, after *playback) (notices []notice) {
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
			notices = append(notices, tell(wire.MediaInfo, MediaInfo{*is, after.Changed.time()}))
		}
	}
	for _, n := range after.steps() {
		if isNew(n) && !s.isCancelled(n) {
			notices = append(notices, after.announce(n)...)
		}
	}
	return notices
}

// newest returns what is known of a medium by the last step that has it.
func (p *playback) newest(mediaURL string) *Media {
	if p == nil {
		p = &playback{step: step{timeline: timeline{Rate: 1}}}
	}
	for _, n := range slices.Backward(p.steps()) {
		if n.MediaURL == mediaURL {
			m := p.mediaOf(n.timeline)
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

// announce tells of a step of the timeline.
func (p *playback) announce(n step) []notice {
	switch n.Change {
	case "load":
		return []notice{tell(wire.MediaLoaded, MediaLoaded{p.mediaOf(n.timeline), n.Since.time(), n.By})}
	case "sync":
		e := PlaybackSync{PlaybackState: n.wire(), Timestamp: n.Since.time(), LeaderID: n.By, CommandID: n.CommandID}
		if p.Hold != nil && p.Hold.Pause == n.CommandID {
			e.WaitingFor = p.Hold.For
		}
		return []notice{tell(wire.PlaybackSync, e)}
	}
	return nil // options are told by media_info
}
