// Command clock measures a device's clock over a transport of your own, with package clock/loop: datagrams, a WebSocket,
// or a stream of bytes such as that of a gRPC call. Server and device are both in this process; the device's clock
// starts at 5 s and runs 50 ppm fast. It prints what the device believes, its bounds, and the true error.
//
//	go run ./examples/clock -over udp -for 10s
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/loop"
)

func main() {
	length := flag.Duration("for", 10*time.Second, "how long to measure")
	over := flag.String("over", "udp", "udp, websocket or stream")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *length)
	defer cancel()
	if _, err := run(ctx, os.Stdout, *over, time.Second); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// end is one end of a transport that keeps frames whole. Read returns the next frame, which holds until the next Read.
type end interface {
	Send(frame []byte) error
	Read() ([]byte, error)
	Close() error
}

// transports connect a server and a device.
var transports = map[string]func() (server, device end, err error){
	"udp": overUDP, "websocket": overWebSocket, "stream": overStream,
}

// reading is what the device believed at one moment.
type reading struct {
	Error       time.Duration // session time as the device tells it − session time
	Bound, Hard time.Duration
}

// run measures until ctx ends, and prints and returns a reading from time to time.
func run(ctx context.Context, out io.Writer, over string, every time.Duration) (readings []reading, err error) {
	connect := transports[over]
	if connect == nil {
		return nil, fmt.Errorf("there is no transport %q", over)
	}
	serverEnd, deviceEnd, err := connect()
	if err != nil {
		return nil, err
	}
	source := clock.NewSource(time.Now)
	server := loop.NewServer(loop.Config{Source: source, Send: serverEnd.Send})
	now := deviceClock()
	device := loop.NewDevice(loop.DeviceConfig{Now: now, Send: deviceEnd.Send})
	var running sync.WaitGroup
	running.Go(func() { server.Run(ctx) })
	running.Go(func() { receive(serverEnd, server.Receive) })
	running.Go(func() { receive(deviceEnd, device.Receive) })
	defer running.Wait()
	defer deviceEnd.Close()
	defer serverEnd.Close()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(every):
			if r, ok := read(device.Clock(), source); ok {
				readings = append(readings, r)
				fmt.Fprintf(out, "error %v, within ±%v with 99 %% confidence, ±%v for certain\n", r.Error, r.Bound, r.Hard)
			}
		}
	}
	return readings, nil
}

// receive hands frames over until the transport is closed.
func receive(from end, to func(frame []byte) error) {
	for {
		b, err := from.Read()
		if err != nil {
			return
		}
		_ = to(b) // what is no frame of ours does no harm
	}
}

// deviceClock is a clock that is off, and runs fast.
func deviceClock() func() clock.DeviceTime {
	start := time.Now()
	return func() clock.DeviceTime {
		elapsed := time.Since(start)
		return clock.DeviceTime(5*time.Second + elapsed + elapsed/20_000)
	}
}

// read compares what the device believes with the truth; false while it believes nothing.
func read(device *loop.Clock, source *clock.Source) (r reading, ok bool) {
	before := source.Now()
	told, ok := device.Now()
	after := source.Now()
	r = reading{Bound: device.Bound(), Hard: device.Hard()}
	// The truth lies between the two readings: the nearer one is what can be held against the device.
	if told < before || told > after {
		r.Error = min(told.Sub(before).Abs(), told.Sub(after).Abs())
		if told < before {
			r.Error = -r.Error
		}
	}
	return r, ok
}
