package lab

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/server"
)

// Rig is a server and devices on this machine, over real sockets, with the truth
// known.
type Rig struct {
	Server *server.Server
	URL    string // of the machine: scheme, host and port

	ctx     context.Context // of the devices
	cancel  context.CancelFunc
	stop    context.CancelFunc // of the server
	served  chan error
	http    *http.Server // that has the server in its mux; nil: it serves by itself
	devices sync.WaitGroup
}

// NewRig starts a server: on a free port of loopback and open to anybody, where cfg says nothing else. With
// wrap, which goes around all that it serves, it is mounted in a server of the rig's own.
func NewRig(ctx context.Context, cfg server.Config, wrap func(http.Handler) http.Handler) (*Rig, error) {
	cfg.Addr, cfg.Access.Mode = cmp.Or(cfg.Addr, "127.0.0.1:0"), cmp.Or(cfg.Access.Mode, access.Open)
	l, err := net.Listen("tcp", cfg.Addr)
	if err != nil {
		return nil, err
	}
	at := *l.Addr().(*net.TCPAddr)
	cfg.Addr, cfg.RTCAddr = "", net.JoinHostPort(at.IP.String(), "0")
	if wrap == nil {
		cfg.Listener = l
	}
	if at.IP.IsUnspecified() {
		at.IP = net.IPv4(127, 0, 0, 1)
	}
	r := &Rig{URL: "http://" + at.String(), served: make(chan error, 1)}
	if wrap != nil {
		cfg.URLs = []string{r.URL + cfg.Prefix}
	}
	if r.Server, err = server.New(ctx, cfg); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	r.ctx, r.cancel = context.WithCancel(ctx)
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	r.stop = stop
	if wrap != nil {
		r.http = &http.Server{Handler: wrap(r.Server), ReadHeaderTimeout: 5 * time.Second}
		go func() { _ = r.http.Serve(l) }()
	}
	go func() { r.served <- r.Server.Run(serving) }()
	return r, nil
}

// Close ends the devices, then the server, and joins both.
func (r *Rig) Close() error {
	r.cancel()
	r.devices.Wait()
	r.stop()
	err := <-r.served
	if r.http != nil {
		err = errors.Join(err, r.http.Close())
	}
	return err
}

// Device is a device whose clock's error is known.
type Device struct {
	*device.Device
	Acts   chan Act           // what it did
	Leave  context.CancelFunc // ends it
	JoinMs float64            // WebSocket open → first pong over the data channel
	Result DeviceResult

	clock       Clock
	source      *clock.Source
	opened      time.Time // when the WebSocket was
	failed      chan error
	outsideHard int
}

// Act is when a device truly acted on a command.
type Act struct {
	CommandID string
	At        time.Time
}

// Add starts one device and waits until it has answered over the data channel.
func (r *Rig) Add(session string, c Clock) (*Device, error) {
	d := &Device{clock: c, source: r.Server.Clock(), failed: make(chan error, 1), Acts: make(chan Act, 64)}
	d.Device = device.New(device.Config{
		URL: r.URL, SessionID: session, Create: true, Now: c.Now,
		NetDial: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, addr)
			d.opened = time.Now()
			return conn, err
		},
		Act: func(a device.Act) { d.Acts <- Act{a.CommandID, time.Now()} },
	})
	ctx, leave := context.WithCancel(r.ctx)
	d.Leave = leave
	r.devices.Go(func() { d.failed <- d.Run(ctx) })
	select {
	case <-d.Connected():
		d.JoinMs = ms(time.Since(d.opened))
		d.converge(r.ctx)
		return d, nil
	case err := <-d.failed:
		return nil, errors.Join(err, r.ctx.Err())
	case <-time.After(10 * time.Second):
		return nil, errors.New("a device has no data channel after 10 s")
	}
}

// converge waits until the bound is under a millisecond, two seconds at most.
func (d *Device) converge(ctx context.Context) {
	for range 2000 {
		b := d.Clock().Bound()
		if b > 0 && b < time.Millisecond || !Pause(ctx, time.Millisecond) {
			break
		}
	}
	d.Result.ConvergedMs = ms(time.Since(d.opened))
}

// reading compares the device's session time with the true one, now.
func (d *Device) reading() (err, bound time.Duration) {
	now := time.Now()
	dev := d.clock.At(now)
	return d.Clock().Session(dev).Sub(d.source.At(now)), d.Clock().Bound()
}
