package reference

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

const (
	leaseKey  = "reference.lease"
	secretKey = "reference.secret"

	leaseFor   = 15 * time.Second // without a change of the lease, then others may take it
	renewEvery = 3 * time.Second
	giveUp     = 12 * time.Second // the holder itself stops so long after the last renewal began
	deferTo    = 2 * time.Second  // an instance that has never known the session time waits longer
	putWithin  = 3 * time.Second
	lookEvery  = 500 * time.Millisecond
)

// lease is what the store says of the reference.
type lease struct {
	Holder    string            `json:"holder"`    // instance; empty when it has gone in peace
	Term      uint64            `json:"term"`      // grows with each holder
	Renewal   uint64            `json:"renewal"`   // grows with each write of a holder
	Addresses []netip.AddrPort  `json:"addresses"` // that it answers at
	Place     string            `json:"place"`     // Config.Place of the holder
	Followers int               `json:"followers"` // that have asked the holder lately; of a new one one at least
	Session   clock.SessionTime `json:"session"`   // when it was written
	Bound     time.Duration     `json:"boundNs"`   // by how much the holder may have been off the one before it
	Hard      time.Duration     `json:"hardNs"`
}

// held is a lease as this instance has seen it.
type held struct {
	lease
	revision uint64
	seen     time.Time // when this revision was first seen here
	known    bool      // the store has been read
}

// attend holds, renews or takes the lease until ctx ends; then it lets go of it.
func (k *Keeper) attend(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		k.claim(ctx)
		select {
		case <-ctx.Done():
			k.release()
			return
		case <-ticker.C:
		case <-k.seenLease:
		}
	}
}

// claim does what is to be done about the lease now.
func (k *Keeper) claim(ctx context.Context) {
	now := k.cfg.Now()
	k.mu.Lock()
	l, holding, since := k.lease, k.holding, now.Sub(k.renewed)
	free := k.free(now)
	heir := k.inherits()
	k.mu.Unlock()
	free = free || heir && k.cfg.Alone()
	switch {
	case holding && since > giveUp:
		k.stepDown("the lease couldn't be renewed in time")
	case holding && since >= renewEvery:
		k.write(ctx, k.next(l, l.Term), l.revision)
	case !holding && free:
		k.write(ctx, k.next(l, l.Term+1), l.revision)
	}
}

// free reports whether the lease may be taken by this instance. The caller holds mu.
func (k *Keeper) free(now time.Time) bool {
	l := &k.lease
	quiet := now.Sub(l.seen)
	switch {
	case !l.known:
		return false
	case l.revision == 0:
		return true
	case l.Holder == "" && k.settled:
		return true
	case l.Holder == "":
		return quiet > deferTo/2
	case k.settled:
		return quiet > leaseFor
	}
	return quiet > leaseFor+deferTo
}

// inherits reports whether the lease is that of this instance's dead predecessor, and of nobody else's concern:
// this one has the socket that the holder had, and nobody followed that one. The caller holds mu.
func (k *Keeper) inherits() bool {
	l := &k.lease
	return l.known && l.Holder != "" && l.Holder != k.cfg.Instance && l.Place != "" && l.Place == k.cfg.Place && l.Followers == 0
}

// next returns the lease as this instance would write it.
func (k *Keeper) next(l held, term uint64) lease {
	at := k.cfg.Source.Steady()
	off := k.cfg.Source.Uncertainty(at)
	return lease{
		Holder: k.cfg.Instance, Term: term, Renewal: l.Renewal + 1, Addresses: k.cfg.Addresses, Place: k.cfg.Place,
		Followers: k.followers(term == l.Term), Session: k.coldStart(l), Bound: off.Bound, Hard: off.Hard,
	}
}

// followers returns how many instances follow this one: those of a new holder may not have asked it yet.
func (k *Keeper) followers(renewal bool) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := k.askers.count(k.cfg.Now())
	if !renewal {
		n = max(n, 1)
	}
	return n
}

// coldStart returns the session time that a lease begins with: the present one; of an instance
// that has never known the others', no less than what was stored and has passed since. Where this
// machine's clock is before that, it has been set back, and the holder went on for up to a renewal more.
func (k *Keeper) coldStart(l held) clock.SessionTime {
	now := k.cfg.Now()
	at := k.cfg.Source.At(now)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.settled || l.revision == 0 {
		return at
	}
	if stored := l.Session.Add(now.Sub(l.seen)); at < stored {
		return stored.Add(renewEvery)
	}
	return at
}

