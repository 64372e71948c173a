package export

import (
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"strings"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/manifest"
)

// Timeline returns the take as an OpenTimelineIO document: a track for each
// recording, in which a gap leads up to the recording's first frame. It fails with
// ErrNothing when there is none to place. The objects are those of
// https://opentimelineio.readthedocs.io/en/latest/tutorials/otio-serialized-schema.html
func Timeline(take manifest.Take, names Names) ([]byte, error) {
	placed, others := split(take)
	if len(placed) == 0 {
		return nil, ErrNothing
	}
	first := placed[0].StartTimestamp.Add(-millis(*placed[0].AfterFirstMs))
	tracks := []any{}
	for _, r := range placed {
		tracks = append(tracks, track(r, names.base(r)))
	}
	b, err := json.MarshalIndent(timeline{
		Schema: "Timeline.1", Name: take.Name(), GlobalStartTime: timeOfDay(first), Metadata: about(take, first, others),
		Tracks: composition{item: newItem("Stack.1", "tracks"), Children: tracks},
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return append(b, '\n'), nil
}

func track(r manifest.Recording, file string) composition {
	t := composition{item: newItem("Track.1", trackName(r)), Kind: "Video", Children: []any{}}
	if r.FileType != nil && strings.HasPrefix(strings.ToLower(*r.FileType), "audio/") {
		t.Kind = "Audio"
	}
	if *r.AfterFirstMs > 0 {
		gap := newItem("Gap.1", "")
		gap.SourceRange = newRange(*r.AfterFirstMs)
		t.Children = append(t.Children, gap)
	}
	t.Children = append(t.Children, newClip(r, file))
	return t
}

func trackName(r manifest.Recording) string {
	device, _, _ := strings.Cut(r.DeviceID, "-")
	return strings.TrimSpace(r.ViewType + " " + device)
}

func newClip(r manifest.Recording, file string) clip {
	c := clip{item: newItem("Clip.2", file), Active: "DEFAULT_MEDIA", References: map[string]reference{
		"DEFAULT_MEDIA": {
			Schema: "ExternalReference.1", Name: file, Metadata: map[string]any{}, AvailableRange: newRange(*r.DurationMs),
			TargetURL: url.PathEscape(file),
		},
	}}
	c.SourceRange = newRange(*r.DurationMs)
	c.Metadata = map[string]any{"downbeat": r}
	return c
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
	manifest.Recording
}

func about(take manifest.Take, first clock.SessionTime, others []manifest.Recording) map[string]any {
	m := metadata{take.SessionID, take.TakeID, take.PostureLabel, take.TakeTimestamp, first, []leftOut{}}
	for _, r := range others {
		m.LeftOut = append(m.LeftOut, leftOut{why(r), r})
	}
	return map[string]any{"downbeat": m}
}

// timeOfDay is the time code of an instant: microseconds since midnight in UTC.
func timeOfDay(at clock.SessionTime) *rationalTime {
	const day = 24 * time.Hour
	return newTime(float64(((time.Duration(at)%day + day) % day).Microseconds()))
}

func millis(ms float64) time.Duration {
	return time.Duration(math.Round(ms*1000)) * time.Microsecond
}
