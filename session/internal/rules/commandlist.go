package rules

import (
	"encoding/json"
	"slices"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/wire"
)

// Issued is a command of a session, pending, past or cancelled.
type Issued struct {
	CommandID    string            `json:"commandId"`
	Event        string            `json:"event"`                  // command, start_recording, stop_recording or playback_sync
	Name         string            `json:"name,omitempty"`         // of a command
	Payload      json.RawMessage   `json:"payload,omitempty"`      // of a command
	MaxLateMs    *float64          `json:"maxLateMs,omitempty"`    // of a command
	TakeID       string            `json:"takeId,omitempty"`       // of a stop_recording
	PostureLabel string            `json:"postureLabel,omitempty"` // of a start_recording
	Duration     *float64          `json:"duration,omitempty"`     // ms, of a start_recording; 0 = until stopped
	IsPlaying    *bool             `json:"isPlaying,omitempty"`    // of a playback_sync, as the next two
	Position     *float64          `json:"position,omitempty"`     // s
	PlaybackRate *float64          `json:"playbackRate,omitempty"`
	IssuedAt     clock.SessionTime `json:"issuedAt"`
	Timestamp    clock.SessionTime `json:"timestamp"`
	Cancelled    bool              `json:"cancelled"`
	Reason       string            `json:"reason,omitempty"` // of the cancellation
	Report       *Report           `json:"report"`           // nil before anybody said anything
}

// MaxRows bounds an answer: the devices in all of its reports together.
const MaxRows = 20_000

// Kept is a command that a session knows, wherever it is kept.
type Kept struct {
	Issued              // without the report of one in a page
	Paged  PagedCommand // if it is in a page
}

// devices returns how many devices the command's report has.
func (k *Kept) devices() int {
	switch {
	case k.Paged.Past != nil:
		return k.Paged.Count
	case k.Report != nil:
		return len(k.Report.Devices)
	}
	return 0
}

// WithReports adds the reports of the commands in pages.
func WithReports(list []Kept) []Issued {
	issued := make([]Issued, len(list))
	for i, k := range list {
		issued[i] = k.Issued
		if k.Paged.Past == nil {
			continue
		}
		if rep, said := k.Paged.Report(); said > 0 {
			issued[i].Report = &rep
		}
	}
	return issued
}

// Choose returns the commands after one of them, as many as there is place for,
// and whether there are more. found is false when that one isn't there.
func Choose(all []Kept, limit int, before string) (list []Kept, more, found bool) {
	if before != "" {
		i := slices.IndexFunc(all, func(k Kept) bool { return k.CommandID == before })
		if i < 0 {
			return nil, false, false
		}
		all = all[i+1:]
	}
	rows := 0
	for i := range all {
		rows += all[i].devices()
		if i == limit || rows > MaxRows && i > 0 {
			return all[:i], true, true
		}
	}
	return all, false, true
}

// Issued returns the command as lists have it, without its report.
func (c *CommandRecord) Issued() Issued {
	i := Issued{
		CommandID: c.ID, Event: c.Event, Name: c.Name, Payload: c.Payload, TakeID: c.Take, PostureLabel: c.Label,
		IssuedAt: c.IssuedAt.Time(), Timestamp: c.Timestamp.Time(), Cancelled: c.Cancelled, Reason: c.Reason,
	}
	if c.Event == wire.Command {
		late, _ := c.maxLate()
		i.MaxLateMs = new(Millis(late))
	}
	if c.Event == wire.StartRecording {
		duration := Millis(c.Duration)
		i.Duration = &duration
	}
	if p := c.Play; p != nil {
		i.IsPlaying, i.Position, i.PlaybackRate = &p.IsPlaying, &p.Position, &p.Rate
	}
	return i
}
