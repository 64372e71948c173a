// Command peer shows package peer without sessions and without a WebSocket: a server and a device in one
// process connect over WebRTC on the loopback interface, the server measures the device's clock, tells
// it over the control channel to act a moment later, and the device prints by how much it missed that.
//
//	go run ./examples/peer
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/peer"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run connects, acts once, and prints how that went.
func run(ctx context.Context, out io.Writer) error {
	source := clock.NewSource(time.Now) // session time
	udp, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server, err := peer.NewServer(peer.Config{UDP: udp, Now: source.Now})
	if err != nil {
		return err
	}
	defer server.Close()

	ctx, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	device := server.NewDevice(peer.DeviceConfig{})
	running.Go(func() { device.Run(ctx) })

	told := make(chan []byte, 1)
	client, err := dial(ctx, device, told)
	if err != nil {
		return err
	}
	defer client.Close()
	if err := settle(ctx, device); err != nil {
		return err
	}
	if err := schedule(device, source); err != nil {
		return err
	}
	return act(ctx, client, told, out, source)
}

// dial makes a device of this process. In real life the offer and the answer travel over a
// connection that there is already; here a function call is one.
func dial(ctx context.Context, device *peer.Device, told chan<- []byte) (*peer.Client, error) {
	start := time.Now()
	client, err := peer.NewClient(peer.DialConfig{
		Now:       func() clock.DeviceTime { return clock.DeviceTime(5*time.Second + time.Since(start)) },
		OnControl: func(msg []byte) { told <- append([]byte(nil), msg...) },
	})
	if err != nil {
		return nil, err
	}
	offer, err := client.Offer()
	if err == nil {
		var answer string
		if answer, err = device.Accept(ctx, offer); err == nil {
			err = client.Answer(answer)
		}
	}
	if err == nil {
		select {
		case <-client.Connected():
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	if err != nil {
		_ = client.Close()
		return nil, err
	}
	return client, nil
}

// settle waits until the server knows the device's clock.
func settle(ctx context.Context, device *peer.Device) error {
	for device.Status().Estimate.State != clock.Tracking {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// order is what this example says over the control channel.
type order struct {
	At clock.SessionTime `json:"at"`
}

// schedule tells the device to act 300 ms from now, and has its clock measured right before.
func schedule(device *peer.Device, source *clock.Source) error {
	at := source.Now().Add(300 * time.Millisecond)
	device.Burst(at)
	msg, err := json.Marshal(order{at})
	if err != nil {
		return err
	}
	return device.SendControl(msg)
}

// act waits for the order, then for its instant by the device's own clock.
func act(ctx context.Context, client *peer.Client, told <-chan []byte, out io.Writer, source *clock.Source) error {
	var o order
	select {
	case msg := <-told:
		if err := json.Unmarshal(msg, &o); err != nil {
			return err
		}
	case <-ctx.Done():
		return ctx.Err()
	}
	for now, _ := client.Clock().Now(); now < o.At; now, _ = client.Clock().Now() {
		time.Sleep(min(o.At.Sub(now), 50*time.Millisecond)) // a better map may come meanwhile
	}
	truth := source.Now()
	fmt.Fprintf(out, "acted %v after the instant, ±%v by the device's clock\n", truth.Sub(o.At), client.Clock().Bound())
	return nil
}
