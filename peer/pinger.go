package peer

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/frame"
)

// idle is how long the pinger sleeps when no path can be pinged.
const idle = time.Minute

// nonce returns a number that nobody can predict. crypto/rand never fails.
func nonce() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:])
	return binary.BigEndian.Uint64(b[:])
}

// ping sends every path its pings as its estimator wants them.
func (d *Device) ping(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var told Path
	buf := make([]byte, 0, frame.Size)
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-d.wake:
		}
		d.reap()
		buf = d.pingDue(buf)
		path, wait := d.schedule()
		if path != told && d.cfg.OnPath != nil {
			d.cfg.OnPath(path)
		}
		told = path
		timer.Reset(wait)
	}
}

// reap closes a connection that has failed for good.
func (d *Device) reap() {
	d.mu.Lock()
	dead := d.dead
	d.mu.Unlock()
	if !dead || !d.accepting.TryLock() { // an Accept under way replaces it anyhow
		return
	}
	defer d.accepting.Unlock()
	d.mu.Lock()
	dead = d.dead
	d.mu.Unlock()
	if dead {
		d.replace(nil)
	}
}

// active is a path that is to be pinged.
type active struct {
	track *track
	send  func(frame []byte) error
}

// actives lists them, the data channel first. The caller holds mu.
func (d *Device) actives() []active {
	a := make([]active, 0, 2)
	if d.dataUp {
		a = append(a, active{d.data, d.dataLink.writeClock})
	}
	if d.cfg.SendFrame != nil && !(d.wsIdle && d.dataUp) {
		a = append(a, active{d.ws, d.cfg.SendFrame})
	}
	return a
}

func (d *Device) pingDue(buf []byte) []byte {
	d.mu.Lock()
	paths := d.actives()
	d.mu.Unlock()
	for _, p := range paths {
		buf = d.pingIfDue(p, buf)
	}
	return buf
}

// pingIfDue makes the frame first, so that T1 is read just before it is sent.
func (d *Device) pingIfDue(p active, buf []byte) []byte {
	n, holdover := nonce(), d.srv.cfg.Holdover()
	d.mu.Lock()
	now := d.srv.cfg.Now()
	if d.due(p.track, now) > now {
		d.mu.Unlock()
		return buf
	}
	buf = frame.Ping{Nonce: n, Holdover: holdover, Map: d.tell(now)}.Append(buf[:0])
	p.track.begin(n, d.srv.cfg.Now())
	d.mu.Unlock()
	if err := p.send(buf); err != nil {
		d.mu.Lock()
		p.track.Unsent(n)
		d.mu.Unlock()
	}
	return buf
}

// schedule returns the present path and how long the pinger may sleep.
func (d *Device) schedule() (Path, time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.srv.cfg.Now()
	d.wakeAt = now.Add(idle)
	for _, p := range d.actives() {
		d.wakeAt = min(d.wakeAt, d.due(p.track, now))
	}
	return d.path, max(d.wakeAt.Sub(now), 0)
}

// estimate returns the better path's belief at an instant of the steady clock, as one
// against session time, and settles which path that is. The caller holds mu.
func (d *Device) estimate(now clock.SessionTime) clock.Estimate {
	est := d.ws.est.Estimate(now)
	if d.data == nil {
		return d.settle(est, d.ws, PathWebSocket)
	}
	data := d.data.est.Estimate(now)
	if prefer(data, est, d.dataUp, d.pub.from == d.data) {
		return d.settle(data, d.data, d.dataLink.transport())
	}
	return d.settle(est, d.ws, PathWebSocket)
}

func (d *Device) settle(est clock.Estimate, from *track, path Path) clock.Estimate {
	if est.Map.Valid {
		d.path = path
	}
	d.wsIdle = from == d.data && est.Map.Valid && est.State != clock.Holdover
	return d.pub.publish(est.Over(d.srv.cfg.Line(est.Map.Session)), from)
}
