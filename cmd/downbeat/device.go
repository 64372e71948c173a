package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/wire"
)

type deviceCmd struct {
	targetFlags `embed:""`

	Create bool   `help:"Create the session if there is none."`
	Name   string `help:"Name of the device's user."`
	View   string `help:"Label of the device's place: front, side, …"`
	TCP    bool   `help:"Use no UDP."`
	Record string `placeholder:"FILE.csv" help:"Write the exchanges over the data channel for replay."`
}

func (c *deviceCmd) Run(ctx context.Context, log *slog.Logger) error {
	t, err := c.openSession()
	if err != nil {
		return err
	}
	record, err := newRecorder(c.Record)
	if err != nil {
		return err
	}
	d := device.New(device.Config{
		OnExchange: record.onExchange(),
		URL:        t.url, SessionID: t.session, Create: c.Create, Username: c.Name, ViewType: c.View, Key: t.key, Token: t.token, TCPOnly: c.TCP, TLS: t.tls, Log: log,
		Act: func(a device.Act) {
			fmt.Printf("%s  %s  %+.3f ms  ± %.3f ms\n", a.Timestamp.ISO(), cmp.Or(a.Name, a.Event), ms(a.At.Sub(a.Timestamp)), ms(a.Bound))
		},
		OnMissed: func(a device.Act, late time.Duration, reason string) {
			fmt.Printf("%s  %s  missed: %.3f ms late, %s\n", a.Timestamp.ISO(), cmp.Or(a.Name, a.Event), ms(late), reason)
		},
	})
	said := make(chan struct{})
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer close(said)
		select {
		case <-d.Joined():
			fmt.Printf("joined session %s as device %s\n", t.session, d.Seat().DeviceID)
		case <-ctx.Done():
		}
	}()
	err = d.Run(ctx)
	cancel()
	<-said
	return errors.Join(t.plain(err), record.close())
}

// plain says in words why a device ended that nobody here has ended.
func (t *target) plain(err error) error {
	var refused *session.Error
	if errors.As(err, &refused) && refused.Code == wire.CodeSessionNotFound {
		return fmt.Errorf("there is no session %s at %s: is the name right? --create creates it", t.session, t.url)
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
