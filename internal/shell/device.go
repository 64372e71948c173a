package shell

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
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
	d := device.New(device.Config{
		OnExchange: record.onExchange(),
		URL:        t.url, SessionID: t.session, Create: c.Create, Username: c.Name, ViewType: c.View, Key: t.key, Token: t.token, TCPOnly: c.TCP, TLS: t.tls, Log: log,
		Act: func(a device.Act) {
			fmt.Fprintf(w, "%s  %s  %+.3f ms  ± %.3f ms\n", a.Timestamp.ISO(), cmp.Or(a.Name, a.Event), ms(a.At.Sub(a.Timestamp)), ms(a.Bound))
		},
		OnMissed: func(a device.Act, late time.Duration, reason string) {
			fmt.Fprintf(w, "%s  %s  missed: %.3f ms late, %s\n", a.Timestamp.ISO(), cmp.Or(a.Name, a.Event), ms(late), reason)
		},
	})
	said := make(chan struct{})
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer close(said)
		select {
		case <-d.Joined():
			fmt.Fprintf(w, "joined session %s as device %s\n", t.session, d.Seat().DeviceID)
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
