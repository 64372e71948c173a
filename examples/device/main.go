// Command device joins a session as a device and prints what it does, when, and how sure that is.
// As many flashes as -flash says it has all devices do, itself included, if it leads the
// session, which the first one in it does.
//
//	downbeat serve --addr 127.0.0.1:8080 &
//	go run ./examples/device -session studio -flash 3
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/wire"
)

func main() {
	var o options
	flag.StringVar(&o.url, "url", "http://127.0.0.1:8080", "the server")
	flag.StringVar(&o.session, "session", "studio", "the session; it is made if there is none")
	flag.StringVar(&o.key, "key", "", "a key of the session, where the server wants one")
	flag.IntVar(&o.flashes, "flash", 0, "how many flashes to schedule; 0: wait for those of others until interrupted")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type options struct {
	url, session, key string
	flashes           int
}

// run is a device until ctx ends or its flashes are done.
func run(ctx context.Context, out io.Writer, o options) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	acted := make(chan device.Act, 16)
	d := device.New(device.Config{
		URL: o.url, SessionID: o.session, Key: o.key, Create: true,
		Prepare: func(_ context.Context, a device.Act) func(device.Act) {
			if a.Event != wire.Command {
				return nil // takes and media: Act is called, and there is none here
			}
			line := "flash " + string(a.Payload) // what takes time is done here, ahead of the instant
			return func(a device.Act) {
				fmt.Fprintf(out, "%s at %s, ±%v, %v off\n", line, a.At.ISO(), a.Bound, a.At.Sub(a.Timestamp))
				select {
				case acted <- a:
				default:
				}
			}
		},
	})
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	if o.flashes > 0 {
		if err := flash(ctx, d, o.flashes, acted, ended); err != nil {
			return err
		}
		stop()
	}
	return <-ended
}

// flash has all devices flash, one time after the other.
func flash(ctx context.Context, d *device.Device, times int, acted <-chan device.Act, ended <-chan error) error {
	select {
	case <-d.Connected():
	case err := <-ended:
		return err
	}
	for n := range times {
		_, err := d.Schedule(ctx, device.Command{
			Name: "flash", Payload: map[string]int{"n": n + 1}, When: device.When{Delay: 300 * time.Millisecond}, MaxLate: time.Second,
		})
		if err != nil {
			return err
		}
		select {
		case <-acted:
		case <-time.After(5 * time.Second):
			return fmt.Errorf("flash %d was never done", n+1)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
