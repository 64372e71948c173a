package device

import (
	"context"
	"encoding/json"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// When is the instant of a command. The zero When is the earliest instant at which the
// slowest device of the session can be in time. At and Delay together are refused.
type When struct {
	At    clock.SessionTime // at most 24 h ahead
	Delay time.Duration     // from when the server has the request; at most 24 h. The server may make it longer for slow devices
}

// Command is what an application has all devices do.
type Command struct {
	Name    string        // 1 to 64 letters, digits, _ - . or :
	Payload any           // encoded as JSON, at most 16 KiB; nil: none
	When                  // the zero When: as soon as possible
	MaxLate time.Duration // how late a device may still carry it out, 1 ms to 24 h; 0: 1 s
}

// Recording is what StartRecording starts.
type Recording struct {
	Label    string        // of the take, at most 128 characters; may be empty
	Duration time.Duration // at most 24 h; 0: until StopRecording
	Devices  []string      // ids of those that record; nil: all that do
	When                   // of the first frame
}

// Media is what LoadMedia loads.
type Media struct {
	URL, ID, Title string // URL is required, at most 2048 bytes
	Duration       time.Duration
	Loop           bool
	Subtitles      []session.Subtitle
}

// RequestLeadership takes the lead of a session whose leader is away. With the creator's
// token it does so at any time; else token is empty.
func (d *Device) RequestLeadership(ctx context.Context, token string) error {
	_, err := d.Call(ctx, wire.RequestLeadership, struct {
		Token string `json:"token,omitempty"`
	}{token})
	return err
}

// Schedule has all devices act at one instant, which it returns. For the leader.
func (d *Device) Schedule(ctx context.Context, c Command) (session.Scheduled, error) {
	payload, err := encoded(c.Payload)
	if err != nil {
		return session.Scheduled{}, err
	}
	return d.schedule(ctx, wire.Schedule, struct {
		Name    string          `json:"name"`
		Payload json.RawMessage `json:"payload,omitempty"`
		when
		MaxLateMs float64 `json:"maxLateMs,omitempty"`
	}{c.Name, payload, c.wire(), inMillis(c.MaxLate)})
}

// StartRecording has the devices record from one instant on, which it returns; its
// CommandID is the take's. For the leader.
func (d *Device) StartRecording(ctx context.Context, r Recording) (session.Scheduled, error) {
	return d.schedule(ctx, wire.StartRecording, struct {
		Label    string   `json:"postureLabel,omitempty"`
		Duration float64  `json:"duration,omitempty"` // ms
		Devices  []string `json:"devices,omitempty"`
		when
	}{r.Label, inMillis(r.Duration), r.Devices, r.wire()})
}

// StopRecording stops the take that is under way, as soon as every device can do so at one
// instant. For the leader.
func (d *Device) StopRecording(ctx context.Context) (session.Scheduled, error) {
	return d.schedule(ctx, wire.StopRecording, nil)
}

// Cancel calls off a command whose instant is still ahead. For the leader.
func (d *Device) Cancel(ctx context.Context, id string) error {
	_, err := d.Call(ctx, wire.Cancel, commandID{id})
	return err
}

// LoadMedia gives the session a film or music, paused at its beginning. For the leader.
func (d *Device) LoadMedia(ctx context.Context, m Media) error {
	_, err := d.Call(ctx, wire.LoadMedia, struct {
		URL       string             `json:"mediaUrl"`
		ID        string             `json:"mediaId,omitempty"`
		Title     string             `json:"mediaTitle,omitempty"`
		Duration  float64            `json:"mediaDuration,omitempty"` // s
		Loop      bool               `json:"loop,omitempty"`
		Subtitles []session.Subtitle `json:"subtitles,omitempty"`
	}{m.URL, m.ID, m.Title, m.Duration.Seconds(), m.Loop, m.Subtitles})
	return err
}

// Play has the media play on from where they are. For the leader.
func (d *Device) Play(ctx context.Context) (session.Scheduled, error) {
	return d.play(ctx, timeline{IsPlaying: true})
}

// PlayFrom has the media play from a position on. For the leader.
func (d *Device) PlayFrom(ctx context.Context, position time.Duration) (session.Scheduled, error) {
	return d.play(ctx, timeline{IsPlaying: true, Position: new(position.Seconds())})
}

// Pause has the media stand where they are at the instant. For the leader.
func (d *Device) Pause(ctx context.Context) (session.Scheduled, error) {
	return d.play(ctx, timeline{})
}

// PauseAt has the media stand at a position. For the leader.
func (d *Device) PauseAt(ctx context.Context, position time.Duration) (session.Scheduled, error) {
	return d.play(ctx, timeline{Position: new(position.Seconds())})
}

// Seek moves the media to a position; they go on playing, or stand, as they did. It asks
// the server first which of the two that is. For the leader.
func (d *Device) Seek(ctx context.Context, position time.Duration) (session.Scheduled, error) {
	s, err := d.State(ctx)
	if err != nil {
		return session.Scheduled{}, err
	}
	return d.play(ctx, timeline{IsPlaying: s.PlaybackState.IsPlaying, Position: new(position.Seconds())})
}

// SetRate has the media play at another speed from where they are, 1 being the
// normal one. For the leader.
func (d *Device) SetRate(ctx context.Context, rate float64) (session.Scheduled, error) {
	return d.play(ctx, timeline{IsPlaying: true, Rate: &rate})
}

// State returns the session as it is now; anybody in it may ask.
func (d *Device) State(ctx context.Context) (session.Snapshot, error) {
	return answer[session.Snapshot](d.Call(ctx, wire.RequestSessionState, nil))
}
