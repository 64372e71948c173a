package takes

import (
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// Timeline returns the take as an OpenTimelineIO document: for each device a track of its
// pictures and one of its sound, in which gaps lead up to where its recordings
// began. Times are in frames of a usual rate. It fails with ErrNothing when there is nothing to place. The objects are those of
// https://opentimelineio.readthedocs.io/en/latest/tutorials/otio-serialized-schema.html
func Timeline(take Take, names Names) ([]byte, error) {
	placed, others := split(take)
	if len(placed) == 0 {
		return nil, ErrNothing
	}
	first := placed[0].StartTimestamp.Add(-millis(*placed[0].AfterFirstMs))
	rate := rateOf(placed)
	var video, audio []any
	for _, device := range byDevice(placed) {
		if shows := slices.DeleteFunc(slices.Clone(device), func(r Recording) bool { return !pictures(r) }); len(shows) > 0 {
			video = append(video, track(rate, "Video", shows, names))
		}
		if sounds := slices.DeleteFunc(slices.Clone(device), func(r Recording) bool { return !sound(r) }); len(sounds) > 0 {
			audio = append(audio, track(rate, "Audio", sounds, names))
		}
	}
	b, err := json.MarshalIndent(timeline{
		Schema: "Timeline.1", Name: take.Name(), GlobalStartTime: rate.timeOfDay(first), Metadata: about(take, first, others),
		Tracks: composition{item: newItem("Stack.1", "tracks"), Children: append(video, audio...)},
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("takes: %w", err)
	}
	return append(b, '\n'), nil
}

// pictures reports whether a recording has any, by the type of its file.
func pictures(r Recording) bool {
	return r.FileType == nil || !strings.HasPrefix(strings.ToLower(*r.FileType), "audio/")
}

// sound reports whether a recording has some, as far as its device or the type of its file tells.
func sound(r Recording) bool {
	if r.Report != nil && r.Report.Sound != "" {
		return r.Report.Sound != "none"
	}
	if !pictures(r) {
		return true
	}
	kind := ""
	if r.FileType != nil {
		kind = strings.ToLower(*r.FileType)
	}
	return slices.ContainsFunc([]string{"opus", "mp4a", "aac", "vorbis", "pcm", "flac"}, func(codec string) bool { return strings.Contains(kind, codec) })
}

// track lays recordings of one device, which follow one another.
func track(rate rate, kind string, parts []Recording, names Names) composition {
	t := composition{item: newItem("Track.1", parts[0].Device()), Kind: kind, Children: []any{}}
	end := 0.0
	for _, r := range parts {
		begin := *r.AfterFirstMs
		if rate.frames(begin) > rate.frames(end) {
			gap := newItem("Gap.1", "")
			gap.SourceRange = rate.between(end, begin)
			t.Children = append(t.Children, gap)
			end = begin
		}
		// Parts don't overlap: the next one begins after its device has lost the one before.
		t.Children = append(t.Children, newClip(rate, r, end, names.base(r)))
		end += *r.DurationMs
	}
	return t
}

// newClip returns a recording that begins so long after time 0, in ms.
func newClip(rate rate, r Recording, begin float64, file string) clip {
	long := rate.between(begin, begin+*r.DurationMs)
	c := clip{item: newItem("Clip.2", clipName(r)), Active: "DEFAULT_MEDIA", References: map[string]reference{
		"DEFAULT_MEDIA": {
			Schema: "ExternalReference.1", Name: file, Metadata: map[string]any{}, AvailableRange: long, TargetURL: url.PathEscape(file),
		},
	}}
	c.SourceRange = long
	c.Metadata = map[string]any{"downbeat": r}
	return c
}

// clipName is whose the recording is, and which part if it is another than the first.
func clipName(r Recording) string {
	if r.Part > 1 {
		return fmt.Sprintf("%s, part %d", r.Device(), r.Part)
	}
	return r.Device()
}

// metadata is what the timeline says of the take.
type metadata struct {
	SessionID      string            `json:"sessionId"`
	TakeID         string            `json:"takeId"`
	PostureLabel   string            `json:"postureLabel"`
	TakeTimestamp  clock.SessionTime `json:"takeTimestamp"`
	FirstTimestamp clock.SessionTime `json:"firstTimestamp"` // session time at time 0 of the timeline
	LeftOut        []leftOut         `json:"leftOut"`
}

// leftOut is a recording that can't be placed.
type leftOut struct {
	Why string `json:"why"`
	Recording
}

func about(take Take, first clock.SessionTime, others []Recording) map[string]any {
	m := metadata{take.SessionID, take.TakeID, take.PostureLabel, take.TakeTimestamp, first, []leftOut{}}
	for _, r := range others {
		m.LeftOut = append(m.LeftOut, leftOut{why(r), r})
	}
	return map[string]any{"downbeat": m}
}

func millis(ms float64) time.Duration {
	return time.Duration(math.Round(ms*1000)) * time.Microsecond
}
