package peer

import "context"

// Accept answers an SDP offer; the answer contains the server's candidates. A later offer,
// after a change of network, replaces the connection; the estimate of the clock stays until the
// new connection has a better one. Errors wrap ErrBadOffer if the offer is faulty, ErrClosed if
// Run has ended.
func (d *Device) Accept(ctx context.Context, offer string) (answer string, err error) {
	d.accepting.Lock()
	defer d.accepting.Unlock()
	if d.isClosed() {
		return "", ErrClosed
	}
	l, answer, err := d.srv.accept(ctx, d, offer)
	if err != nil {
		return "", err
	}
	d.replace(l)
	return answer, nil
}

// AddCandidate adds a trickled ICE candidate of the device. It fails with ErrNoPeer before any
// offer.
func (d *Device) AddCandidate(candidate string) error {
	d.mu.Lock()
	l := d.link
	d.mu.Unlock()
	if l == nil {
		return ErrNoPeer
	}
	return l.addCandidate(candidate)
}

func (d *Device) isClosed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.closed
}

// clockOpen begins to measure a new data channel.
func (d *Device) clockOpen(l *link) {
	d.mu.Lock()
	if d.link == l {
		d.retire(d.data)
		d.data, d.dataLink, d.dataUp = newTrack(d.srv.cfg.Seed()), l, true
	}
	d.mu.Unlock()
	d.Kick()
}

// retire keeps the counts of a track that is given up. The caller holds mu.
func (d *Device) retire(t *track) {
	if t != nil {
		d.past.Sent += t.Sent
		d.past.Lost += t.Lost + uint64(t.Waiting())
		d.past.Stray += t.Stray
	}
}

func (d *Device) control(msg []byte) {
	if d.cfg.OnControl != nil {
		d.cfg.OnControl(msg)
	}
}

// linkState keeps the pinger off a connection that brings nothing through.
func (d *Device) linkState(l *link, s linkState) {
	d.mu.Lock()
	if d.link == l && !d.dead {
		d.dead = s == linkDead
		d.dataUp = s == linkUp && d.dataLink == l
	}
	d.mu.Unlock()
	d.Kick()
}
