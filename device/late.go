package device

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/pause"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
	"github.com/downbeat-sync/downbeat/wire"
)

// sight is how it was when a device could first tell how late it is for an instant.
type sight struct {
	late  time.Duration // after the instant; negative: it lay ahead
	blind bool          // there was no clock before
}

// missed returns why a device was too late from the beginning, empty if it wasn't.
func (s sight) missed(a Act) string {
	switch {
	case a.MaxLate == 0 || s.late <= a.MaxLate:
		return ""
	case s.blind:
		return session.MissedNoClock
	}
	return session.MissedArrived
}

// maxLate returns how late a command may be carried out, 0 for however late: an
// application's as long as it says, the start of a take as long as the take lasts. A stop
// is done however late, and a change of playback is joined where it has come to.
func maxLate(m signaling.Message) time.Duration {
	var says struct {
		MaxLateMs *float64 `json:"maxLateMs"`
		Duration  float64  `json:"duration"` // ms
	}
	_ = m.Decode(&says) // what is there was looked at when the command was
	switch {
	case m.Event == wire.Command && says.MaxLateMs == nil:
		return session.DefaultMaxLate
	case m.Event == wire.Command:
		return max(millis(min(*says.MaxLateMs, mostLate)), 1)
	case m.Event == wire.StartRecording:
		return millis(min(max(says.Duration, 0), mostLate))
	}
	return 0
}

func millis(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// mostLate is the most that a server asks for, in ms: a day.
const mostLate = 24 * 3600 * 1000

// takesPlaceOf is the event that makes another one pointless, once it is due.
var takesPlaceOf = map[string]string{wire.StartRecording: wire.StopRecording, wire.PlaybackSync: wire.PlaybackSync}

// tooLate returns why it would be pointless to carry a command out now, empty if it isn't.
func (d *Device) tooLate(a Act, now clock.SessionTime) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	due := func(b Act) bool {
		return b.Event == takesPlaceOf[a.Event] && b.Timestamp > a.Timestamp && b.Timestamp <= now
	}
	switch {
	case a.MaxLate > 0 && now.Sub(a.Timestamp) > a.MaxLate:
		return session.MissedWoke
	case takesPlaceOf[a.Event] != "" && slices.ContainsFunc(d.done, due):
		return session.MissedOvertaken
	}
	return ""
}

// callOff makes a command that was taken back take nothing's place.
func (d *Device) callOff(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.done {
		if d.done[i].CommandID == id {
			d.done[i] = Act{CommandID: id}
		}
	}
}

// miss says that a command wasn't carried out.
func (d *Device) miss(ctx context.Context, a Act, reason string) {
	late := min(a.At.Sub(a.Timestamp), 24*time.Hour) // the server believes no more
	if d.cfg.OnMissed != nil {
		d.cfg.OnMissed(a, late, reason)
	}
	if !pause.For(ctx, reportAfter+rand.N(reportSpread)) {
		return
	}
	d.report(ctx, wire.Missed, struct {
		CommandID string  `json:"commandId"`
		LateMs    float64 `json:"lateMs"`
		Reason    string  `json:"reason"`
	}{a.CommandID, float64(late) / float64(time.Millisecond), reason})
}
