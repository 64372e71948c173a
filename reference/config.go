package reference

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// Store is where the lease and the secret are kept: small values under keys, changed by
// compare-and-set.
type Store interface {
	// Get returns a key's value and revision; nil and 0 where there is none.
	Get(ctx context.Context, key string) (value []byte, revision uint64, err error)
	// Put sets a key that is at revision, 0 for one that doesn't exist; ErrConflict where it isn't.
	Put(ctx context.Context, key string, value []byte, revision uint64) (uint64, error)
	// Watch calls changed with what there is and with each later change, until ctx ends or it fails.
	Watch(ctx context.Context, key string, changed func(value []byte, revision uint64)) error
}

// ErrConflict is returned by a Store whose key isn't at the revision that was expected.
var ErrConflict = errors.New("reference: the key has been changed by another instance")

// Config sets a Keeper up. Instance, Source, Now and Store are required.
type Config struct {
	Instance  string           // names this process, and no other one ever
	Addresses []netip.AddrPort // where the others' questions reach Packet
	Place     string           // a socket of this machine, which no two processes have at once; empty: that can't be told
	Source    *clock.Source    // what is kept at the reference's session time
	Now       func() time.Time // what Source was made with
	Store     Store
	// Send sends a packet over UDP from the socket whose packets Packet gets; nil: there is none.
	Send func(b []byte, to netip.AddrPort) error
	// Ask asks another instance over the store's network; nil: that can't be.
	Ask func(ctx context.Context, instance string, question []byte) ([]byte, error)
	// Alone reports whether this process has listened for the others for long enough to have heard
	// any, and has heard none; nil: that can't be told.
	Alone func() bool
	// Step calls its argument if session time may be stepped now, and reports whether it did,
	// as utc.Config's.
	Step func(step func()) bool
	// UTC tells this instance's stratum as the reference, and how far UTC may be from
	// session time, negative if that isn't known; nil: 1, and it isn't.
	UTC func() (stratum uint8, distance time.Duration)
	Log *slog.Logger // nil: silence
}

func (c Config) ready() (Config, error) {
	if c.Instance == "" || c.Source == nil || c.Now == nil || c.Store == nil {
		return c, errors.New("reference: Config needs Instance, Source, Now and Store")
	}
	if c.Step == nil {
		c.Step = func(func()) bool { return false }
	}
	if c.Alone == nil {
		c.Alone = func() bool { return false }
	}
	if c.UTC == nil {
		c.UTC = func() (uint8, time.Duration) { return 1, -1 }
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c, nil
}
