package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/internal/lab"
	"github.com/downbeat-sync/downbeat/internal/testnet"
	"github.com/downbeat-sync/downbeat/internal/testutil"
	"github.com/downbeat-sync/downbeat/server"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
)

// world is the whole service with its devices in a bubble of fake time.
type world struct {
	t       *testing.T
	net     *testnet.Network
	pipes   *testnet.Pipes
	service *server.Server
	ctx     context.Context
	stop    func()
	devices []*fakeDevice
}

// fakeDevice is a real device on a fake network with a simulated clock.
type fakeDevice struct {
	*device.Device
	clock deviceClock

	mu      sync.Mutex
	acts    []device.Act
	truly   []time.Time
	reports []session.Report
}

// path is how far a device is from the server, in each direction.
type path struct {
	toServer, toDevice testnet.Path
	clock              deviceClock // nil: a lab.Clock
	resolution         time.Duration
}

// between is a path, the device's clock being fine.
func between(toServer, toDevice testnet.Path) path {
	return path{toServer: toServer, toDevice: toDevice}
}

type deviceClock interface{ Now() clock.DeviceTime }

func newWorld(t *testing.T, paths ...path) *world {
	w := &world{t: t, net: testnet.New(t), pipes: testnet.NewPipes()}
	host := w.net.Host(serverIP)
	udp, err := host.ListenPacket("udp4", net.JoinHostPort(serverIP, "7000"))
	testutil.Check(t, err)
	var hosts []device.Config
	for i, p := range paths {
		hosts = append(hosts, device.Config{Net: w.net.Host(deviceIP(i))})
		w.net.Connect(deviceIP(i), serverIP, p.toServer, p.toDevice)
	}
	w.net.Start()
	cfg := server.Config{
		Listener: w.pipes, MinLead: 100 * time.Millisecond, MaxLead: 5 * time.Second, MaxDevices: 10, Log: testutil.Quiet(), Access: access.Config{Mode: access.Open},
	}
	cfg.On(udp, host, func() uint64 { return 1 })
	w.service, err = server.New(t.Context(), cfg)
	testutil.Check(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- w.service.Run(ctx) }()

	joined, leave := context.WithCancel(t.Context())
	w.ctx = joined
	var devices sync.WaitGroup
	for i, cfg := range hosts {
		w.devices = append(w.devices, w.join(&devices, i, paths[i], cfg))
	}
	w.stop = func() {
		leave()
		devices.Wait()
		cancel()
		testutil.Check(t, <-served)
		synctest.Wait()
		w.net.Close()
	}
	return w
}

const serverIP = "10.0.0.1"

func deviceIP(i int) string { return fmt.Sprintf("10.0.0.%d", i+2) }

func (w *world) join(running *sync.WaitGroup, i int, p path, cfg device.Config) *fakeDevice {
	skews := []float64{40e-6, -75e-6, 8e-6, 0}
	d := &fakeDevice{clock: p.clock}
	if d.clock == nil {
		d.clock = lab.Clock{Start: time.Now(), Offset: time.Duration(i-1) * 7 * time.Hour, Skew: skews[i%len(skews)]}
	}
	cfg.URL, cfg.SessionID, cfg.Username = "http://"+net.JoinHostPort(serverIP, "8080"), "stage", fmt.Sprintf("user %d", i)
	cfg.Create = true
	cfg.Now, cfg.Spin, cfg.NetDial = d.clock.Now, -1, w.pipes.Dial
	cfg.Resolution = p.resolution
	cfg.Act, cfg.OnMessage = d.act, d.message
	d.Device = device.New(cfg)
	running.Go(func() {
		if err := d.Run(w.ctx); err != nil {
			w.t.Errorf("device %d: %v", i, err)
		}
	})
	<-d.Connected()
	return d
}

func (d *fakeDevice) act(a device.Act) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.acts, d.truly = append(d.acts, a), append(d.truly, time.Now())
}

func (d *fakeDevice) message(m signaling.Message) {
	if m.Event != "command_report" {
		return
	}
	var r session.Report
	if json.Unmarshal(m.Data, &r) == nil {
		d.mu.Lock()
		d.reports = append(d.reports, r)
		d.mu.Unlock()
	}
}

