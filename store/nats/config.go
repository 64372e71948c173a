package nats

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// MaxReplicas is how many servers of a NATS cluster can keep the sessions at most.
const MaxReplicas = 5

// Config says where a Store keeps what it is given. With a URL the directory, if there is one, is
// only taken: it is this process's alone until the Store is closed.
type Config struct {
	Dir string // of the files of a NATS server inside this process; made if missing
	URL string // of NATS servers, separated by commas: nats://user:secret@host:4222

	// Replicas is how many servers of a NATS cluster keep the sessions; default:
	// three in a cluster, one elsewhere. It counts when the first instance makes the bucket.
	Replicas int

	// AcceptLoss opens a directory that has lost what was acknowledged; else that is refused.
	AcceptLoss bool

	// Patience is how long a write is tried again while the store doesn't take
	// it; default 8 s, in which a cluster that lost a server elects another.
	Patience time.Duration

	Log *slog.Logger // default: silent
}

func (c Config) withDefaults() (Config, error) {
	switch {
	case c.Dir == "" && c.URL == "":
		return c, errors.New("store: give a directory or the address of a NATS server")
	case c.Replicas < 0 || c.Replicas > MaxReplicas:
		return c, fmt.Errorf("store: there can be 1 to %d replicas", MaxReplicas)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Patience = cmp.Or(c.Patience, 8*time.Second)
	return c, nil
}
