package device_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/internal/testserver"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// server starts a server on this machine, in the place of `downbeat serve`.
func server() *testserver.Server {
	s, err := testserver.Start()
	if err != nil {
		log.Fatal(err)
	}
	return s
}

// A device that acts, and, since it is the first one in its session and leads it, has
// all devices act.
func Example() {
	s := server()
	defer s.Close()

	acted := make(chan device.Act, 1)
	d := device.New(device.Config{URL: s.URL, SessionID: "studio", Create: true, Act: func(a device.Act) { acted <- a }})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()

	<-d.Connected() // the clock is measured over the data channel now
	flash, err := d.Schedule(ctx, device.Command{Name: "flash", Payload: "red"})
	if err != nil {
		log.Fatal(err)
	}
	a := <-acted
	fmt.Println(a.Name, string(a.Payload), "not before its instant:", a.At >= flash.Timestamp)

	stop()
	fmt.Println(<-ended)
	// Output:
	// flash "red" not before its instant: true
	// <nil>
}

// What takes time is done ahead of the instant.
func ExampleConfig_prepare() {
	s := server()
	defer s.Close()

	done := make(chan string, 1)
	d := device.New(device.Config{URL: s.URL, SessionID: "studio", Create: true,
		Prepare: func(_ context.Context, a device.Act) func(device.Act) {
			sound := "decoded " + a.Name // as soon as the command is known
			return func(device.Act) { done <- sound }
		}})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	defer func() { stop(); <-ended }()

	<-d.Joined()
	if _, err := d.Schedule(ctx, device.Command{Name: "gong", When: device.When{Delay: 200 * time.Millisecond}}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(<-done)
	// Output: decoded gong
}

// A refusal has a code.
func ExampleDevice_Cancel() {
	s := server()
	defer s.Close()

	d := device.New(device.Config{URL: s.URL, SessionID: "studio", Create: true})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	defer func() { stop(); <-ended }()

	<-d.Joined()
	var refused *session.Error
	err := d.Cancel(ctx, "no such command")
	fmt.Println(errors.As(err, &refused) && refused.Code == wire.CodeUnknownCommand)
	// Output: true
}
