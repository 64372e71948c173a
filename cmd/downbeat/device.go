package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/gorilla/websocket"

	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
)

type deviceCmd struct {
	URL     string `required:"" help:"The server, such as https://192.168.1.20:8080."`
	CA      string `name:"ca" type:"path" placeholder:"FILE" help:"Certificate of the authority that the server is trusted by, PEM; default: the system's."`
	Session string `required:"" help:"The session to join."`
	Create  bool   `help:"Create the session if there is none."`
	Name    string `help:"Name of the device's user."`
	View    string `help:"Label of the device's place: front, side, …"`
	Key     string `help:"Key of the session's link for devices, where the server asks for one."`
	Token   string `help:"Token, where the server asks for one."`
	TCP     bool   `help:"Use no UDP."`
	Record  string `placeholder:"FILE.csv" help:"Write the exchanges over the data channel for replay."`
}

func (c *deviceCmd) Run(ctx context.Context, log *slog.Logger) error {
	record, err := newRecorder(c.Record)
	if err != nil {
		return err
	}
	var encryption *tls.Config
	if c.CA != "" {
		roots, err := poolOf("--ca", c.CA)
		if err != nil {
			return errors.Join(err, record.close())
		}
		encryption = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	d := device.New(device.Config{
		OnExchange: record.onExchange(),
		URL:        c.URL, SessionID: c.Session, Create: c.Create, Username: c.Name, ViewType: c.View, Key: c.Key, Token: c.Token, TCPOnly: c.TCP, TLS: encryption, Log: log,
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
			fmt.Printf("joined session %s as device %s\n", c.Session, d.Seat().DeviceID)
		case <-ctx.Done():
		}
	}()
	err = d.Run(ctx)
	cancel()
	<-said
	return errors.Join(c.plain(err), record.close())
}

// plain says in words why a device ended that nobody here has ended.
func (c *deviceCmd) plain(err error) error {
	var refused *session.Error
	if errors.As(err, &refused) && refused.Code == session.CodeSessionNotFound {
		return fmt.Errorf("there is no session %s at %s: is the name right? --create creates it", c.Session, c.URL)
	}
	var closed *websocket.CloseError
	if errors.As(err, &closed) {
		switch closed.Code {
		case signaling.CloseReplaced:
			return fmt.Errorf("this device joined session %s over another connection", c.Session)
		case signaling.CloseRemoved:
			return fmt.Errorf("the leader of session %s removed this device", c.Session)
		case signaling.CloseEnded:
			return fmt.Errorf("the leader ended session %s", c.Session)
		}
	}
	return err
}
