package device

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pion/transport/v5"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/peer"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
)

// Config says what to join, and as whom. URL and SessionID are required.
type Config struct {
	URL       string // of the server, http or https
	SessionID string
	UserID    string // given by the server if empty
	Username  string
	// DeviceType is desktop, mobile or native (the default). ViewType is a label
	// of the device's place.
	DeviceType, ViewType string
	// Key is the session's join key or the admin key, Token the creator's or a
	// JSON Web Token, as the server's access mode wants it.
	Key, Token, ResumeToken string

	// Act is called at the instant of each command, on a goroutine of its own.
	Act func(Act)
	// OnMessage gets the messages that are not commands, in order; it must
	// not block.
	OnMessage func(signaling.Message)

	// OnExchange gets the four stamps of each exchange with this device, which only
	// the server has, and the path that it took: websocket, udp or tcp. It must not
	// block. nil: the server isn't asked for them.
	OnExchange func(path string, x clock.Exchange)

	// Now is the device's clock; nil: the machine's monotonic clock.
	Now        func() clock.DeviceTime
	Resolution time.Duration // of Now; 0 when it is finer than 1 µs
	// Spin is how long before an instant the device stops sleeping and watches
	// the clock; 0: 2 ms, negative: it sleeps up to the instant.
	Spin time.Duration

	TCPOnly bool        // as if UDP were blocked
	TLS     *tls.Config // of https; nil: the system's authorities
	// NetDial and Net replace the machine's network.
	NetDial func(ctx context.Context, network, addr string) (net.Conn, error)
	Net     transport.Net
	Log     *slog.Logger // nil: silence
}

// Device is a Go program in a session. Its methods are safe for concurrent use.
type Device struct {
	cfg  Config
	log  *slog.Logger
	peer *peer.Client
	err  error // of New

	joined chan struct{}
	acts   sync.WaitGroup
	down   chan struct{} // the data channel is lost for good

	mu      sync.Mutex
	link    *signaling.Client // nil while none has joined
	up      chan struct{}     // closed while there is a link
	seat    session.SessionJoined
	pending map[string]context.CancelFunc // commands that lie in the future
	done    []string                      // the last commands acted on, against repeats
}

const defaultSpin = 2 * time.Millisecond

