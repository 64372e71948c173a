package server

import (
	"context"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/peer"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
)

// devices knows the connected devices by their id: it is how the sessions
// learn of clocks without knowing of connections.
type devices struct {
	server *peer.Server
	others *qualities // of other instances' devices; nil where there can't be any

	clockless func(id string) (session.Quality, bool) // of devices without a clock; nil: there are none

	mu     sync.RWMutex
	byID   map[string]*peer.Device
	opened bool // a device has come
}

// beforeFirst calls f, if no device has come yet, and none can come meanwhile;
// otherwise it returns false.
func (d *devices) beforeFirst(f func()) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.opened {
		f()
	}
	return !d.opened
}

// steered has every device told soon if session time goes on in another way than it knows.
func (d *devices) steered() {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, p := range d.byID {
		p.Kick()
	}
}

// come notes that session time is followed from now on.
func (d *devices) come() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opened = true
}

// open makes the peer of a device that is about to join.
func (d *devices) open(id string, line signaling.Line) signaling.Peer {
	d.come()
	cfg := peer.DeviceConfig{SendFrame: line.SendFrame, OnControl: line.OnControl}
	if line.OnExchange != nil {
		cfg.OnExchange = func(path peer.Path, x clock.Exchange) { line.OnExchange(string(path), x) }
	}
	p := d.server.NewDevice(cfg)
	return &listed{Device: p, id: id, devices: d}
}

// listed is a peer that is on the list while it runs: one whose device doesn't
// join after all takes nobody's place.
type listed struct {
	*peer.Device
	id      string
	devices *devices
}

func (l *listed) Run(ctx context.Context) {
	l.devices.add(l.id, l.Device)
	defer l.devices.remove(l.id, l.Device)
	l.Device.Run(ctx)
}

func (d *devices) add(id string, p *peer.Device) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.byID[id] = p
}

// remove takes a device off the list, unless it has connected anew since.
func (d *devices) remove(id string, p *peer.Device) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.byID[id] == p {
		delete(d.byID, id)
	}
}

func (d *devices) get(id string) *peer.Device {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.byID[id]
}

// Quality is what is known of a device's clock now, by this instance or another one.
func (d *devices) Quality(id string) (session.Quality, bool) {
	if q, ok := d.own(id); ok {
		return q, true
	}
	if q, ok := d.withoutClock(id); ok {
		return q, true
	}
	return d.others.of(id)
}

// own is what this instance knows of a device's clock.
func (d *devices) own(id string) (session.Quality, bool) {
	p := d.get(id)
	if p == nil {
		return session.Quality{}, false
	}
	s := p.Status()
	return session.Quality{Estimate: s.Estimate, Path: string(s.Path), Hidden: s.Hidden, Shared: s.Shared, Common: s.Common, Since: s.Since}, true
}

// burstClear is how long before an instant its burst of pings ends: what acts at the
// instant has the processor for itself.
const burstClear = 5 * time.Millisecond

// Burst asks for a burst of pings to a device right before an instant.
func (d *devices) Burst(id string, before clock.SessionTime) {
	if p := d.get(id); p != nil {
		p.Burst(before.Add(-burstClear))
	}
}
