package device

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/clock/loop"
	"github.com/downbeat-sync/downbeat/internal/pause"
	"github.com/downbeat-sync/downbeat/peer"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
	"github.com/downbeat-sync/downbeat/wire"
)

// Device is a Go program in a session. Its methods are safe for concurrent use.
type Device struct {
	cfg  Config
	log  *slog.Logger
	peer *peer.Client
	at   *addresses
	err  error // of New

	joined chan struct{}
	acts   sync.WaitGroup
	down   chan struct{} // the data channel is lost for good

	mu      sync.Mutex
	link    *signaling.Client // nil while none has joined
	up      chan struct{}     // closed while there is a link
	seat    session.SessionJoined
	status  *session.DeviceStatus         // nil before SetStatus
	proven  []string                      // the resumeTokens that it has had, the latest last
	missing time.Time                     // since when there is no such session any more; zero while there is
	pending map[string]context.CancelFunc // commands that lie in the future
	done    []Act                         // the last commands: their ids, against repeats, events and instants
}

// New returns a device that has done nothing yet.
func New(cfg Config) *Device {
	cfg = cfg.withDefaults()
	d := &Device{
		cfg: cfg, log: cfg.Log, joined: make(chan struct{}), down: make(chan struct{}, 1),
		pending: map[string]context.CancelFunc{}, up: make(chan struct{}),
	}
	var bad, failed error
	d.at, bad = newAddresses(cfg.URL, cfg.URLs, cfg.Log)
	d.peer, failed = peer.NewClient(peer.DialConfig{
		Now: cfg.Now, Resolution: cfg.Resolution, Net: cfg.Net, TCPOnly: cfg.TCPOnly, Log: cfg.Log,
		OnControl: d.control, OnDown: d.lost,
	})
	d.err = errors.Join(bad, failed)
	return d
}

// Joined returns a channel that is closed once the session is joined.
func (d *Device) Joined() <-chan struct{} { return d.joined }

// Connected returns a channel that is closed once a ping was answered over the
// data channel.
func (d *Device) Connected() <-chan struct{} { return d.peer.Connected() }

// Clock returns session time as this device knows it.
func (d *Device) Clock() *loop.Clock { return d.peer.Clock() }

// Seat returns what the server said at joining.
func (d *Device) Seat() session.SessionJoined {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.seat
}

// Send sends an event to the server, such as recording_started.
func (d *Device) Send(event string, data any) error {
	d.mu.Lock()
	link := d.link
	d.mu.Unlock()
	if link == nil {
		return signaling.ErrEnded
	}
	return link.Send(event, data)
}

// Call sends a request to the server and returns its answer.
func (d *Device) Call(ctx context.Context, event string, data any) (signaling.Message, error) {
	d.mu.Lock()
	link := d.link
	d.mu.Unlock()
	if link == nil {
		return signaling.Message{}, signaling.ErrEnded
	}
	return link.Call(ctx, event, data)
}

// Report sends an event such as recording_started until the server has
// answered it, over as many connections as that takes, and returns the
// server's refusal if there is one, or the error of ctx.
func (d *Device) Report(ctx context.Context, event string, data any) error {
	_, err := d.insist(ctx, event, data)
	return err
}

// insist is Call over as many connections as it takes.
func (d *Device) insist(ctx context.Context, event string, data any) (signaling.Message, error) {
	for {
		link, err := d.await(ctx)
		if err != nil {
			return signaling.Message{}, err
		}
		var refused *session.Error
		m, err := link.Call(ctx, event, data)
		switch {
		case ctx.Err() != nil:
			return signaling.Message{}, ctx.Err()
		case err == nil, errors.As(err, &refused) && !refused.Retry:
			return m, err
		}
		if !pause.For(ctx, firstWait) {
			return signaling.Message{}, ctx.Err()
		}
	}
}

// await returns the link as soon as there is one that has joined.
func (d *Device) await(ctx context.Context) (*signaling.Client, error) {
	for {
		d.mu.Lock()
		link, up := d.link, d.up
		d.mu.Unlock()
		if link != nil {
			return link, nil
		}
		select {
		case <-up:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Resync says that the device's clock may have stopped, or that its network
// has changed: the server forgets what it measured. A clock that stood while
// the machine slept is noticed without.
func (d *Device) Resync() error {
	d.peer.Stopped()
	return d.Send(wire.Resync, nil)
}

// SetHidden says whether the device may be served late by its system, as a page in
// the background is.
func (d *Device) SetHidden(hidden bool) { d.peer.SetHidden(hidden) }
