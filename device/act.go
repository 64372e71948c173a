package device

import (
	"cmp"
	"context"
	"encoding/json"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/pause"
	"github.com/downbeat-sync/downbeat/signaling"
	"github.com/downbeat-sync/downbeat/wire"
)

// Act is a command that a device carries out at its instant.
type Act struct {
	CommandID   string
	Event       string          `json:"-"` // command, start_recording, stop_recording or playback_sync
	Name        string          // of a command
	Payload     json.RawMessage // of a command
	RecordingID string          // of start_recording: this device's own
	Data        json.RawMessage `json:"-"` // the whole event

	Timestamp clock.SessionTime // when to act
	At        clock.SessionTime `json:"-"` // when it did, read right before Act was called
	Bound     time.Duration     `json:"-"` // 99 % bound of the clock's error then
	Late      bool              `json:"-"` // its instant had passed when the device could first tell

	// MaxLate is how late the command may be carried out; 0: however late.
	MaxLate time.Duration `json:"-"`
}

// remembered is how many commands a device keeps against repeats.
const remembered = 256

// control takes a message from the control channel.
func (d *Device) control(b []byte) {
	if m, err := signaling.ParseMessage(b); err == nil {
		d.message(m)
	}
}

// message takes a message in, whichever way it came.
func (d *Device) message(m signaling.Message) {
	switch {
	case wire.EventOf(m.Event).Command:
		d.command(m)
	case m.Event == wire.Cancelled:
		d.cancelled(m)
		d.pass(m)
	case m.Event == wire.Exchange:
		d.exchange(m)
	case m.Event == wire.Goodbye:
		d.goodbye(m)
		d.pass(m)
	default:
		d.pass(m)
	}
}

func (d *Device) exchange(m signaling.Message) {
	var x signaling.Exchange
	if err := m.Decode(&x); err != nil {
		d.log.Warn("exchange_failed", "err", err)
	} else if d.cfg.OnExchange != nil {
		d.cfg.OnExchange(x.Path, x.Stamps())
	}
}

func (d *Device) pass(m signaling.Message) {
	if d.cfg.OnMessage != nil {
		d.cfg.OnMessage(m)
	}
}

// command arms a command once, by its id.
func (d *Device) command(m signaling.Message) {
	var a Act
	if err := m.Decode(&a); err != nil || a.CommandID == "" {
		d.log.Warn("command_failed", "err", err)
		return
	}
	a.Event, a.Data, a.MaxLate = m.Event, m.Data, maxLate(m)
	ctx, cancel := context.WithCancel(context.Background())
	if !d.remember(a, cancel) {
		cancel()
		return
	}
	act := make(chan func(Act), 1)
	if now, known := d.Clock().Now(); known && d.tooLate(a, now) != "" {
		act <- d.cfg.Act
	} else {
		d.acts.Go(func() {
			act <- d.prepare(ctx, a)
			d.report(ctx, wire.Armed, commandID{a.CommandID})
		})
	}
	d.acts.Go(func() {
		defer d.forget(a.CommandID)
		d.fire(ctx, a, act)
	})
}

// prepare returns what is to be called at the instant.
func (d *Device) prepare(ctx context.Context, a Act) func(Act) {
	if d.cfg.Prepare != nil {
		if act := d.cfg.Prepare(ctx, a); act != nil {
			return act
		}
	}
	return d.cfg.Act
}

type commandID struct {
	CommandID string `json:"commandId"`
}

// remember notes a command that is to be carried out; false when it is known.
func (d *Device) remember(a Act, cancel context.CancelFunc) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if slices.ContainsFunc(d.done, func(known Act) bool { return known.CommandID == a.CommandID }) {
		return false
	}
	d.done = append(d.done, Act{CommandID: a.CommandID, Event: a.Event, Timestamp: a.Timestamp})
	if len(d.done) > remembered {
		d.done = slices.Clone(d.done[len(d.done)-remembered:])
	}
	d.pending[a.CommandID] = cancel
	return true
}

func (d *Device) forget(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if cancel := d.pending[id]; cancel != nil {
		cancel()
	}
	delete(d.pending, id)
}

func (d *Device) cancelled(m signaling.Message) {
	var c commandID
	if err := m.Decode(&c); err == nil {
		d.remember(Act{CommandID: c.CommandID}, func() {}) // the other way may bring the command later
		d.forget(c.CommandID)
		d.callOff(c.CommandID)
	}
}

// fire waits for the instant, and longer if what is to be called isn't prepared by then, acts, and says when it
// did; or that it was too late.
func (d *Device) fire(ctx context.Context, a Act, prepared <-chan func(Act)) {
	first, ok := d.wait(ctx, a.Timestamp)
	if !ok {
		return
	}
	act := <-prepared
	a.Late = first.late > 0
	a.At, _ = d.Clock().Now()
	a.Bound = d.Clock().Bound()
	if why := d.tooLate(a, a.At); why != "" {
		d.miss(ctx, a, cmp.Or(first.missed(a), why))
		return
	}
	if act != nil {
		act(a)
	}
	if !pause.For(ctx, reportAfter+rand.N(reportSpread)) {
		return
	}
	d.report(ctx, wire.Fired, struct {
		CommandID string            `json:"commandId"`
		At        clock.SessionTime `json:"at"`
		Late      bool              `json:"late,omitempty"`
	}{a.CommandID, a.At, a.Late})
}

// report tells the server, or the log that it didn't listen.
func (d *Device) report(ctx context.Context, event string, data any) {
	if err := d.Report(ctx, event, data); err != nil && ctx.Err() == nil {
		d.log.Warn("report_failed", "event", event, "err", err)
	}
}

// When a device reports after it has acted: not at once, since others, on the
// same machine perhaps, are about to act, and not all at the same time.
const (
	reportAfter  = 5 * time.Millisecond
	reportSpread = 15 * time.Millisecond
)

// maxNap bounds how long Wait goes on with one map: a better one may come.
const maxNap = 100 * time.Millisecond

// Wait returns at session time t: it sleeps to the last milliseconds and
// watches the clock from there. late says that t had passed when the device
// could first tell; ok is false when ctx ended first.
func (d *Device) Wait(ctx context.Context, t clock.SessionTime) (late, ok bool) {
	first, ok := d.wait(ctx, t)
	return first.late > 0, ok
}

// wait is Wait, and tells how it was when the device could first tell.
func (d *Device) wait(ctx context.Context, t clock.SessionTime) (first sight, ok bool) {
	spin := max(d.cfg.Spin, 0)
	for told := false; ; {
		left, known := d.left(t)
		if known && !told {
			told, first.late = true, -left
		}
		if known && left <= spin {
			break
		}
		nap := maxNap
		if known {
			nap = min(left-spin, maxNap)
		}
		first.blind = first.blind || !known
		if !pause.For(ctx, nap) {
			return sight{}, false
		}
	}
	for d.ahead(t) {
		if ctx.Err() != nil {
			return sight{}, false
		}
		runtime.Gosched() // others in this process may be watching for the same instant
	}
	return first, ctx.Err() == nil
}

// left is how long it is to session time t by the device's clock; known is
// false while there is no clock to tell.
func (d *Device) left(t clock.SessionTime) (left time.Duration, known bool) {
	if _, ok := d.Clock().Now(); !ok {
		return 0, false
	}
	return d.Clock().Device(t).Sub(d.cfg.Now()), true
}

func (d *Device) ahead(t clock.SessionTime) bool {
	left, known := d.left(t)
	return known && left > 0
}