// New returns a device that has done nothing yet.
func New(cfg Config) *Device {
	if cfg.Now == nil {
		start := time.Now()
		cfg.Now = func() clock.DeviceTime { return clock.DeviceTime(time.Since(start)) }
	}
	if cfg.Spin == 0 {
		cfg.Spin = defaultSpin
	}
	if cfg.DeviceType == "" {
		cfg.DeviceType = "native"
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	d := &Device{
		cfg: cfg, log: cfg.Log, joined: make(chan struct{}), down: make(chan struct{}, 1),
		pending: map[string]context.CancelFunc{}, up: make(chan struct{}),
	}
	d.peer, d.err = peer.NewClient(peer.DialConfig{
		Now: cfg.Now, Resolution: cfg.Resolution, Net: cfg.Net, TCPOnly: cfg.TCPOnly, Log: cfg.Log,
		OnControl: d.control, OnDown: d.lost,
	})
	return d
}

// Joined returns a channel that is closed once the session is joined.
func (d *Device) Joined() <-chan struct{} { return d.joined }

// Connected returns a channel that is closed once a ping was answered over the
// data channel.
func (d *Device) Connected() <-chan struct{} { return d.peer.Connected() }

// Clock returns session time as this device knows it.
func (d *Device) Clock() *peer.Clock { return d.peer.Clock() }

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
	for {
		link, err := d.await(ctx)
		if err != nil {
			return err
		}
		var refused *session.Error
		_, err = link.Call(ctx, event, data)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil, errors.As(err, &refused) && !refused.Retry:
			return err
		}
		if !sleep(ctx, firstWait) {
			return ctx.Err()
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
	return d.Send("resync", nil)
}

// SetHidden says whether the device may be served late by its system, as a page in
// the background is.
func (d *Device) SetHidden(hidden bool) { d.peer.SetHidden(hidden) }

const (
	watchEvery = time.Second
	stoodFor   = 500 * time.Millisecond
)

// stood tells whether the monotonic clock stood between two readings, as it
// does while a machine sleeps: the wall clock went on. A wall clock that is
// set forward looks the same, and costs a needless resync.
func stood(before, now time.Time) bool {
	return now.Round(0).Sub(before.Round(0))-now.Sub(before) > stoodFor
}

// Run joins and stays in the session until ctx ends; call it once. It fails
// when the first connection does, or when the server says not to come back; a
// connection that is lost later is made again, as the same device.
func (d *Device) Run(ctx context.Context) error {
	if d.err != nil {
		return d.err
	}
	defer d.end()
	wait := firstWait
	for {
		began := time.Now()
		err := d.connect(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if !d.comesBack(err) {
			return err
		}
		if time.Since(began) > maxWait {
			wait = firstWait
		}
		d.log.Info("connection lost", "err", err, "retry", wait)
		if !sleep(ctx, wait) {
			return nil
		}
		wait = min(2*wait, maxWait)
	}
}

// end closes the data channels, drops what lies in the future and joins it.
func (d *Device) end() {
	_ = d.peer.Close()
	d.mu.Lock()
	for _, cancel := range d.pending {
		cancel()
	}
	d.mu.Unlock()
	d.acts.Wait()
}

const (
	firstWait = 200 * time.Millisecond
	maxWait   = 10 * time.Second
)

// comesBack says whether to try again after err.
func (d *Device) comesBack(err error) bool {
	if d.Seat().DeviceID == "" {
		return false
	}
	var closed *websocket.CloseError
	if errors.As(err, &closed) && closed.Code >= 4000 && closed.Code < 5000 {
		return closed.Code == signaling.CloseSlowReader
	}
	var refused *session.Error
	return !errors.As(err, &refused) || refused.Retry
}

// connect is one connection from dialling to its end.
func (d *Device) connect(ctx context.Context) error {
	link, err := signaling.Dial(ctx, signaling.ClientConfig{
		URL: d.cfg.URL, NetDial: d.cfg.NetDial, TLS: d.cfg.TLS, OnFrame: d.frame, OnMessage: d.message,
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- link.Run(ctx) }()
	if err := d.join(ctx, link); err != nil {
		cancel()
		<-ended
		return err
	}
	d.setLink(link)
	defer d.setLink(nil)
	return d.stay(ctx, link, ended)
}

// stay waits for the end of a connection, and makes the data channel anew
// whenever it is lost meanwhile.
func (d *Device) stay(ctx context.Context, link *signaling.Client, ended chan error) error {
	beat := time.NewTicker(heartbeatEvery)
	defer beat.Stop()
	watch := time.NewTicker(watchEvery)
	defer watch.Stop()
	last := time.Now()
	for {
		select {
		case err := <-ended:
			return err
		case <-beat.C:
			_ = link.Send("heartbeat", nil)
		case now := <-watch.C:
			if stood(last, now) {
				_ = d.Resync()
			}
			last = now
		case <-d.down:
			if err := d.reoffer(ctx, link); err != nil {
				d.log.Warn("data channel", "err", err)
			}
		}
	}
}

func (d *Device) setLink(link *signaling.Client) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.link = link
	if link != nil {
		close(d.up)
	} else {
		d.up = make(chan struct{})
	}
}

func (d *Device) join(ctx context.Context, link *signaling.Client) error {
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	offer, err := d.peer.Offer()
	if err != nil {
		return fmt.Errorf("offering a connection: %w", err)
	}
	token := d.Seat().ResumeToken
	if token == "" {
		token = d.cfg.ResumeToken
	}
	seat, err := link.Join(ctx, signaling.JoinRequest{
		SessionID: d.cfg.SessionID, UserID: d.cfg.UserID, Username: d.cfg.Username,
		DeviceType: d.cfg.DeviceType, ViewType: d.cfg.ViewType, UserAgent: "downbeat",
		Key: d.cfg.Key, Token: d.cfg.Token, ResumeToken: token, Offer: offer, Exchanges: d.cfg.OnExchange != nil,
	})
	if err != nil {
		return fmt.Errorf("joining session %s: %w", d.cfg.SessionID, err)
	}
	d.mu.Lock()
	first := d.seat.DeviceID == ""
	d.seat = seat
	d.mu.Unlock()
	if first {
		close(d.joined)
	}
	return d.peer.Answer(seat.Answer)
}

const joinTimeout = 10 * time.Second

// heartbeatEvery is how often a device says that it is there, so that its
// session isn't taken for idle.
const heartbeatEvery = time.Minute

// lost is told by the peer that its connection is lost for good.
func (d *Device) lost() {
	select {
	case d.down <- struct{}{}:
	default:
	}
}

func (d *Device) reoffer(ctx context.Context, link *signaling.Client) error {
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	offer, err := d.peer.Offer()
	if err != nil {
		return err
	}
	m, err := link.Call(ctx, "offer", signaling.SDP{SDP: offer})
	if err != nil {
		return err
	}
	var answer signaling.SDP
	if err := m.Decode(&answer); err != nil {
		return err
	}
	return d.peer.Answer(answer.SDP)
}

func (d *Device) frame(b []byte) []byte {
	t2 := d.cfg.Now()
	pong, err := d.peer.AnswerPing(b, t2)
	if err != nil {
		d.log.Debug("clock frame", "err", err)
		return nil
	}
	return pong
}

// sleep waits; false when ctx ended first.
func sleep(ctx context.Context, wait time.Duration) bool {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
