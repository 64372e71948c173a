package shell

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/downbeat-sync/downbeat/session"
)

// Flash has the devices of a session act.
type Flash struct {
	Name    string        // of the command: flash, pulse (a silent test), or one of the application's own
	Payload string        // JSON that it carries; empty: nothing
	Delay   time.Duration // least time to the instant
	Wait    time.Duration // how long after the delay devices may take to report
	JSON    bool          // print JSON
}

// Run has them act, and prints to w how exactly they did.
func (c Flash) Run(ctx context.Context, at Address, w io.Writer) error {
	t, err := at.openSession()
	if err != nil {
		return err
	}
	switch {
	case c.Name == "":
		return UsageError{errors.New("--name is empty")}
	case c.Delay < 0 || c.Wait < 0:
		return UsageError{fmt.Errorf("--delay %v and --wait %v: they must not be negative", c.Delay, c.Wait)}
	}
	q := map[string]any{"name": c.Name}
	if c.Payload != "" {
		if !json.Valid([]byte(c.Payload)) {
			return UsageError{errors.New("--payload isn't JSON")}
		}
		q["payload"] = json.RawMessage(c.Payload)
	}
	if c.Delay > 0 {
		q["delay"] = ms(c.Delay)
	}
	var cmd session.Scheduled
	if err := t.call(ctx, "POST", t.at("commands"), q, &cmd); err != nil {
		return err
	}
	o, err := t.outcome(ctx, cmd.CommandID, c.Delay+c.Wait)
	return o.tell(w, c.JSON, err)
}

// tell prints how a command went, as far as it is known where waiting for it failed with err.
// It fails unless every device acted.
func (o commandOutcome) tell(w io.Writer, asJSON bool, err error) error {
	if werr := o.write(w, asJSON); werr != nil || err != nil {
		return errors.Join(err, werr)
	}
	return o.wrong()
}

// commandOutcome is how a command went, as it is printed.
type commandOutcome struct {
	session.Report
	Acted  int `json:"acted"`
	Late   int `json:"late"`
	Missed int `json:"missed"`
	Silent int `json:"silent"` // that should have acted, and said nothing

	names map[string]string // of the devices
}

// pollEvery is how often something is asked for again.
const pollEvery = 200 * time.Millisecond

// outcome waits until all devices that should act have reported, or the time is over.
func (t *target) outcome(ctx context.Context, commandID string, wait time.Duration) (commandOutcome, error) {
	var now struct{ Session session.Snapshot }
	if err := t.call(ctx, "GET", t.at(), nil, &now); err != nil {
		return commandOutcome{}, err
	}
	for deadline := time.Now().Add(wait); ; {
		var rep session.Report
		if err := t.call(ctx, "GET", t.at("commands", commandID), nil, &rep); err != nil {
			return commandOutcome{}, err
		}
		o := judge(rep, now.Session)
		if o.Silent == 0 && len(o.Devices) > 0 || time.Now().After(deadline) {
			return o, nil
		}
		if err := pauseFor(ctx, pollEvery); err != nil {
			return o, errors.New("interrupted: the command is carried out all the same")
		}
	}
}

// pauseFor waits, or fails when ctx ends.
func pauseFor(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// judge leaves out of a report who had no reason to act: consoles that only look on.
func judge(rep session.Report, now session.Snapshot) commandOutcome {
	o := commandOutcome{Report: rep, names: map[string]string{}}
	users, types := map[string]string{}, map[string]string{}
	for _, u := range now.Users {
		users[u.ID] = u.Username
	}
	for _, d := range now.Devices {
		types[d.DeviceID] = d.DeviceType
		o.names[d.DeviceID] = users[d.UserID]
		if d.ViewType != "" {
			o.names[d.DeviceID] += ", " + d.ViewType
		}
	}
	o.Devices = []session.DeviceReport{}
	for _, d := range rep.Devices {
		said := d.Armed || d.At != nil || d.Missed != nil
		if !said && types[d.DeviceID] == "" {
			continue
		}
		o.Devices = append(o.Devices, d)
		switch {
		case d.At != nil && d.Late:
			o.Acted++
			o.Late++
		case d.At != nil:
			o.Acted++
		case d.Missed != nil:
			o.Missed++
		default:
			o.Silent++
		}
	}
	return o
}

// wrong is an error unless every device acted.
func (o commandOutcome) wrong() error {
	switch n := len(o.Devices); {
	case n == 0:
		return errors.New("there was no device to act")
	case o.Acted < n:
		return fmt.Errorf("%d of %d devices did not act", n-o.Acted, n)
	}
	return nil
}

func (o commandOutcome) write(w io.Writer, asJSON bool) error {
	if o.CommandID == "" {
		return nil
	}
	if asJSON {
		return PrintJSON(w, o)
	}
	fmt.Fprintf(w, "%d of %d acted, %d late, %d missed, %d silent", o.Acted, len(o.Devices), o.Late, o.Missed, o.Silent)
	if o.SpreadMs != nil && o.Acted > 1 {
		fmt.Fprintf(w, "; spread %.3f ms", *o.SpreadMs)
	}
	fmt.Fprintln(w)
	rows := table(w, "DEVICE", "NAME", "OFF ms", "± ms", "SAYS")
	for _, d := range o.Devices {
		off, bound, says := "", "", "nothing"
		switch {
		case d.At != nil:
			off, says = fmt.Sprintf("%+.3f", *d.ErrorMs), "acted"
			if d.Late {
				says = "acted late"
			}
		case d.Missed != nil:
			off, says = fmt.Sprintf("%+.3f", d.Missed.LateMs), "missed: "+d.Missed.Reason
		}
		if d.BoundMs != nil {
			bound = fmt.Sprintf("%.3f", *d.BoundMs)
		}
		rows.add(d.DeviceID, cmp.Or(o.names[d.DeviceID], d.DeviceID), off, bound, says)
	}
	return rows.Flush()
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