// schedule lets the leader, who is the first device, schedule a command.
func (w *world) schedule(data map[string]any) session.Scheduled {
	w.t.Helper()
	m, err := w.devices[0].Call(w.ctx, "schedule", data)
	testutil.Check(w.t, err)
	var s session.Scheduled
	testutil.Check(w.t, m.Decode(&s))
	return s
}

// misses returns by how much each device truly missed its only act's instant,
// and checks what it said about it.
func (w *world) misses(s session.Scheduled) []time.Duration {
	w.t.Helper()
	var misses []time.Duration
	for i, d := range w.devices {
		d.mu.Lock()
		if len(d.acts) != 1 || d.acts[0].CommandID != s.CommandID {
			w.t.Fatalf("device %d acted %d times on one command", i, len(d.acts))
		}
		a, truly := d.acts[0], w.service.Clock().At(d.truly[0])
		d.acts, d.truly = nil, nil
		d.mu.Unlock()
		if err := a.At.Sub(truly).Abs(); err > a.Bound {
			w.t.Errorf("device %d said it acted at %d ± %v, but is off by %v", i, a.At, a.Bound, err)
		}
		misses = append(misses, truly.Sub(s.Timestamp))
	}
	return misses
}

func TestDevicesActAtOneInstant(t *testing.T) {
	for name, c := range map[string]struct {
		paths []path
		limit time.Duration // of the true miss
	}{
		"quiet paths": {[]path{
			between(testnet.Constant(2*time.Millisecond), testnet.Constant(2*time.Millisecond)),
			between(testnet.Constant(300*time.Microsecond), testnet.Constant(300*time.Microsecond)),
			between(testnet.Constant(40*time.Millisecond), testnet.Constant(40*time.Millisecond)),
		}, 5 * time.Microsecond},
		"queues": {[]path{
			between(testnet.Queueing(1, 700*time.Microsecond, 250*time.Microsecond), testnet.Queueing(2, 700*time.Microsecond, 250*time.Microsecond)),
			between(testnet.Queueing(3, 150*time.Microsecond, 40*time.Microsecond), testnet.Queueing(4, 150*time.Microsecond, 40*time.Microsecond)),
			between(testnet.Queueing(5, 12*time.Millisecond, 2*time.Millisecond), testnet.Queueing(6, 12*time.Millisecond, 2*time.Millisecond)),
		}, time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, c.paths...)
				defer w.stop()
				time.Sleep(2 * time.Second)
				for range 10 {
					s := w.schedule(map[string]any{"name": "flash", "payload": map[string]int{"n": 1}})
					time.Sleep(w.service.Clock().Until(s.Timestamp) + time.Second)
					for i, miss := range w.misses(s) {
						if miss.Abs() > c.limit {
							t.Errorf("device %d missed by %v", i, miss)
						}
					}
					w.checkReport(s)
					time.Sleep(7 * time.Second)
				}
			})
		})
	}
}

// checkReport checks what the leader was told about a command.
func (w *world) checkReport(s session.Scheduled) {
	w.t.Helper()
	leader := w.devices[0]
	leader.mu.Lock()
	defer leader.mu.Unlock()
	if len(leader.reports) != 1 {
		w.t.Fatalf("%d reports on one command", len(leader.reports))
	}
	r := leader.reports[0]
	leader.reports = nil
	if r.CommandID != s.CommandID || len(r.Devices) != len(w.devices) || r.SpreadMs == nil {
		w.t.Fatalf("report %+v", r)
	}
	for _, d := range r.Devices {
		if !d.Armed || d.Late || d.ErrorMs == nil || d.BoundMs == nil {
			w.t.Errorf("report on %s: %+v", d.DeviceID, d)
		}
	}
	for i, d := range w.devices[1:] {
		if len(d.reports) > 0 {
			w.t.Errorf("device %d does not lead, but got the report", i+1)
		}
	}
}

func TestCancelledCommandFiresNowhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near := between(testnet.Constant(time.Millisecond), testnet.Constant(time.Millisecond))
		w := newWorld(t, near, near)
		defer w.stop()
		time.Sleep(time.Second)
		s := w.schedule(map[string]any{"name": "flash", "delay": 3000})
		time.Sleep(2900 * time.Millisecond)
		if _, err := w.devices[0].Call(w.ctx, "cancel", map[string]any{"commandId": s.CommandID}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		for i, d := range w.devices {
			if len(d.acts) != 0 {
				t.Errorf("device %d acted on a cancelled command", i)
			}
		}
	})
}
