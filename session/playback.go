package session

import (
	"context"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"
	"github.com/downbeat-sync/downbeat/wire"
)

// PlaybackOptions changes how the medium is played. Leader only.
func (m *Member) PlaybackOptions(ctx context.Context, q OptionsRequest) error {
	if q.WaitLimit != nil && (*q.WaitLimit < time.Second || *q.WaitLimit > rules.MaxWaitLimit) {
		return rules.Fault(wire.CodeBadPlayback, "waitLimitMs must be between 1000 and 60000")
	}
	return m.update(ctx, func(s *rules.State, now rules.Instant) ([]rules.Change, error) {
		return rules.SetOptions(s, m.userID, q, m.room.lead(), now)
	})
}

// MediaInfo notes the length of the medium of that URL in seconds, if it is loaded
// and nobody has told its length before. What the leader's devices tell goes before what
// others have told.
func (m *Member) MediaInfo(ctx context.Context, mediaURL string, length float64) error {
	if !rules.IsMediaURL(mediaURL) || !rules.Within(length, 0, rules.MaxPosition) || length == 0 {
		return rules.Fault(wire.CodeBadMedia, "mediaUrl or mediaDuration is missing, too long or out of range")
	}
	return m.update(ctx, func(s *rules.State, now rules.Instant) ([]rules.Change, error) {
		return rules.Learnt(s, mediaURL, length, m.leads(), now), nil
	})
}

// Buffering notes that the device has to load before it can go on with the medium
// of that URL, or that it has. Where everybody is waited for the medium is paused
// for all meanwhile.
func (m *Member) Buffering(ctx context.Context, mediaURL string, on bool) error {
	if !rules.IsMediaURL(mediaURL) {
		return rules.Fault(wire.CodeBadMedia, "mediaUrl is missing, too long or not text")
	}
	return m.update(ctx, func(s *rules.State, now rules.Instant) ([]rules.Change, error) {
		return rules.Buffering(s, m.deviceID, mediaURL, on, m.room.lead(), now)
	})
}
