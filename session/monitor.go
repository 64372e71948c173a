package session

import (
	"bytes"
	"context"
	"encoding/base64"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/wire"
)

// What a device may send to those who watch it.
const (
	maxStill     = 12 << 10 // bytes of an image
	monitorEvery = 500 * time.Millisecond
	monitorBurst = 2 // of what comes at once
)

// Still is what a device sees and hears just now. All is optional.
type Still struct {
	Image  string   `json:"image,omitempty"` // JPEG or WebP of at most 12 KiB, in base64
	Width  int      `json:"width,omitempty"` // of the image
	Height int      `json:"height,omitempty"`
	PeakDb *float64 `json:"peakDb,omitempty"`
	RmsDb  *float64 `json:"rmsDb,omitempty"`
}

// Monitored is the data of monitor.
type Monitored struct {
	DeviceID string `json:"deviceId"`
	Still
	Timestamp clock.SessionTime `json:"timestamp"` // when this instance got it
}

// MonitorWanted is the data of monitor_wanted.
type MonitorWanted struct {
	On bool `json:"on"`
}

// monitoring is a member's part in the monitor. Guarded by room.mu.
type monitoring struct {
	watches bool    // it has asked for what the others see
	wanted  bool    // it was told that what it sees is wanted
	paid    instant // up to when it has used up what it may send
}

// WatchMonitor makes the member hear of what the devices on this instance see, or no
// longer, as long as its user leads. Leader only.
func (m *Member) WatchMonitor(_ context.Context, on bool) error {
	return m.inRoom(func(r *room) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		if err := r.state.mayLead(m.userID); err != nil && on {
			return err
		}
		m.monitor.watches = on
		r.askMonitor()
		return nil
	})
}

// Monitor passes on what the device sees and hears to those who asked for it. What comes
// too often, or what nobody asked for, is dropped; so it is where a reader is slow.
func (m *Member) Monitor(q Still) error {
	if ok, err := m.mayMonitor(); !ok {
		return err
	}
	if err := q.validate(); err != nil {
		return err
	}
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	e := Event{Name: wire.Monitor, Data: Monitored{m.deviceID, q, m.svc.now().time()}, Source: m.deviceID, shared: &sharedEncoding{}}
	for _, to := range m.room.members {
		if to.monitor.watches && to.leads() {
			to.deliver(e)
		}
	}
	return nil
}

// mayMonitor reports whether somebody wants what the device sees, and it hasn't sent too
// much lately.
func (m *Member) mayMonitor() (ok bool, err error) {
	if m.ended() {
		return false, fault(wire.CodeNotJoined, "the device isn't connected to the session any more")
	}
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	now := m.svc.now()
	paid := max(m.monitor.paid, now.add(-monitorBurst*monitorEvery)).add(monitorEvery)
	if !m.monitor.wanted || paid > now {
		return false, nil
	}
	m.monitor.paid = paid
	return true, nil
}

// askMonitor tells the devices that record whether anybody wants to see what they do, as
// far as that has changed. Called with room.mu held.
func (r *room) askMonitor() {
	on := false
	for _, m := range r.members {
		on = on || m.monitor.watches && m.leads()
	}
	if !on && !r.monitored {
		return
	}
	r.monitored = on
	for deviceID, m := range r.members {
		_, d := r.state.device(deviceID)
		if wanted := on && d != nil && d.recorder(); wanted != m.monitor.wanted {
			m.monitor.wanted = wanted
			m.deliver(Event{Name: wire.MonitorWanted, Data: MonitorWanted{wanted}})
		}
	}
}

func (q *Still) validate() error {
	image, err := base64.StdEncoding.DecodeString(q.Image)
	level := func(db *float64) bool { return db == nil || within(*db, -1000, 1000) }
	switch {
	case err != nil || len(image) > maxStill:
		return fault(wire.CodeBadMonitor, "image must be base64 of at most %d bytes", maxStill)
	case len(image) > 0 && !isJPEG(image) && !isWebP(image):
		return fault(wire.CodeBadMonitor, "image must be JPEG or WebP")
	case q.Width < 0 || q.Width > maxPixels || q.Height < 0 || q.Height > maxPixels:
		return fault(wire.CodeBadMonitor, "width or height is out of range")
	case !level(q.PeakDb) || !level(q.RmsDb):
		return fault(wire.CodeBadMonitor, "peakDb and rmsDb must be numbers of decibels")
	}
	return nil
}

func isJPEG(b []byte) bool { return bytes.HasPrefix(b, []byte("\xff\xd8\xff")) }

func isWebP(b []byte) bool {
	return len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP"
}
