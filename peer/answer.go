package peer

import (
	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/frame"
)

// AnswerPing returns the pong for a ping received over the WebSocket, and adopts the map in the
// ping; t2 is the device time at which the ping was read. Send the pong at once: its T3 is
// already stamped. An error wraps ErrBadFrame.
func (c *Client) AnswerPing(ping []byte, t2 clock.DeviceTime) (pong []byte, err error) {
	p, err := frame.ParsePing(ping)
	if err != nil {
		return nil, err
	}
	c.take(p.Map)
	return c.pong(make([]byte, 0, frame.Size), p.Nonce, t2), nil
}

// pong appends an answer that leaves now.
func (c *Client) pong(b []byte, nonce uint64, t2 clock.DeviceTime) []byte {
	return frame.Pong{
		Nonce: nonce, Resolution: c.cfg.Resolution, Hidden: c.hidden.Load(), Stopped: c.stopped.Swap(false),
		T2: t2, T3: c.cfg.Now(),
	}.Append(b)
}

func (c *Client) take(m clock.Map) {
	if c.clock.Follow(m) && c.cfg.OnMap != nil {
		c.cfg.OnMap(m)
	}
}

// clockFrame answers a ping of the data channel first of all.
func (c *Client) clockFrame(l *link, b []byte) {
	t2 := c.cfg.Now()
	p, err := frame.ParsePing(b)
	if err != nil {
		c.cfg.Log.Debug("dropping a frame", "err", err)
		return
	}
	var buf [frame.Size]byte
	if err := l.writeClock(c.pong(buf[:0], p.Nonce, t2)); err != nil {
		c.cfg.Log.Debug("answering a ping", "err", err)
		return
	}
	c.take(p.Map)
	c.first.Do(func() { close(c.connected) })
}

func (c *Client) clockOpen(*link) {}

func (c *Client) control(msg []byte) {
	if c.cfg.OnControl != nil {
		c.cfg.OnControl(msg)
	}
}

func (c *Client) linkState(l *link, s linkState) {
	if s == linkDead && c.current() == l && c.cfg.OnDown != nil {
		l.downOnce.Do(c.cfg.OnDown)
	}
}
