package rules

import (
	"math"

	"github.com/downbeat-sync/downbeat/internal/text"
	"github.com/downbeat-sync/downbeat/wire"
)

// LoadRequest asks for a medium to be loaded, at its beginning and paused.
type LoadRequest struct {
	MediaURL, MediaID, MediaTitle string
	MediaDuration                 float64 // s
	Subtitles                     []Subtitle
	Loop                          bool
}

// PlaybackRequest asks for the timeline to change. What is nil stays as it is.
type PlaybackRequest struct {
	Position          *float64 // s
	IsPlaying         bool
	MediaURL, MediaID *string
	PlaybackRate      *float64
}

// applied returns the timeline as it is asked for. What is at its end is played from
// its beginning.
func (q PlaybackRequest) applied(t Timeline) Timeline {
	if t.over() && q.IsPlaying {
		t.Position = 0
	}
	t.IsPlaying = q.IsPlaying
	if q.Position != nil {
		t.Position = *q.Position
	}
	if q.PlaybackRate != nil {
		t.Rate = *q.PlaybackRate
	}
	if q.MediaURL != nil && *q.MediaURL != t.MediaURL {
		t.MediaURL, t.Title, t.Length, t.Hearsay, t.Loop = *q.MediaURL, "", 0, false, false // nobody has said them of this one
	}
	if t.Length > 0 && !t.Loop {
		t.Position = min(t.Position, t.Length)
	}
	if q.MediaID != nil {
		t.MediaID = *q.MediaID
	}
	return t
}

// Validate refuses a medium that can't be, with CodeBadMedia.
func (q *LoadRequest) Validate() error {
	if q.MediaURL == "" || !text.Fits(q.MediaURL, maxURL) || !text.Fits(q.MediaID, maxMediaID) || !IsText(&q.MediaTitle, 256) ||
		!Within(q.MediaDuration, 0, MaxPosition) {
		return Fault(wire.CodeBadMedia, "mediaUrl, mediaId, mediaTitle or mediaDuration is missing, too long or out of range")
	}
	return validateSubtitles(q.Subtitles)
}

// Validate refuses what no timeline can do, with CodeBadPlayback or CodeBadMedia.
func (q *PlaybackRequest) Validate() error {
	switch {
	case q.Position != nil && !Within(*q.Position, 0, MaxPosition):
		return Fault(wire.CodeBadPlayback, "position must be a number of seconds that isn't negative")
	case q.PlaybackRate != nil && !Within(*q.PlaybackRate, 1.0/16, 16):
		return Fault(wire.CodeBadPlayback, "playbackRate must be between 1/16 and 16")
	case q.MediaURL != nil && !text.Fits(*q.MediaURL, maxURL), q.MediaID != nil && !text.Fits(*q.MediaID, maxMediaID):
		return Fault(wire.CodeBadMedia, "mediaUrl or mediaId is too long or not text")
	}
	return nil
}

// Within reports whether a number is in a range; NaN is in none.
func Within(x, low, high float64) bool { return !math.IsNaN(x) && x >= low && x <= high }

// IsMediaURL reports whether a medium may be called so.
func IsMediaURL(s string) bool { return s != "" && text.Fits(s, maxURL) }
