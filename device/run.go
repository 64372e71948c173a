package device

import (
	"context"
	"errors"
	"time"

	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/internal/pause"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
	"github.com/downbeat-sync/downbeat/wire"
)

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

// Run joins and stays in the session until ctx ends; call it once. It fails when the first connection does, to
// each of the addresses, unless the server says to try again, or when the server says not to come back; a
// connection that is lost later is made again, to the next address, as the same device. A session that
// isn't there any more is waited for, for five minutes.
func (d *Device) Run(ctx context.Context) error {
	if d.err != nil {
		return d.err
	}
	defer d.end()
	for {
		began, at := time.Now(), d.at.use()
		err := d.connect(ctx, at)
		if ctx.Err() != nil {
			return nil
		}
		if !d.comesBack(err) {
			return err
		}
		if time.Since(began) > maxWait {
			d.at.lasted()
		}
		wait := d.at.next()
		d.log.Info("connection_lost", "url", at, "err", err, "next", d.at.use(), "retry_s", wait.Seconds())
		if !pause.For(ctx, wait) {
			return nil
		}
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
	if d.Seat().DeviceID == "" { // a mistake in the configuration, perhaps, unless the server says to try again
		var refused *session.Error
		if errors.As(err, &refused) {
			return refused.Retry
		}
		return d.at.untried()
	}
	var closed *websocket.CloseError
	if errors.As(err, &closed) && closed.Code >= 4000 && closed.Code < 5000 {
		return closed.Code == wire.CloseSlowReader
	}
	var refused *session.Error
	switch {
	case !errors.As(err, &refused):
		return true
	case refused.Code == wire.CodeSessionNotFound:
		return d.waitsForSession()
	}
	return refused.Retry
}

// sessionWait is how long a device waits for a session that it was in to be there
// again: a server that forgot it was restarted, and its creator is on the way back.
const sessionWait = 5 * time.Minute

// waitsForSession notes that there is no such session, and says whether to wait for it.
func (d *Device) waitsForSession() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.missing.IsZero() {
		d.missing = time.Now()
	}
	return time.Since(d.missing) < sessionWait
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
			_ = link.Send(wire.Heartbeat, nil)
		case now := <-watch.C:
			if stood(last, now) {
				_ = d.Resync()
			}
			last = now
		case <-d.down:
			if err := d.reoffer(ctx, link); err != nil {
				d.log.Warn("data_channel_failed", "err", err)
			}
		}
	}
}
