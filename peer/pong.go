package peer

import (
	"errors"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/frame"
)

// HandleFrame handles a pong received over the WebSocket; t4 is the session time at which it
// was read, just now. An error wraps ErrBadFrame. A pong that answers no outstanding ping isn't
// an error: it is dropped and counted (Status.Stray).
func (d *Device) HandleFrame(b []byte, t4 clock.SessionTime) error {
	p, err := frame.ParsePong(b)
	if err != nil {
		return err
	}
	steady := d.srv.cfg.Line(d.srv.cfg.Now()).Inverse(t4)
	d.mu.Lock()
	x, ok := d.pong(d.ws, p, steady)
	d.mu.Unlock()
	if ok {
		d.observe(PathWebSocket, x)
	}
	return nil
}

// clockFrame takes a pong of the data channel in.
func (d *Device) clockFrame(l *link, b []byte) {
	t4 := d.srv.cfg.Now()
	p, err := frame.ParsePong(b)
	if err != nil {
		d.srv.cfg.Log.Debug("dropping a frame", "err", err)
		return
	}
	if x, ok := d.dataPong(l, p, t4); ok {
		d.observe(l.transport(), x)
	}
}

func (d *Device) dataPong(l *link, p frame.Pong, t4 clock.SessionTime) (x clock.Exchange, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dataLink != l {
		return x, false
	}
	x, ok = d.pong(d.data, p, t4)
	if ok && d.firstPong == 0 {
		d.firstPong = t4
	}
	return x, ok
}

// observe tells of an exchange. The caller doesn't hold mu.
func (d *Device) observe(path Path, x clock.Exchange) {
	if d.cfg.OnExchange != nil {
		d.cfg.OnExchange(path, x)
	}
}

// pong gives a whole exchange to the estimator; false when it belongs to no
// ping. The caller holds mu.
func (d *Device) pong(t *track, p frame.Pong, t4 clock.SessionTime) (x clock.Exchange, ok bool) {
	t1, ok := t.Answered(p.Nonce)
	if !ok {
		return x, false
	}
	d.common.answered(t1, t4)
	d.hidden = p.Hidden
	if p.Stopped {
		d.reset()
	}
	t.est.SetResolution(p.Resolution)
	x = clock.Exchange{T1: t1, T2: p.T2, T3: p.T3, T4: t4}
	err := t.est.Add(x)
	if err != nil {
		d.srv.cfg.Log.Debug("exchange refused", "err", err)
	}
	d.srv.cfg.Observe(reasonOf(err))
	if t.next() < d.wakeAt {
		d.Kick()
	}
	return x, true
}

// reasonOf returns why an exchange wasn't used, "" for one that was.
func reasonOf(err error) clock.Reason {
	var rejected *clock.RejectError
	if errors.As(err, &rejected) {
		return rejected.Reason
	}
	return ""
}