// write tries to make the lease what it says; whoever is first is the reference.
func (k *Keeper) write(ctx context.Context, l lease, revision uint64) {
	value, err := json.Marshal(l)
	if err != nil {
		k.cfg.Log.Error("reference_not_taken", "err", err)
		return
	}
	began := k.cfg.Now()
	within, cancel := context.WithTimeout(ctx, putWithin)
	defer cancel()
	stored, err := k.cfg.Store.Put(within, leaseKey, value, revision)
	if errors.Is(err, ErrConflict) {
		stored, err = k.conflict(within, l)
	}
	switch {
	case ctx.Err() != nil:
	case errors.Is(err, ErrConflict):
		k.stepDown("another instance has the lease")
	case err != nil:
		k.troubled(err)
	default:
		k.wrote(l, stored, began)
	}
}

// conflict looks whose the lease is: it is ours if an earlier try was stored after all.
func (k *Keeper) conflict(ctx context.Context, l lease) (uint64, error) {
	value, revision, err := k.cfg.Store.Get(ctx, leaseKey)
	if err != nil {
		return 0, err
	}
	k.see(value, revision)
	var stored lease
	if json.Unmarshal(value, &stored) != nil || stored.Holder != l.Holder || stored.Term != l.Term {
		return 0, ErrConflict
	}
	return revision, nil
}

// wrote notes that the lease is this instance's from began on.
func (k *Keeper) wrote(l lease, revision uint64, began time.Time) {
	k.mu.Lock()
	took := !k.holding
	k.renewed = began
	if revision >= k.lease.revision {
		k.lease = held{lease: l, revision: revision, seen: began, known: true}
	}
	k.trouble = false
	k.mu.Unlock()
	if took {
		k.take(l)
	}
}

// take makes this instance the reference: session time goes on as it is here.
func (k *Keeper) take(l lease) {
	now := k.cfg.Now()
	if by := l.Session.Sub(k.cfg.Source.At(now)); by > lookEvery {
		if k.cfg.Step(func() { k.cfg.Source.Step(now, by) }) {
			k.cfg.Log.Warn("reference_stepped", "by_s", by.Seconds(), "reason", "the store knows of a later session time than this machine's clock")
		}
	}
	k.cfg.Source.Doubt(clock.Uncertainty{})
	k.mu.Lock()
	k.holding, k.follow = true, following{}
	k.settle()
	k.mu.Unlock()
	k.cfg.Log.Info("reference_taken", "term", l.Term, "off_ms", ms(l.Bound))
}

// stepDown ends being the reference. From then on another may be, and session time may be off
// by as much as the others were off this one's.
func (k *Keeper) stepDown(why string) {
	k.mu.Lock()
	was := k.holding
	k.holding, k.why = false, why
	off := k.askers.most(k.cfg.Now())
	k.mu.Unlock()
	if !was {
		return
	}
	off.At = k.cfg.Source.Steady()
	k.cfg.Source.Doubt(off)
	k.cfg.Log.Warn("reference_lost", "reason", why)
	k.wake()
}

func (k *Keeper) troubled(err error) {
	k.mu.Lock()
	first := !k.trouble
	k.trouble = true
	k.mu.Unlock()
	if first {
		k.cfg.Log.Warn("reference_not_renewed", "err", err)
	}
}

// release lets the next instance be the reference at once.
func (k *Keeper) release() {
	k.mu.Lock()
	l, holding := k.lease, k.holding
	k.holding = false
	k.mu.Unlock()
	if !holding {
		return
	}
	next := k.next(l, l.Term)
	next.Holder = ""
	value, err := json.Marshal(next)
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, _ = k.cfg.Store.Put(ctx, leaseKey, value, l.revision) // else it runs out
}

// see takes note of what the store says.
func (k *Keeper) see(value []byte, revision uint64) {
	var l lease
	if len(value) > 0 {
		if err := json.Unmarshal(value, &l); err != nil {
			k.cfg.Log.Error("reference_unreadable", "err", err)
			return
		}
	}
	k.mu.Lock()
	if k.lease.known && revision <= k.lease.revision {
		k.mu.Unlock()
		return
	}
	another := l.Term != k.lease.Term
	k.lease = held{lease: l, revision: revision, seen: k.cfg.Now(), known: true}
	lost := k.holding && l.Holder != k.cfg.Instance
	other := another && l.Holder != "" && l.Holder != k.cfg.Instance
	k.mu.Unlock()
	if lost {
		k.stepDown("another instance has the lease")
	}
	if other {
		k.followed(l)
	}
	k.wake()
	select {
	case k.seenLease <- struct{}{}:
	default:
	}
}
