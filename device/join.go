package device

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/downbeat-sync/downbeat/signaling"
	"github.com/downbeat-sync/downbeat/wire"
)

// connect is one connection to an instance, from dialling to its end.
func (d *Device) connect(ctx context.Context, at string) error {
	link, err := signaling.Dial(ctx, signaling.ClientConfig{
		URL: at, NetDial: d.cfg.NetDial, TLS: d.cfg.TLS, OnFrame: d.frame, OnMessage: d.message,
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
	d.at.joined()
	d.setLink(link)
	defer d.setLink(nil)
	if d.cfg.OnJoined != nil {
		d.cfg.OnJoined(d.Seat())
	}
	return d.stay(ctx, link, ended)
}

func (d *Device) setLink(link *signaling.Client) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.link = link
	if link == nil {
		d.up = make(chan struct{})
		return
	}
	close(d.up)
	d.tellStatus()
	select {
	case <-d.joined:
	default:
		close(d.joined) // not sooner: whoever waited for it calls at once
	}
}

func (d *Device) join(ctx context.Context, link *signaling.Client) error {
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	offer, err := d.peer.Offer()
	if err != nil {
		return fmt.Errorf("offering a connection: %w", err)
	}
	before := d.Seat()
	seat, err := link.Join(ctx, signaling.JoinRequest{
		SessionID: d.cfg.SessionID, Create: &d.cfg.Create, UserID: d.cfg.UserID, Username: d.cfg.Username,
		DeviceType: d.cfg.DeviceType, ViewType: d.cfg.ViewType, UserAgent: "downbeat",
		Key: d.cfg.Key, Token: d.cfg.Token, UserToken: cmp.Or(before.UserToken, d.cfg.UserToken),
		ResumeToken: cmp.Or(before.ResumeToken, d.cfg.ResumeToken), Offer: offer, Exchanges: d.cfg.OnExchange != nil,
		Records: d.records(),
	})
	if err != nil {
		return fmt.Errorf("joining session %s: %w", d.cfg.SessionID, err)
	}
	d.mu.Lock()
	d.seat, d.missing = seat, time.Time{}
	if !slices.Contains(d.proven, seat.ResumeToken) { // somebody else now, whose earlier recordings are its own still
		d.proven = append(d.proven[max(0, len(d.proven)-maxProven):], seat.ResumeToken)
	}
	d.mu.Unlock()
	return d.peer.Answer(seat.Answer)
}

// records is what the device says of takes when it joins; nil for nothing.
func (d *Device) records() *bool {
	if d.cfg.NoRecording {
		return new(bool)
	}
	return nil
}

// maxProven is how many devices a program may have been before whose recordings it still uploads.
const maxProven = 8

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
	m, err := link.Call(ctx, wire.Offer, signaling.SDP{SDP: offer})
	if err != nil {
		return err
	}
	var answer signaling.SDP
	if err := m.Decode(&answer); err != nil {
		return err
	}
	return d.peer.Answer(answer.SDP)
}

// goodbye notes when to come back, and where.
func (d *Device) goodbye(m signaling.Message) {
	var bye signaling.Goodbye
	err := m.Decode(&bye)
	if err == nil {
		err = d.at.goodbye(bye.URL, time.Duration(bye.RetryAfterMs)*time.Millisecond)
	}
	if err != nil {
		d.log.Warn("goodbye_ignored", "err", err)
	}
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
