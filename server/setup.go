package server

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/downbeat-sync/downbeat/access"
	"github.com/downbeat-sync/downbeat/internal/pause"
	"github.com/downbeat-sync/downbeat/reference"
)

const (
	// setupKey is where the instances on a store say what has to be the same at all of them.
	setupKey = "instances.setup"
	// storeFormat is the number of what this version writes into a store. One that doesn't know of something
	// would lose it where it changes an entry: so an instance of an older format doesn't serve beside a newer one.
	storeFormat = 1
	setupRetry  = time.Second
)

// setup is what has to be the same at all instances.
type setup struct {
	Format   int         `json:"format"`
	Instance string      `json:"instance"` // that said so
	Access   access.Mode `json:"access"`
	Keys     []byte      `json:"keys"` // of access, hashed under the store's secret
}

// newerFormat says that this version is too old for the store.
func newerFormat(format int) error {
	return fmt.Errorf("a newer version of Downbeat uses the store (format %d, this one knows %d): use that version here, too", format, storeFormat)
}

// checkFormat refuses a store that a newer version uses.
func (s *Server) checkFormat(ctx context.Context) error {
	b, _, err := leaseStore{s.store}.Get(ctx, setupKey)
	if err != nil {
		return err
	}
	if is := readSetup(b); is.Format > storeFormat {
		return taken("{NATS}: %w", newerFormat(is.Format))
	}
	return nil
}

// readSetup reads what an instance said; the zero setup for nothing, and for what can't be read.
func readSetup(b []byte) (is setup) {
	_ = json.Unmarshal(b, &is)
	return is
}

// setup is this instance's. The store's secret is known.
func (s *Server) setup() setup {
	h := hmac.New(sha256.New, s.keeper.Key("keys of access"))
	for _, key := range [][]byte{[]byte(s.cfg.Access.AdminKey), s.cfg.Access.HMACKey} {
		_, _ = fmt.Fprintf(h, "%d %s", len(key), key) // never fails
	}
	return setup{storeFormat, s.cfg.Instance, s.cfg.Access.Mode, h.Sum(nil)}
}

// shareSetup tells the other instances how this one is set up, and says where they differ, until ctx ends.
func (s *Server) shareSetup(ctx context.Context) {
	select {
	case <-s.keeper.Known():
	case <-ctx.Done():
		return
	}
	own := s.setup()
	for s.storeSetup(ctx, own) != nil {
		if !pause.For(ctx, setupRetry) {
			return
		}
	}
	for ctx.Err() == nil {
		_ = leaseStore{s.store}.Watch(ctx, setupKey, func(b []byte, _ uint64) { s.compare(own, readSetup(b)) })
		pause.For(ctx, setupRetry)
	}
}

// storeSetup writes this instance's setup in the place of a different one, which it says.
func (s *Server) storeSetup(ctx context.Context, own setup) error {
	at := leaseStore{s.store}
	b, revision, err := at.Get(ctx, setupKey)
	if err != nil {
		return err
	}
	if b != nil && s.compare(own, readSetup(b)) {
		return nil
	}
	if b, err = json.Marshal(own); err != nil {
		return err
	}
	_, err = at.Put(ctx, setupKey, b, revision)
	if errors.Is(err, reference.ErrConflict) {
		return s.storeSetup(ctx, own) // another one starts at this moment
	}
	return err
}

// compare says where another instance's setup differs; it reports whether that may stay what the store has.
func (s *Server) compare(own, other setup) (stays bool) {
	switch {
	case other.Format > own.Format:
		if !s.outdated.Swap(true) {
			s.log.Error("store_newer", "err", newerFormat(other.Format))
		}
		return true
	case other.Instance == "":
		return false
	case other.Access != own.Access || !bytes.Equal(other.Keys, own.Keys):
		s.log.Warn("access_differs", "other", other.Instance, "access", string(own.Access), "others_access", string(other.Access),
			"reason", "keys and links of one instance aren't good at the other: give all the same --access and --admin-key")
		return false
	}
	return other.Format == own.Format
}
