package peer

import "github.com/downbeat-sync/downbeat/clock"

// HandleFrame takes a pong in that came over the WebSocket; t4 is when it was
// read. An error wraps ErrBadFrame. A pong that nothing waits for is none: it
// is dropped and counted.
func (d *Device) HandleFrame(b []byte, t4 clock.SessionTime) error {
	p, err := ParsePong(b)
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.pong(d.ws, p, t4)
	d.mu.Unlock()
	return nil
}

// clockFrame takes a pong of the data channel in.
func (d *Device) clockFrame(l *link, b []byte) {
	t4 := d.srv.cfg.Now()
	p, err := ParsePong(b)
	if err != nil {
		d.srv.cfg.Log.Debug("dropping a frame", "err", err)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dataLink != l {
		return
	}
	if d.pong(d.data, p, t4) && d.firstPong == 0 {
		d.firstPong = t4
	}
}

// pong gives a whole exchange to the estimator; false when it belongs to no
// ping. The caller holds mu.
func (d *Device) pong(t *track, p Pong, t4 clock.SessionTime) bool {
	t1, ok := t.take(p.Nonce)
	if !ok {
		return false
	}
	d.hidden = p.Hidden
	if p.Stopped {
		d.reset()
	}
	t.est.SetResolution(p.Resolution)
	if err := t.est.Add(clock.Exchange{T1: t1, T2: p.T2, T3: p.T3, T4: t4}); err != nil {
		d.srv.cfg.Log.Debug("exchange refused", "err", err)
	}
	if t.next() < d.wakeAt {
		d.kick()
	}
	return true
}
