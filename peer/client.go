package peer

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/transport/v5"
	"github.com/pion/webrtc/v4"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/loop"
)

// DialConfig sets a Client up. Now is required. The functions must not block
// for long: the clock channel waits for OnMap, the control channel for
// OnControl.
type DialConfig struct {
	Now        func() clock.DeviceTime // the device's clock; safe for concurrent use
	Resolution time.Duration           // of Now; 0 when it is finer than 1 µs
	Net        transport.Net           // nil: the machine's own network
	TCPOnly    bool                    // as if UDP were blocked
	OnControl  func(msg []byte)        // messages of the control channel, in order
	OnMap      func(clock.Map)         // each map that was taken over
	// OnDown is called when the connection is lost for good. A new Offer, made
	// by another goroutine, replaces it.
	OnDown func()
	Log    *slog.Logger // nil: silence
}

// Client is the dialling half: the Go program that uses it is a device. It
// answers pings and keeps the map that they bring. Safe for concurrent use.
type Client struct {
	cfg   DialConfig
	api   *webrtc.API
	clock *loop.Clock

	connected chan struct{}
	first     sync.Once // closes connected

	hidden, stopped atomic.Bool // what the next pong says; stopped once

	dialling sync.Mutex // one Offer or Close at a time; before mu

	mu     sync.Mutex
	closed bool
	link   *link
}

// NewClient returns a Client without a connection: Offer begins one.
func NewClient(cfg DialConfig) (*Client, error) {
	if cfg.Now == nil {
		return nil, errors.New("peer: DialConfig needs Now")
	}
	cfg.Log = limitLog(orDiscard(cfg.Log))
	engine := settings(cfg.Net, cfg.Log)
	types := []webrtc.NetworkType{webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6}
	if !cfg.TCPOnly {
		types = append(types, webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6)
	}
	engine.SetNetworkTypes(types)
	engine.SetICETimeouts(disconnectedAfter, failedAfter, checkEvery)
	return &Client{
		cfg:       cfg,
		api:       newAPI(engine),
		clock:     loop.NewClock(cfg.Now),
		connected: make(chan struct{}),
	}, nil
}

// Offer begins a connection and returns its SDP offer, at once and without candidates: the
// server learns the client's addresses from its connectivity checks. A later Offer, after a
// change of network, closes the earlier connection and joins its goroutines: don't call it from
// one of the DialConfig's functions.
func (c *Client) Offer() (offer string, err error) {
	c.dialling.Lock()
	defer c.dialling.Unlock()
	if c.isClosed() {
		return "", ErrClosed
	}
	pc, err := c.api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return "", fmt.Errorf("peer: making a connection: %w", err)
	}
	l := newLink(pc, c, c.cfg.Log)
	c.replace(l)
	offer, err = c.offer(l)
	if err != nil {
		c.replace(nil)
		return "", err
	}
	return offer, nil
}

// offer opens the channels in-band, see the package comment.
func (c *Client) offer(l *link) (string, error) {
	unordered, once := false, uint16(0)
	channels := []struct {
		label string
		init  *webrtc.DataChannelInit
	}{
		{clockLabel, &webrtc.DataChannelInit{Ordered: &unordered, MaxRetransmits: &once}},
		{controlLabel, nil},
	}
	for _, ch := range channels {
		dc, err := l.pc.CreateDataChannel(ch.label, ch.init)
		if err != nil {
			return "", fmt.Errorf("peer: opening channel %s: %w", ch.label, err)
		}
		l.attach(dc)
	}
	offer, err := l.pc.CreateOffer(nil)
	if err != nil {
		return "", fmt.Errorf("peer: making an offer: %w", err)
	}
	if err := l.pc.SetLocalDescription(offer); err != nil {
		return "", fmt.Errorf("peer: making an offer: %w", err)
	}
	return offer.SDP, nil
}

// Answer applies the server's answer to the last Offer.
func (c *Client) Answer(answer string) error {
	l := c.current()
	if l == nil {
		return ErrNoPeer
	}
	remote := webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}
	if err := l.pc.SetRemoteDescription(remote); err != nil {
		return fmt.Errorf("peer: taking an answer: %w", err)
	}
	return nil
}

// AddCandidate adds a trickled ICE candidate of the server.
func (c *Client) AddCandidate(candidate string) error {
	l := c.current()
	if l == nil {
		return ErrNoPeer
	}
	return l.addCandidate(candidate)
}

// SendControl sends msg as one text message over the control channel. It never
// blocks: ErrNoControl without an open channel, ErrBusy when 1 MiB is waiting,
// ErrTooLong above 64 KiB.
func (c *Client) SendControl(msg []byte) error {
	l := c.current()
	if l == nil {
		return ErrNoControl
	}
	return l.writeControl(msg)
}

// Clock returns session time as this device knows it.
func (c *Client) Clock() *loop.Clock { return c.clock }

// SetHidden says whether the device may answer late because its system throttles it, like a
// page in the background.
func (c *Client) SetHidden(hidden bool) { c.hidden.Store(hidden) }

// Stopped says that the device's clock may have stood still. The next pong tells the server,
// which then forgets the exchanges before it.
func (c *Client) Stopped() { c.stopped.Store(true) }

// Connected returns a channel that is closed once a ping of a data channel has
// been answered.
func (c *Client) Connected() <-chan struct{} { return c.connected }

// Close ends the connection and joins its goroutines. It must not be called
// from one of the DialConfig's functions.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.dialling.Lock()
	defer c.dialling.Unlock()
	c.replace(nil)
	return nil
}

// replace makes l the present connection and closes the one before it. The
// caller holds dialling.
func (c *Client) replace(l *link) {
	c.mu.Lock()
	old := c.link
	c.link = l
	c.mu.Unlock()
	if old != nil {
		old.close()
	}
}

func (c *Client) current() *link {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.link
}

func (c *Client) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}
