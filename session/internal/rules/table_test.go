package rules

import (
	"encoding/json"
	"errors"
	"testing"
	"time"
)

// t0 is the instant that tests of pure transitions begin at.
const t0 = Instant(1_700_000_000_000_000_000)

func after(d time.Duration) Instant { return t0.Add(d) }

// bench applies transitions to a state the way a store would.
type bench struct {
	*testing.T
	*State
	revision uint64
}

func newBench(t *testing.T) *bench { return &bench{T: t, State: NewState("studio")} }

// do applies changes and returns what they would tell the members.
func (b *bench) do(changes []Change, err error) []string {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
	names := []string{}
	for _, c := range changes {
		if present := b.Revisions[c.Key]; c.Revision != 0 && c.Revision != present {
			b.Fatalf("change of %s at %d, not %d", c.Key, c.Revision, present)
		}
		for _, n := range b.apply(c) {
			names = append(names, n.Name)
		}
	}
	return names
}

// said takes in what a device says of a command.
func (b *bench) said(deviceID, commandID string) func(*Ack, error) {
	b.Helper()
	return func(a *Ack, err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
		if a != nil {
			b.Hear(commandID, deviceID, a, false)
		}
	}
}

func (b *bench) apply(c Change) []Notice {
	b.Helper()
	b.revision++
	e := Entry{Key: c.Key, Revision: b.revision}
	if c.Record != nil {
		value, err := Encode(c.Record)
		if err != nil {
			b.Fatal(err)
		}
		e.Value = value
	}
	d, ok, err := b.State.Apply(e)
	if !ok || err != nil {
		b.Fatalf("apply %s: %v, %v", c.Key, ok, err)
	}
	return Derive(b.State, d)
}

// join seats a user on a device of its own, both called after it.
func (b *bench) join(id, deviceType string, now Instant) {
	b.Helper()
	_, changes, err := Join(b.State, Newcomer{
		JoinRequest: JoinRequest{UserID: id, DeviceType: deviceType}, NewDeviceID: "d-" + id, NewSecret: "secret-" + id, MaxDevices: 10,
	}, now)
	b.do(changes, err)
}

func (b *bench) want(err error, code string) {
	b.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Code != code {
		b.Errorf("got %v, want code %s", err, code)
	}
}

// studio is a session with a leader ann, and bob, on typed devices.
func studio(t *testing.T) *bench {
	b := newBench(t)
	b.join("ann", "desktop", t0)
	b.join("bob", "mobile", after(time.Second))
	return b
}

func asText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func codeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	if err != nil {
		return "not an *Error: " + err.Error()
	}
	return ""
}
