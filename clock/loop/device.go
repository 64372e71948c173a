package loop

import (
	"sync/atomic"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/frame"
)

// DeviceConfig says what a Device's clock is, and how it reaches the server. Now and Send are required.
type DeviceConfig struct {
	Now        func() clock.DeviceTime  // a monotonic clock
	Resolution time.Duration            // of Now; 0 when it is finer than 1 µs
	Send       func(frame []byte) error // hands a frame to the transport, which must not keep it
}

// Device answers pings and follows the maps that they bring. Its methods are safe for concurrent use.
type Device struct {
	cfg     DeviceConfig
	clock   *Clock
	stopped atomic.Bool
}

// NewDevice returns a Device that waits for frames.
func NewDevice(cfg DeviceConfig) *Device { return &Device{cfg: cfg, clock: NewClock(cfg.Now)} }

// Receive answers a frame from the server; call it as the first thing after reading one. It fails with
// [frame.ErrBad] for bytes that are no ping, and with Send's error.
func (d *Device) Receive(b []byte) error {
	t2 := d.cfg.Now()
	p, err := frame.ParsePing(b)
	if err != nil {
		return err
	}
	var buf [frame.Size]byte
	pong := frame.Pong{Nonce: p.Nonce, Resolution: d.cfg.Resolution, Stopped: d.stopped.Swap(false), T2: t2, T3: d.cfg.Now()}
	if err := d.cfg.Send(pong.Append(buf[:0])); err != nil {
		return err
	}
	d.clock.Follow(p.Map)
	return nil
}

// Clock returns session time as the device knows it.
func (d *Device) Clock() *Clock { return d.clock }

// Stopped has the server forget what it has learnt, as the device's clock may have stood still: the machine slept.
func (d *Device) Stopped() { d.stopped.Store(true) }
