package session

import (
	"context"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/wire"
)

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
	watches bool          // it has asked for what the others see
	wanted  bool          // it was told that what it sees is wanted
	paid    rules.Instant // up to when it has used up what it may send
}

// WatchMonitor makes the member hear of what the devices on this instance see, or no
// longer, as long as its user leads. Leader only.
func (m *Member) WatchMonitor(_ context.Context, on bool) error {
	return m.inRoom(func(r *room) error {
		r.mu.Lock()
		defer r.mu.Unlock()
		if err := r.state.MayLead(m.userID); err != nil && on {
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
	if err := q.Validate(); err != nil {
		return err
	}
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	e := Event{Name: wire.Monitor, Data: Monitored{m.deviceID, q, m.svc.now().Time()}, Source: m.deviceID, shared: &sharedEncoding{}}
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
		return false, rules.Fault(wire.CodeNotJoined, "the device isn't connected to the session any more")
	}
	m.room.mu.Lock()
	defer m.room.mu.Unlock()
	now := m.svc.now()
	paid := max(m.monitor.paid, now.Add(-rules.MonitorBurst*rules.MonitorEvery)).Add(rules.MonitorEvery)
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
		_, d := r.state.Device(deviceID)
		if wanted := on && d != nil && d.Recorder(); wanted != m.monitor.wanted {
			m.monitor.wanted = wanted
			m.deliver(Event{Name: wire.MonitorWanted, Data: MonitorWanted{wanted}})
		}
	}
}
