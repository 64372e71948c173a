package signaling

import (
	"context"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/session"
)

type loadMediaData struct {
	MediaURL      string  `json:"mediaUrl"`
	MediaID       string  `json:"mediaId"`
	MediaTitle    string  `json:"mediaTitle"`
	MediaDuration float64 `json:"mediaDuration"` // s
}

func loadMedia(ctx context.Context, l *link, q loadMediaData) (string, any, error) {
	return done, nil, l.member.LoadMedia(ctx, session.LoadRequest{
		MediaURL: q.MediaURL, MediaID: q.MediaID, MediaTitle: q.MediaTitle, MediaDuration: q.MediaDuration,
	})
}

type syncPlaybackData struct {
	Position     *float64 `json:"position"` // s
	IsPlaying    *bool    `json:"isPlaying"`
	MediaURL     *string  `json:"mediaUrl"`
	MediaID      *string  `json:"mediaId"`
	PlaybackRate *float64 `json:"playbackRate"`
}

func syncPlayback(ctx context.Context, l *link, q syncPlaybackData) (string, any, error) {
	if q.IsPlaying == nil {
		return "", nil, missing("isPlaying")
	}
	return scheduled(l.member.SyncPlayback(ctx, session.PlaybackRequest{
		Position: q.Position, IsPlaying: *q.IsPlaying, MediaURL: q.MediaURL, MediaID: q.MediaID, PlaybackRate: q.PlaybackRate,
	}))
}

type desyncData struct {
	ReportedPosition *float64           `json:"reportedPosition"` // s
	ReportedTime     *clock.SessionTime `json:"reportedTime"`
}

func reportDesync(_ context.Context, l *link, q desyncData) (string, any, error) {
	if q.ReportedPosition == nil || q.ReportedTime == nil {
		return "", nil, missing("reportedPosition or reportedTime")
	}
	recovery, err := l.member.Desync(*q.ReportedPosition, *q.ReportedTime)
	return "desync_recovery", recovery, err
}
