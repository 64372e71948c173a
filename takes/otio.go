package takes

import "strconv"

// item has what OpenTimelineIO's items have in common.
type item struct {
	Schema      string         `json:"OTIO_SCHEMA"`
	Metadata    map[string]any `json:"metadata"`
	Name        string         `json:"name"`
	SourceRange *timeRange     `json:"source_range"` // null: all of it
	Effects     []any          `json:"effects"`
	Markers     []any          `json:"markers"`
	Enabled     bool           `json:"enabled"`
}

func newItem(schema, name string) item {
	return item{Schema: schema, Name: name, Metadata: map[string]any{}, Effects: []any{}, Markers: []any{}, Enabled: true}
}

type timeline struct {
	Schema          string         `json:"OTIO_SCHEMA"`
	Metadata        map[string]any `json:"metadata"`
	Name            string         `json:"name"`
	GlobalStartTime *rationalTime  `json:"global_start_time"`
	Tracks          composition    `json:"tracks"`
}

// composition is a stack or a track; a stack has no kind.
type composition struct {
	item
	Children []any  `json:"children"`
	Kind     string `json:"kind,omitempty"`
}

type clip struct {
	item
	References map[string]reference `json:"media_references"`
	Active     string               `json:"active_media_reference_key"`
}

type reference struct {
	Schema         string         `json:"OTIO_SCHEMA"`
	Metadata       map[string]any `json:"metadata"`
	Name           string         `json:"name"`
	AvailableRange *timeRange     `json:"available_range"`
	ImageBounds    *struct{}      `json:"available_image_bounds"` // never known
	TargetURL      string         `json:"target_url"`
}

type timeRange struct {
	Schema    string        `json:"OTIO_SCHEMA"`
	StartTime *rationalTime `json:"start_time"`
	Duration  *rationalTime `json:"duration"`
}

type rationalTime struct {
	Schema string `json:"OTIO_SCHEMA"`
	Rate   double `json:"rate"`
	Value  double `json:"value"`
}

// double is a number that readers which tell integers from others take for
// what OpenTimelineIO writes: one with a fraction.
type double float64

func (d double) MarshalJSON() ([]byte, error) {
	if d == double(int64(d)) {
		return strconv.AppendFloat(nil, float64(d), 'f', 1, 64), nil
	}
	return strconv.AppendFloat(nil, float64(d), 'f', -1, 64), nil
}
