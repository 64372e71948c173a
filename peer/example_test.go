package peer_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/peer"
)

// A server and a device in one process; in real life the offer and the answer
// travel over the WebSocket.
func Example() {
	source := clock.NewSource(time.Now)
	udp, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server, err := peer.NewServer(peer.Config{UDP: udp, Now: source.Now})
	if err != nil {
		panic(err)
	}
	defer server.Close()

	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	device := server.NewDevice(peer.DeviceConfig{})
	running.Go(func() { device.Run(ctx) })

	start := time.Now()
	mapped := make(chan clock.Map, 100)
	client, err := peer.NewClient(peer.DialConfig{
		Now:   func() clock.DeviceTime { return clock.DeviceTime(time.Since(start)) },
		OnMap: func(m clock.Map) { mapped <- m },
	})
	if err != nil {
		panic(err)
	}
	defer client.Close()

	offer, err := client.Offer()
	if err != nil {
		panic(err)
	}
	answer, err := device.Accept(ctx, offer)
	if err != nil {
		panic(err)
	}
	if err := client.Answer(answer); err != nil {
		panic(err)
	}

	<-mapped
	now, ok := client.Clock().Now()
	fmt.Println(ok, now.Sub(source.Now()).Abs() < time.Second)
	// Output: true true
}
