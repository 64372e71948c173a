package session

import (
	"errors"
	"testing"
	"time"
)

// t0 is the instant that tests of pure transitions begin at.
const t0 = instant(1_700_000_000_000_000_000)

func after(d time.Duration) instant { return t0.add(d) }

// bench applies transitions to a state the way a store would.
type bench struct {
	*testing.T
	*state
	revision uint64
}

func newBench(t *testing.T) *bench { return &bench{T: t, state: newState("studio")} }

// do applies changes and returns what they would tell the members.
func (b *bench) do(changes []change, err error) []string {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
	names := []string{}
	for _, c := range changes {
		if present := b.revisions[c.key]; c.revision != 0 && c.revision != present {
			b.Fatalf("change of %s at %d, not %d", c.key, c.revision, present)
		}
		for _, n := range b.apply(c) {
			names = append(names, n.name)
		}
	}
	return names
}

func (b *bench) apply(c change) []notice {
	b.Helper()
	b.revision++
	e := entry{Key: c.key, Revision: b.revision}
	if c.record != nil {
		value, err := encode(c.record)
		if err != nil {
			b.Fatal(err)
		}
		e.Value = value
	}
	d, ok, err := b.state.apply(e)
	if !ok || err != nil {
		b.Fatalf("apply %s: %v, %v", c.key, ok, err)
	}
	return derive(b.state, d)
}

// join seats a user on a device of its own, both called after it.
func (b *bench) join(id, deviceType string, now instant) {
	b.Helper()
	_, changes, err := join(b.state, newcomer{
		JoinRequest: JoinRequest{UserID: id, DeviceType: deviceType}, deviceID: "d-" + id, secret: "secret-" + id, maxDevices: 10,
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
