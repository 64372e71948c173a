package e2e

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/internal/lab"
	"github.com/downbeat-sync/downbeat/internal/testutil"
)

// crowd are Go devices of one session over WebRTC, whose clock is this machine's.
type crowd struct {
	b       *testing.B
	server  *instance
	start   time.Time
	devices []*device.Device
	running sync.WaitGroup
	leave   context.CancelFunc
	acted   chan device.Act
}

// gather has n devices join, 50 at a time, and waits for the data channel of each.
func gather(b *testing.B, server *instance, n int) *crowd {
	b.Helper()
	ctx, leave := context.WithCancel(b.Context())
	c := &crowd{b: b, server: server, start: time.Now(), devices: make([]*device.Device, n), leave: leave, acted: make(chan device.Act, n)}
	var group errgroup.Group
	group.SetLimit(50)
	for i := range c.devices {
		d := device.New(device.Config{
			URL: server.url, SessionID: "big", Create: true, NetDial: dialFromAnywhere, Spin: -1,
			Now: c.now, Act: func(a device.Act) { c.acted <- a },
		})
		c.devices[i] = d
		if i == 0 {
			check(b, c.join(ctx, d)) // leads
			continue
		}
		group.Go(func() error { return c.join(ctx, d) })
	}
	check(b, group.Wait())
	return c
}

func (c *crowd) now() clock.DeviceTime { return clock.DeviceTime(time.Since(c.start)) }

func (c *crowd) join(ctx context.Context, d *device.Device) error {
	ended := make(chan error, 1)
	c.running.Go(func() { ended <- d.Run(ctx) })
	select {
	case <-d.Connected():
		return nil
	case err := <-ended:
		return fmt.Errorf("a device ended: %w", err)
	case <-time.After(2 * time.Minute):
		return fmt.Errorf("a device isn't connected")
	}
}

// command has all devices act once and waits until they have.
func (c *crowd) command() {
	c.b.Helper()
	_, err := c.devices[0].Call(c.b.Context(), "schedule", map[string]any{"name": "flash", "delay": 1500})
	check(c.b, err)
	deadline := time.After(30 * time.Second)
	for i := range c.devices {
		select {
		case <-c.acted:
		case <-deadline:
			c.b.Fatalf("%d of %d devices acted", i, len(c.devices))
		}
	}
}

// errors returns how far each device's session time is off, µs. The server's is its monotonic
// clock, anchored to the wall clock once; both run on this machine, whose wall clock is the truth as long as nobody sets it.
func (c *crowd) errors() (us []float64, outside int) {
	for _, d := range c.devices {
		at := time.Now()
		truth := clock.SessionTime(at.UnixNano())
		err := d.Clock().Session(clock.DeviceTime(at.Sub(c.start))).Sub(truth).Abs()
		us = append(us, testutil.Us(err))
		if err > d.Clock().Bound() {
			outside++
		}
	}
	return us, outside
}

// BenchmarkThousandDevices: what a thousand Go devices over WebRTC cost a server of which
// they are the only ones, their half on the same processors.
func BenchmarkThousandDevices(b *testing.B) {
	const n = 1000
	for b.Loop() {
		server := newInstance(b)
		alone := server.rss()
		began := time.Now()
		c := gather(b, server, n)
		b.ReportMetric(time.Since(began).Seconds(), "s-joined")
		b.ReportMetric(server.cpu(), "s-of-processor-joining")
		pause(b.Context(), 60*time.Second) // the schedule of pings has come to rest
		before := server.cpu()
		pause(b.Context(), 30*time.Second)
		b.ReportMetric(100*(server.cpu()-before)/30, "%-of-a-core-at-rest")
		b.ReportMetric(server.rss(), "MB")
		b.ReportMetric((server.rss()-alone)*1000/n, "kB-per-device")
		us, outside := c.errors()
		b.ReportMetric(lab.Quantile(us, .95), "us-clock-err-p95")
		b.ReportMetric(float64(outside), "outside-bound")
		before = server.cpu()
		c.command()
		pause(b.Context(), 2*time.Second)
		b.ReportMetric(1000*(server.cpu()-before), "ms-of-processor-command")
		c.leave()
		c.running.Wait()
		server.kill()
	}
}
