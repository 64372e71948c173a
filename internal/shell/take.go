package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
	"github.com/downbeat-sync/downbeat/wire"
)

// Record has all devices of a session record.
type Record struct {
	Duration time.Duration // of the take; 0: until it is stopped
	Label    string        // of the take
	Delay    time.Duration // least time to the start
	Uploads  bool          // wait until the files are uploaded, too
	Wait     time.Duration // how long after the start devices may take to report
	JSON     bool          // print JSON
}

// Stop ends the take of a session.
type Stop struct {
	Wait time.Duration // how long devices may take to report
	JSON bool          // print JSON
}

// Run has them record, and prints to w how exactly they began. The session is led by whoever led it before once the take is under way.
func (c Record) Run(ctx context.Context, at Address, w io.Writer) error {
	t, err := at.openSession()
	if err != nil {
		return err
	}
	if c.Duration < 0 || c.Delay < 0 || c.Wait < 0 {
		return UsageError{fmt.Errorf("--duration %v, --delay %v and --wait %v: they must not be negative", c.Duration, c.Delay, c.Wait)}
	}
	q := map[string]any{"postureLabel": c.Label, "duration": ms(c.Duration)}
	if c.Delay > 0 {
		q["delay"] = ms(c.Delay)
	}
	take, err := t.direct(ctx, wire.StartRecording, q)
	if err != nil {
		return err
	}
	o, err := t.outcome(ctx, take.CommandID, c.Delay+c.Wait)
	if err := o.tell(w, c.JSON, err); err != nil || c.Duration == 0 {
		return err
	}
	if err := t.awaitEnd(ctx, take.CommandID); err != nil {
		return err
	}
	if !c.Uploads {
		return nil
	}
	return t.awaitUploads(ctx, take.CommandID)
}

// Run ends the take, and prints to w how exactly the devices ended.
func (c Stop) Run(ctx context.Context, at Address, w io.Writer) error {
	t, err := at.openSession()
	if err != nil {
		return err
	}
	if c.Wait < 0 {
		return UsageError{fmt.Errorf("--wait %v: it must not be negative", c.Wait)}
	}
	stop, err := t.direct(ctx, wire.StopRecording, struct{}{})
	if err != nil {
		return err
	}
	o, err := t.outcome(ctx, stop.CommandID, c.Wait)
	return o.tell(w, c.JSON, err)
}

// errGoesOn says what becomes of a take that nobody waits for any more.
var errGoesOn = errors.New("interrupted: the take goes on; downbeat stop ends it")

// awaitEnd waits until a take is over.
func (t *target) awaitEnd(ctx context.Context, takeID string) error {
	for {
		var now struct{ Session session.Snapshot }
		if err := t.call(ctx, "GET", t.at(), nil, &now); err != nil {
			if ctx.Err() != nil {
				return errGoesOn
			}
			return err
		}
		if take := now.Session.Take; take == nil || take.TakeID != takeID {
			return nil
		}
		if pauseFor(ctx, pollEvery) != nil {
			return errGoesOn
		}
	}
}

// awaitUploads waits until the files of a take are there, and fails if one won't come.
func (t *target) awaitUploads(ctx context.Context, takeID string) error {
	for {
		var list struct{ Recordings []session.Recording }
		if err := t.call(ctx, "GET", t.at("recordings"), nil, &list); err != nil {
			return err
		}
		waiting, failed := 0, 0
		for _, r := range list.Recordings {
			switch {
			case r.TakeID != takeID || r.UploadStatus == "uploaded":
			case r.UploadStatus == "failed":
				failed++
			default:
				waiting++
			}
		}
		if waiting == 0 && failed > 0 {
			return fmt.Errorf("%d recordings have failed", failed)
		}
		if waiting == 0 {
			return nil
		}
		if pauseFor(ctx, pollEvery) != nil {
			return fmt.Errorf("interrupted: %d recordings are still to be uploaded", waiting)
		}
	}
}

// direct leads the session for one request, and hands the lead back: an interruption waits for that.
func (t *target) direct(ctx context.Context, event string, data any) (cmd session.Scheduled, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTime)
	defer cancel()
	var before struct{ Session session.Snapshot }
	if err := t.call(ctx, "GET", t.at(), nil, &before); err != nil {
		return cmd, err
	}
	c, err := signaling.Dial(ctx, signaling.ClientConfig{URL: t.urls[0], TLS: t.tls, OnFrame: func([]byte) []byte { return nil }})
	if err != nil {
		return cmd, err
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { defer close(ended); _ = c.Run(running) }()
	defer func() { stop(); <-ended }()
	no := false
	seat, err := c.Join(ctx, signaling.JoinRequest{
		SessionID: t.session, Username: "downbeat " + event, Key: t.key, Token: t.token, Create: &no, Records: &no,
	})
	if err != nil {
		return cmd, err
	}
	if !seat.IsLeader {
		if _, err = c.Call(ctx, wire.RequestLeadership, map[string]string{"token": t.token}); err != nil {
			return cmd, errors.Join(t.ledBy(before.Session, err), c.Leave(ctx))
		}
	}
	m, err := c.Call(ctx, event, data)
	if err == nil {
		err = m.Decode(&cmd)
	}
	return cmd, errors.Join(err, handBack(ctx, c, before.Session, seat.UserID), c.Leave(ctx))
}

// handBack gives the lead to whoever had it.
func handBack(ctx context.Context, c *signaling.Client, before session.Snapshot, own string) error {
	for _, u := range before.Users {
		if u.IsLeader && u.IsConnected && u.ID != own {
			_, err := c.Call(ctx, wire.HandOver, map[string]string{"userId": u.ID})
			return err
		}
	}
	return nil
}

// ledBy says who has the lead that isn't given.
func (t *target) ledBy(s session.Snapshot, err error) error {
	var refused *session.Error
	if !errors.As(err, &refused) || refused.Code != wire.CodeLeaderConnected {
		return err
	}
	for _, u := range s.Users {
		if u.IsLeader {
			return fmt.Errorf("%s leads the session: use the admin key or the creator's token, or have the lead handed over (%s)", u.Username, refused.Code)
		}
	}
	return err
}
