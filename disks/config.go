package disks

import (
	"errors"
	"log/slog"
	"time"

	"github.com/downbeat-sync/downbeat/store"
)

// ErrAway is returned when the instance that has a disk isn't reached just now.
var ErrAway = errors.New("the instance that keeps this file doesn't answer just now; try again")

// Config sets Disks up. Store, Key and Now are required.
type Config struct {
	Disk     string       // this instance's, as NewName makes it; empty: it has none
	Instance string       // names this process
	Place    func() Place // where this instance is reached; nil: nowhere
	Store    store.Store
	Key      func() []byte    // that all instances on the store have; nil while it isn't known
	Now      func() time.Time // session time, which all instances have
	Log      *slog.Logger     // nil: silence
}

// Place is where an instance is reached by the others.
type Place struct {
	URLs      []string `json:"urls"`                // the best first, http or https
	Name      string   `json:"name,omitempty"`      // that its certificate is for; empty: the URL's
	Authority string   `json:"authority,omitempty"` // certificate that signs its own, PEM; empty: one that the system trusts
}

func (c Config) ready() (Config, error) {
	if c.Store == nil || c.Key == nil || c.Now == nil {
		return c, errors.New("disks: Config needs Store, Key and Now")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c, nil
}
