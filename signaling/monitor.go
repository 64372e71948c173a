package signaling

import (
	"context"

	"github.com/downbeat-sync/downbeat/internal/plainjson"
	"github.com/downbeat-sync/downbeat/session"
)

type watchMonitorData struct {
	On *bool `json:"on"`
}

func watchMonitor(ctx context.Context, l *link, q watchMonitorData) (any, error) {
	if q.On == nil {
		return nil, plainjson.Missing("on")
	}
	return nil, l.member.WatchMonitor(ctx, *q.On)
}

func monitor(_ context.Context, l *link, q session.Still) (any, error) {
	return nil, l.member.Monitor(q)
}

type cameraSettingsData struct {
	DeviceID string                  `json:"deviceId,omitempty"` // empty: all
	Settings *session.CameraSettings `json:"settings"`
}

func cameraSettings(ctx context.Context, l *link, q cameraSettingsData) (any, error) {
	if q.Settings == nil {
		return nil, plainjson.Missing("settings")
	}
	return nil, l.member.SetCamera(ctx, q.DeviceID, *q.Settings)
}
