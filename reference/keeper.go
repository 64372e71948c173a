package reference

import (
	"context"
	"crypto/rand"
	"errors"
	"hash/fnv"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/pause"
)

// Keeper keeps one instance's Source at the reference's session time, or is the reference.
// Its methods are safe for concurrent use.
type Keeper struct {
	cfg       Config
	id        uint64        // of Instance, in frames
	ready     chan struct{} // closed once session time is known
	seenLease chan struct{} // holds one token: the lease is another
	woken     chan struct{} // holds one token: there is something to be asked or steered

	mu      sync.Mutex
	secret  []byte // nil: not read yet
	lease   held
	holding bool
	renewed time.Time // when the last successful renewal began
	settled bool      // session time is known
	trouble bool      // the lease couldn't be written, and it was said
	why     string    // of not being the reference any more
	askers  askers
	follow  following
	refused uint64 // frames that aren't authenticated
	stale   uint64 // answers of one that isn't the reference any more

	asking sync.WaitGroup // over the store's network
}

// New returns a Keeper that does nothing until it is Run.
func New(cfg Config) (*Keeper, error) {
	cfg, err := cfg.ready()
	if err != nil {
		return nil, err
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(cfg.Instance))
	return &Keeper{
		cfg: cfg, id: h.Sum64(), ready: make(chan struct{}), seenLease: make(chan struct{}, 1), woken: make(chan struct{}, 1),
		askers: askers{},
	}, nil
}

// Known is closed once this instance knows the session time: it is the reference, or has
// stepped to it.
func (k *Keeper) Known() <-chan struct{} { return k.ready }

// settle notes that session time is known. The caller holds mu.
func (k *Keeper) settle() {
	if !k.settled {
		k.settled = true
		close(k.ready)
	}
}

// Holds reports whether this instance is the reference now.
func (k *Keeper) Holds() bool {
	now := k.cfg.Now()
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.holds(now)
}

// holds is Holds. The caller holds mu.
func (k *Keeper) holds(now time.Time) bool { return k.holding && now.Sub(k.renewed) <= giveUp }

// Run keeps the lease and asks the reference until ctx ends. Call it once.
func (k *Keeper) Run(ctx context.Context) {
	if !k.shareSecret(ctx) {
		return
	}
	var group sync.WaitGroup
	group.Go(func() { k.watch(ctx) })
	group.Go(func() { k.attend(ctx) })
	group.Go(func() { k.measure(ctx) })
	group.Wait()
	k.asking.Wait()
}

// shareSecret reads the secret that all instances on the store have, and makes it where there
// is none; false when ctx has ended.
func (k *Keeper) shareSecret(ctx context.Context) bool {
	for said := false; ; said = true {
		secret, err := k.readSecret(ctx)
		if err == nil {
			k.mu.Lock()
			k.secret = secret
			k.mu.Unlock()
			return true
		}
		if !said {
			k.cfg.Log.Warn("reference_secret_missing", "err", err)
		}
		if !pause.For(ctx, time.Second) {
			return false
		}
	}
}

func (k *Keeper) readSecret(ctx context.Context) ([]byte, error) {
	secret, revision, err := k.cfg.Store.Get(ctx, secretKey)
	if err != nil {
		return nil, err
	}
	if revision == 0 {
		made := make([]byte, SecretSize)
		_, _ = rand.Read(made) // never fails
		if _, err := k.cfg.Store.Put(ctx, secretKey, made, 0); err != nil && !errors.Is(err, ErrConflict) {
			return nil, err
		}
		secret, _, err = k.cfg.Store.Get(ctx, secretKey)
	}
	if err == nil && len(secret) != SecretSize {
		err = errors.New("reference: the store's secret is damaged")
	}
	return secret, err
}

// watch follows the lease.
func (k *Keeper) watch(ctx context.Context) {
	for {
		err := k.cfg.Store.Watch(ctx, leaseKey, k.see)
		if ctx.Err() != nil {
			return
		}
		k.cfg.Log.Warn("reference_not_watched", "err", err)
		if !pause.For(ctx, time.Second) {
			return
		}
	}
}

// wake has the asking looked at again.
func (k *Keeper) wake() {
	select {
	case k.woken <- struct{}{}:
	default:
	}
}

func ms(d time.Duration) float64 { return float64(d) / 1e6 }

// asker is an instance that has asked.
type asker struct {
	off clock.Uncertainty // by its own word
	at  time.Time
}

// askers are the instances that have asked lately.
type askers map[uint64]asker

const (
	askersKept = 30 * time.Second
	maxAskers  = 1024
)

// note enters a question.
func (a askers) note(f frame, now time.Time) {
	for id, other := range a {
		if now.Sub(other.at) > askersKept {
			delete(a, id)
		}
	}
	if len(a) < maxAskers {
		a[f.from] = asker{clock.Uncertainty{Bound: f.bound, Hard: f.hard}, now}
	}
}

// count returns how many there are.
func (a askers) count(now time.Time) (n int) {
	for _, other := range a {
		if now.Sub(other.at) <= askersKept {
			n++
		}
	}
	return n
}

// most returns by how much the one that knows least may be off.
func (a askers) most(now time.Time) (u clock.Uncertainty) {
	for _, other := range a {
		if now.Sub(other.at) <= askersKept && other.off.Bound >= 0 {
			u.Bound, u.Hard = max(u.Bound, other.off.Bound), max(u.Hard, other.off.Hard)
		}
	}
	return u
}
