package utc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/beevik/ntp"

	"github.com/downbeat-sync/downbeat/clock"
)

// ask sends one query and waits for its answer, no longer than the timeout or ctx.
func (d *Discipline) ask(ctx context.Context, address string) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, d.cfg.Timeout)
	defer cancel()
	r, err := ntp.QueryWithOptions(address, ntp.QueryOptions{
		Timeout:       d.cfg.Timeout,
		GetSystemTime: d.cfg.Now,
		Dialer: func(_, remote string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, "udp", remote)
			if err != nil {
				return nil, err
			}
			return &bound{conn, context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })}, nil
		},
	})
	if err != nil {
		return answer{}, fmt.Errorf("asking %s: %w", address, err)
	}
	if err := r.Validate(); err != nil {
		kiss, err := kissed(r, err)
		return answer{kiss: kiss}, fmt.Errorf("answer of %s: %w", address, err)
	}
	return d.read(r)
}

// bound is a connection that ends with a context.
type bound struct {
	net.Conn
	stop func() bool
}

// Close closes the connection.
func (b *bound) Close() error {
	b.stop()
	return b.Conn.Close()
}

// read takes the stamps out of an answer.
func (d *Discipline) read(r *ntp.Response) (answer, error) {
	t := r.Timestamps
	for _, at := range []time.Time{t.ServerRecv, t.ServerXmit} {
		if at.Before(time.Unix(0, 0)) || at.Year() > 2200 {
			return answer{}, errors.New("answer from another age")
		}
	}
	return answer{
		exchange: clock.Exchange{
			T1: d.cfg.Source.Local(t.ClientXmit), T2: clock.DeviceTime(t.ServerRecv.UnixNano()),
			T3: clock.DeviceTime(t.ServerXmit.UnixNano()), T4: d.cfg.Source.Local(t.ClientRecv),
		},
		distance: r.RootDelay/2 + r.RootDispersion,
		stratum:  int(r.Stratum), leap: r.Leap,
	}, nil
}
