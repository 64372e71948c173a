package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/internal/lab"
)

// rig is a server and devices on this machine, over real sockets, with the
// truth known.
type rig struct {
	ctx     context.Context // of the devices
	cancel  context.CancelFunc
	service *service
	url     string
	udp     net.Addr
	stop    context.CancelFunc // of the service
	served  chan error
	devices sync.WaitGroup
}

// newRig starts a server; wrap, if any, goes around all that it serves.
func newRig(ctx context.Context, log *slog.Logger, wrap func(http.Handler) http.Handler) (*rig, error) {
	return newRigOn(ctx, "127.0.0.1:0", log, wrap)
}

// newRigOn is newRig on further addresses than loopback's.
func newRigOn(ctx context.Context, addr string, log *slog.Logger, wrap func(http.Handler) http.Handler) (*rig, error) {
	s, err := listen(addr, 0)
	if err != nil {
		return nil, err
	}
	svc, err := newService(serviceConfig{
		udp: s.udp, tcp: s.tcp, minLead: 100 * time.Millisecond, maxLead: 5 * time.Second, maxDevices: 1000, wrap: wrap, log: log,
	})
	if err != nil {
		s.close()
		return nil, err
	}
	at := s.http.Addr().(*net.TCPAddr)
	if at.IP.IsUnspecified() {
		at.IP = net.IPv4(127, 0, 0, 1)
	}
	r := &rig{service: svc, url: baseURL("http", at.IP.String(), at.Port), udp: s.udp.LocalAddr(), served: make(chan error, 1)}
	r.ctx, r.cancel = context.WithCancel(ctx)
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	r.stop = stop
	go func() { r.served <- svc.run(serving, s.http) }()
	return r, nil
}

// close ends the devices, then the service, and joins both.
func (r *rig) close() error {
	r.cancel()
	r.devices.Wait()
	r.stop()
	return <-r.served
}

// simDevice is a device whose clock's error is known.
type simDevice struct {
	*device.Device
	clock  lab.Clock
	source *clock.Source
	opened time.Time // when the WebSocket was
	failed chan error
	acts   chan act
	leave  context.CancelFunc

	joinMs      float64
	result      demoDevice
	outsideHard int
}

// act is when a device truly acted on a command.
type act struct {
	id string
	at time.Time
}

// add starts one device and waits until it has answered over the data channel.
func (r *rig) add(session string, c lab.Clock) (*simDevice, error) {
	d := &simDevice{clock: c, source: r.service.clock, failed: make(chan error, 1), acts: make(chan act, 64)}
	d.Device = device.New(device.Config{
		URL: r.url, SessionID: session, Create: true, Now: c.Now,
		NetDial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, addr)
			d.opened = time.Now()
			return conn, err
		},
		Act: func(a device.Act) { d.acts <- act{a.CommandID, time.Now()} },
	})
	ctx, leave := context.WithCancel(r.ctx)
	d.leave = leave
	r.devices.Go(func() { d.failed <- d.Run(ctx) })
	select {
	case <-d.Connected():
		d.joinMs = ms(time.Since(d.opened))
		d.converge(r.ctx)
		return d, nil
	case err := <-d.failed:
		return nil, errors.Join(err, r.ctx.Err())
	case <-time.After(10 * time.Second):
		return nil, errors.New("a device has no data channel after 10 s")
	}
}

// converge waits until the bound is under a millisecond, two seconds at most.
func (d *simDevice) converge(ctx context.Context) {
	for range 2000 {
		b := d.Clock().Bound()
		if b > 0 && b < time.Millisecond || !pause(ctx, time.Millisecond) {
			break
		}
	}
	d.result.ConvergedMs = ms(time.Since(d.opened))
}

// reading compares the device's session time with the true one, now.
func (d *simDevice) reading() (err, bound time.Duration) {
	now := time.Now()
	dev := d.clock.At(now)
	return d.Clock().Session(dev).Sub(d.source.At(now)), d.Clock().Bound()
}
