package shell

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

// Device is a headless device of a session.
type Device struct {
	Create bool   // the session if there is none
	Name   string // of the device's user
	View   string // label of the device's place
	TCP    bool   // use no UDP
	Record string // file for the exchanges over the data channel, CSV; empty: none

	Programs []Program // that it has act as well
}

// Program is another program that a device has act: one of the packages below acts.
type Program interface {
	// Configure sets what the device is to call. It is called before the device is made.
	Configure(*device.Config)
	// Run does what the program needs beside that, from before the device joins until ctx ends, and leaves
	// nothing running.
	Run(context.Context, *device.Device) error
}

// Run joins and acts on commands until ctx ends, and prints to w what it did.
func (c Device) Run(ctx context.Context, at Address, w io.Writer, log *slog.Logger) error {
	t, err := at.openSession()
	if err != nil {
		return err
	}
	record, err := newRecorder(c.Record)
	if err != nil {
		return err
	}
	cfg := device.Config{
		OnExchange: record.onExchange(),
		URLs:       t.urls, SessionID: t.session, Create: c.Create, Username: c.Name, ViewType: c.View, Key: t.key, Token: t.token, TCPOnly: c.TCP, TLS: t.tls, Log: log,
		Act: func(a device.Act) { printAct(w, a) },
		OnMissed: func(a device.Act, late time.Duration, reason string) {
			fmt.Fprintf(w, "%s  %s  missed: %.3f ms late, %s\n", a.Timestamp.ISO(), cmp.Or(a.Name, a.Event), ms(late), reason)
		},
	}
	for _, p := range c.Programs {
		p.Configure(&cfg)
	}
	cfg.Prepare = printed(w, cfg.Prepare)
	err = c.run(ctx, device.New(cfg), func(d *device.Device) {
		fmt.Fprintf(w, "joined session %s as device %s\n", t.session, d.Seat().DeviceID)
	})
	return errors.Join(t.plain(err), record.close())
}

// run runs the device with its programs until ctx ends or one of them fails.
func (c Device) run(ctx context.Context, d *device.Device, joined func(*device.Device)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var beside sync.WaitGroup
	defer beside.Wait()
	failed := make([]error, len(c.Programs))
	for i, p := range c.Programs {
		beside.Go(func() {
			if failed[i] = p.Run(ctx, d); failed[i] != nil {
				cancel()
			}
		})
	}
	beside.Go(func() {
		select {
		case <-d.Joined():
			joined(d)
		case <-ctx.Done():
		}
	})
	err := d.Run(ctx)
	cancel()
	beside.Wait()
	return errors.Join(append(failed, err)...)
}

// printed has what was prepared for an instant printed as well, after it was done.
func printed(w io.Writer, prepare func(context.Context, device.Act) func(device.Act)) func(context.Context, device.Act) func(device.Act) {
	if prepare == nil {
		return nil
	}
	return func(ctx context.Context, a device.Act) func(device.Act) {
		act := prepare(ctx, a)
		if act == nil {
			return nil
		}
		return func(a device.Act) {
			act(a)
			printAct(w, a)
		}
	}
}

func printAct(w io.Writer, a device.Act) {
	fmt.Fprintf(w, "%s  %s  %+.3f ms  ± %.3f ms\n", a.Timestamp.ISO(), cmp.Or(a.Name, a.Event), ms(a.At.Sub(a.Timestamp)), ms(a.Bound))
}

// plain says in words why a device ended that nobody here has ended.
func (t *target) plain(err error) error {
	var refused *session.Error
	if errors.As(err, &refused) && refused.Code == wire.CodeSessionNotFound {
		return fmt.Errorf("there is no session %s at %s: is the name right? --create creates it", t.session, strings.Join(t.urls, ", "))
	}
	var closed *websocket.CloseError
	if errors.As(err, &closed) {
		switch closed.Code {
		case wire.CloseReplaced:
			return fmt.Errorf("this device joined session %s over another connection", t.session)
		case wire.CloseRemoved:
			return fmt.Errorf("the leader of session %s removed this device", t.session)
		case wire.CloseEnded:
			return fmt.Errorf("the leader ended session %s", t.session)
		}
	}
	return err
}
