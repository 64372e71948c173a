package device

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
	"github.com/downbeat-sync/downbeat/wire"
)

// when is a When as requests have it; what is nil is the server's choice.
type when struct {
	At    *clock.SessionTime `json:"at,omitempty"`
	Delay *float64           `json:"delay,omitempty"` // ms
}

func (w When) wire() (q when) {
	if w.At != 0 {
		q.At = &w.At
	}
	if w.Delay != 0 {
		q.Delay = new(inMillis(w.Delay))
	}
	return q
}

// timeline is the data of sync_playback; what is nil stays as it is.
type timeline struct {
	IsPlaying bool     `json:"isPlaying"`
	Position  *float64 `json:"position,omitempty"` // s
	Rate      *float64 `json:"playbackRate,omitempty"`
}

func inMillis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func (d *Device) schedule(ctx context.Context, event string, data any) (session.Scheduled, error) {
	return answer[session.Scheduled](d.Call(ctx, event, data))
}

func (d *Device) play(ctx context.Context, q timeline) (session.Scheduled, error) {
	return d.schedule(ctx, wire.SyncPlayback, q)
}

// answer decodes what a request was answered with.
func answer[T any](m signaling.Message, err error) (v T, _ error) {
	if err != nil {
		return v, err
	}
	return v, m.Decode(&v)
}

// encoded returns a payload's JSON; nil for none.
func encoded(payload any) (json.RawMessage, error) {
	if payload == nil {
		return nil, nil
	}
	b, err := json.Marshal(payload)
	if err != nil {
		return nil, fmt.Errorf("device: the payload isn't JSON: %w", err)
	}
	return b, nil
}
