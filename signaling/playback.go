package signaling

import (
	"context"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/plainjson"
	"github.com/downbeat-sync/downbeat/session"
)

type loadMediaData struct {
	MediaURL      string  `json:"mediaUrl"`
	MediaID       string  `json:"mediaId,omitempty"`
	MediaTitle    string  `json:"mediaTitle,omitempty"`
	MediaDuration float64 `json:"mediaDuration,omitempty"` // s
	Loop          bool    `json:"loop,omitempty"`

	Subtitles []session.Subtitle `json:"subtitles,omitempty"`
}

func loadMedia(ctx context.Context, l *link, q loadMediaData) (any, error) {
	return nil, l.member.LoadMedia(ctx, session.LoadRequest{
		MediaURL: q.MediaURL, MediaID: q.MediaID, MediaTitle: q.MediaTitle, MediaDuration: q.MediaDuration,
		Subtitles: q.Subtitles, Loop: q.Loop,
	})
}

type syncPlaybackData struct {
	Position     *float64 `json:"position,omitempty"` // s
	IsPlaying    *bool    `json:"isPlaying"`
	MediaURL     *string  `json:"mediaUrl,omitempty"`
	MediaID      *string  `json:"mediaId,omitempty"`
	PlaybackRate *float64 `json:"playbackRate,omitempty"`
}

func syncPlayback(ctx context.Context, l *link, q syncPlaybackData) (any, error) {
	if q.IsPlaying == nil {
		return nil, plainjson.Missing("isPlaying")
	}
	return scheduled(l.member.SyncPlayback(ctx, session.PlaybackRequest{
		Position: q.Position, IsPlaying: *q.IsPlaying, MediaURL: q.MediaURL, MediaID: q.MediaID, PlaybackRate: q.PlaybackRate,
	}))
}

type desyncData struct {
	ReportedPosition *float64           `json:"reportedPosition"` // s
	ReportedTime     *clock.SessionTime `json:"reportedTime"`
}

func reportDesync(_ context.Context, l *link, q desyncData) (any, error) {
	if q.ReportedPosition == nil || q.ReportedTime == nil {
		return nil, plainjson.Missing("reportedPosition or reportedTime")
	}
	recovery, err := l.member.Desync(*q.ReportedPosition, *q.ReportedTime)
	return recovery, err
}

type optionsData struct {
	Loop        *bool    `json:"loop,omitempty"`
	WaitForAll  *bool    `json:"waitForAll,omitempty"`
	WaitLimitMs *float64 `json:"waitLimitMs,omitempty"`
}

func playbackOptions(ctx context.Context, l *link, q optionsData) (any, error) {
	return nil, l.member.PlaybackOptions(ctx, session.OptionsRequest{
		Loop: q.Loop, WaitForAll: q.WaitForAll, WaitLimit: plainjson.Millis(q.WaitLimitMs),
	})
}

type mediaInfoData struct {
	MediaURL      string   `json:"mediaUrl"`
	MediaDuration *float64 `json:"mediaDuration"` // s
}

func mediaInfo(ctx context.Context, l *link, q mediaInfoData) (any, error) {
	if q.MediaDuration == nil {
		return nil, plainjson.Missing("mediaDuration")
	}
	return nil, l.member.MediaInfo(ctx, q.MediaURL, *q.MediaDuration)
}

type bufferingData struct {
	MediaURL  string `json:"mediaUrl"`
	Buffering *bool  `json:"buffering"`
}

func buffering(ctx context.Context, l *link, q bufferingData) (any, error) {
	if q.Buffering == nil {
		return nil, plainjson.Missing("buffering")
	}
	return nil, l.member.Buffering(ctx, q.MediaURL, *q.Buffering)
}
