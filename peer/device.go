package peer

import (
	"context"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// DeviceConfig says how a Device reaches the rest of the server. Any of the
// functions may be nil. They must not block for long; they are never called
// with a lock of this package held.
type DeviceConfig struct {
	// SendFrame sends a clock frame over the WebSocket. It must not keep it.
	SendFrame func(frame []byte) error
	// OnControl gets the messages of the control channel, in order.
	OnControl func(msg []byte)
	// OnExchange gets every whole exchange of either path, used or not, T1 and T4 by the
	// steady clock; nil, as it usually is, costs nothing.
	OnExchange func(Path, clock.Exchange)
	// OnPath is called when the device's map begins to come from another path.
	OnPath func(Path)
}

// Device is the server's half of one device: it answers the device's offers, pings it, and
// holds the estimate of its clock. Safe for concurrent use.
type Device struct {
	srv  *Server
	cfg  DeviceConfig
	wake chan struct{} // holds one token: something changed the schedule

	accepting sync.Mutex // one Accept at a time; before mu

	mu        sync.Mutex
	closed    bool
	link      *link // the present connection
	dead      bool  // link is to be closed
	ws        *track
	data      *track // nil until a clock channel was open
	dataLink  *link  // that data measures
	dataUp    bool
	wsIdle    bool // the data channel does it alone
	pub       publisher
	path      Path
	hidden    bool
	firstPong clock.SessionTime // by the steady clock
	wakeAt    clock.SessionTime // when the pinger wakes by itself, by the steady clock
	told      clock.Told        // that the map of the last ping is composed with
	toldOff   time.Duration     // the part of its bound that is Config.Off's
	common    common            // and the least of it lately
	past      clock.Pings       // the counts of tracks that were given up
}

// Status is what is known of a device at one instant.
type Status struct {
	Estimate  clock.Estimate    // against session time; its bounds have Config.Off
	Shared    time.Duration     // the part of Estimate.Bound, and of the bound that the device has, that is Config.Off's
	Common    time.Duration     // the least that Shared has been of late, in every map that the device may go by
	Since     clock.SessionTime // readings that the device made from then on have Common
	Path      Path              // that Estimate comes from
	Sent      uint64            // pings
	Lost      uint64            // pings without a pong within 5 s
	Stray     uint64            // pongs dropped: no ping of that nonce was waiting
	Hidden    bool              // the page was hidden at the last pong
	FirstPong clock.SessionTime // first one over a data channel; 0 before it
}

// NewDevice returns a Device that does nothing until it is Run. One that is never Run
// must be closed if it accepted an offer.
func (s *Server) NewDevice(cfg DeviceConfig) *Device {
	return &Device{
		srv:  s,
		cfg:  cfg,
		wake: make(chan struct{}, 1),
		ws:   newTrack(s.cfg.Seed()),
		pub:  publisher{epoch: s.epoch},
	}
}

// Run pings the device until ctx ends, then does what Close does. Call it once.
func (d *Device) Run(ctx context.Context) {
	defer d.Close()
	d.ping(ctx)
}

// Close closes the connection and joins all that belongs to it. Run does so when it ends;
// a Device that is never Run needs it. It may be called more than once, at once with Run too.
func (d *Device) Close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.accepting.Lock()
	defer d.accepting.Unlock()
	d.replace(nil)
}

// replace makes l the present connection and closes the one before it. The
// caller holds accepting.
func (d *Device) replace(l *link) {
	d.mu.Lock()
	old := d.link
	d.link, d.dead = l, false
	if d.dataLink == old {
		d.dataUp = false
	}
	d.mu.Unlock()
	if old != nil {
		old.close()
	}
}

// Status returns what is known at present.
func (d *Device) Status() Status {
	now := d.srv.cfg.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	off := d.srv.cfg.Off(now)
	est := off.Widen(d.estimate(now))
	s := Status{
		Estimate: est, Path: d.path, Hidden: d.hidden,
		Sent: d.past.Sent, Lost: d.past.Lost, Stray: d.past.Stray,
	}
	if est.Map.Valid {
		s.Shared = min(off.Bound, d.toldOff)
		s.share(off, d)
	}
	if d.firstPong != 0 {
		s.FirstPong = d.srv.cfg.Line(d.firstPong).At(d.firstPong)
	}
	for _, t := range []*track{d.ws, d.data} {
		if t != nil {
			t.Expire(now)
			s.Sent, s.Lost, s.Stray = s.Sent+t.Sent, s.Lost+t.Lost, s.Stray+t.Stray
		}
	}
	return s
}

// share fills in what the device's readings have in common with those of other devices. One that
// answers no more may go by an older map than is remembered. The caller holds d.mu.
func (s *Status) share(off clock.Uncertainty, d *Device) {
	part, since := d.common.part()
	if s.Estimate.State == clock.Holdover || part == 0 {
		return
	}
	s.Common, s.Since = min(part, off.Bound), d.srv.cfg.Line(since).At(since)
}

// Resync forgets the exchanges so far: the device slept, its clock stepped or
// its network changed.
func (d *Device) Resync() {
	d.mu.Lock()
	d.reset()
	d.mu.Unlock()
	d.Kick()
}

// Burst asks for a burst of pings that ends right before an instant.
func (d *Device) Burst(before clock.SessionTime) {
	before = d.srv.cfg.Line(d.srv.cfg.Now()).Inverse(before)
	d.mu.Lock()
	t := d.ws
	if d.wsIdle && d.data != nil {
		t = d.data
	}
	t.est.Burst(before)
	d.mu.Unlock()
	d.Kick()
}

// SendControl sends msg as one text message over the control channel. It never
// blocks: ErrNoControl without an open channel, ErrBusy when 1 MiB is waiting,
// ErrTooLong above 64 KiB.
func (d *Device) SendControl(msg []byte) error {
	d.mu.Lock()
	l := d.link
	d.mu.Unlock()
	if l == nil {
		return ErrNoControl
	}
	return l.writeControl(msg)
}

// reset forgets all exchanges. The caller holds mu.
func (d *Device) reset() {
	d.ws.est.Reset()
	if d.data != nil {
		d.data.est.Reset()
	}
}

// Kick makes the pinger check again what is due. It never blocks.
func (d *Device) Kick() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}
