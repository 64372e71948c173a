package reference

import (
	"context"
	"net/netip"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

const (
	lead       = 10 * time.Millisecond // of a change of the rate before it holds
	steerEvery = 900 * time.Millisecond
	settleIn   = 4 * time.Second // a difference is taken up
	mostPace   = 50e-6           // but no faster than this against the reference
	apart      = time.Second     // too far to be slewed in a useful time
	askWithin  = time.Second
)

// following is what an instance that isn't the reference knows of it.
type following struct {
	paths   []*path
	used    *path
	steered time.Time
	by      time.Duration // that was to be taken up then
	unheard bool          // it was said that the reference doesn't answer
	apart   bool          // it was said that session time is too far off
}

// followed begins to ask another reference. What was off may be more by what that one was off
// the one before it.
func (k *Keeper) followed(l lease) {
	at := k.cfg.Source.Steady()
	u := k.cfg.Source.Uncertainty(at)
	k.cfg.Source.Doubt(clock.Uncertainty{At: at, Bound: u.Bound + l.Bound, Hard: u.Hard + l.Hard})
	var f following
	if k.cfg.Send != nil {
		for _, addr := range l.Addresses[:min(len(l.Addresses), 8)] {
			f.paths = append(f.paths, newPath(addr))
		}
	}
	if k.cfg.Ask != nil {
		f.paths = append(f.paths, newPath(netip.AddrPort{}))
	}
	k.mu.Lock()
	k.follow = f
	k.mu.Unlock()
	k.cfg.Log.Info("reference_followed", "reference", l.Holder, "term", l.Term)
}

// measure asks the reference whenever it is time to.
func (k *Keeper) measure(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-k.woken:
		}
		timer.Reset(k.askDue(ctx))
	}
}

// askDue asks over each path that it is time for, and returns when to look again.
func (k *Keeper) askDue(ctx context.Context) time.Duration {
	k.mu.Lock()
	paths := k.follow.paths
	if k.holding {
		paths = nil
	}
	k.mu.Unlock()
	for i := range paths {
		k.askIfDue(ctx, paths, i)
	}
	k.judge()
	now := k.cfg.Now()
	at := k.cfg.Source.Local(now)
	next := at.Add(time.Second)
	k.mu.Lock()
	any := k.follow.used.fresh(at)
	for _, p := range paths {
		next = min(next, p.due(p == k.follow.used, any))
	}
	bend, ok := clock.SessionTime(0), false
	if any {
		bend, ok = k.follow.used.bend(at)
	}
	k.mu.Unlock()
	if ok && bend.Sub(at) <= lead {
		k.steerAt(now)
		bend = at.Add(4 * lead)
	}
	if ok {
		next = min(next, bend)
	}
	return max(next.Sub(at), time.Millisecond)
}

// askIfDue makes the question first, so that T1 is read just before it is sent.
func (k *Keeper) askIfDue(ctx context.Context, paths []*path, i int) {
	p, n := paths[i], nonce()
	at := k.cfg.Source.Steady()
	off := k.cfg.Source.Uncertainty(at)
	k.mu.Lock()
	if len(k.follow.paths) == 0 || k.follow.paths[0] != paths[0] || p.due(p == k.follow.used, k.follow.used.fresh(at)) > at {
		k.mu.Unlock()
		return
	}
	q := frame{kind: kindQuestion, path: byte(i), term: k.lease.Term, nonce: n, from: k.id, bound: off.Bound, hard: off.Hard}
	if !k.settled {
		q.bound = -1
	}
	holder := k.lease.Holder
	b := q.append(make([]byte, 0, FrameSize), k.secret)
	p.begin(n, k.cfg.Source.Steady())
	k.mu.Unlock()
	if p.at.IsValid() {
		_ = k.cfg.Send(b, p.at) // a lost one is asked again
		return
	}
	k.asking.Go(func() { k.askOver(ctx, holder, b) })
}

// askOver asks over the store's network.
func (k *Keeper) askOver(ctx context.Context, holder string, question []byte) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	if answer, err := k.cfg.Ask(ctx, holder, question); err == nil {
		k.Packet(answer, nil)
	}
}

// judge chooses the path to go by, and says when there is none.
func (k *Keeper) judge() {
	at := k.cfg.Source.Steady()
	k.mu.Lock()
	f := &k.follow
	best := f.used
	if !best.fresh(at) {
		best = nil
	}
	for _, p := range f.paths {
		if p.fresh(at) && (best == nil || p.est.Estimate(at).Bound*clearly < best.est.Estimate(at).Bound) {
			best = p
		}
	}
	if best != nil {
		f.used = best
	}
	silent := !k.holding && len(f.paths) > 0 && best == nil && k.cfg.Now().Sub(k.lease.seen) < leaseFor && f.old(at)
	said, holder := f.unheard, k.lease.Holder
	f.unheard = silent
	k.mu.Unlock()
	switch {
	case silent && !said:
		k.cfg.Log.Warn("reference_unheard", "reference", holder)
	case said && best != nil:
		k.cfg.Log.Info("reference_heard", "reference", holder, "path", best.name())
	}
}

// old reports whether the reference has been asked for long enough to have answered.
func (f *following) old(at clock.SessionTime) bool {
	for _, p := range f.paths {
		if t1, ok := p.out.Oldest(); ok && at.Sub(t1) > lostAfter/2 {
			return true
		}
	}
	return false
}

// steer has session time go to the reference's, not too often.
func (k *Keeper) steer(now time.Time) {
	k.mu.Lock()
	soon := k.settled && now.Sub(k.follow.steered) < steerEvery
	k.mu.Unlock()
	if !soon {
		k.judge()
		k.steerAt(now)
	}
}

// steerAt has session time go to the reference's, as it is known now.
func (k *Keeper) steerAt(now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	at := k.cfg.Source.Local(now)
	if k.holding || !k.follow.used.fresh(at) {
		return
	}
	eff := now.Add(lead)
	wanted, rate, e := k.follow.used.session(k.cfg.Source.Local(eff))
	if e.State != clock.Tracking {
		return
	}
	by := wanted.Sub(k.cfg.Source.At(eff))
	if !k.settled && k.cfg.Step(func() { k.cfg.Source.Step(now, by) }) {
		k.cfg.Log.Info("reference_stepped", "by_s", by.Seconds(), "reference", k.lease.Holder)
		by = wanted.Sub(k.cfg.Source.At(eff))
	}
	k.cfg.Source.Steer(eff, clock.Steering{Rate: rate, By: by, Pace: min(max(float64(by.Abs())/float64(settleIn), 1e-7), mostPace)})
	k.cfg.Source.Doubt(clock.Uncertainty{At: at, Bound: e.Bound + by.Abs(), Hard: e.Hard + by.Abs()})
	k.follow.steered, k.follow.by = now, by
	k.settle()
	k.tellApart(by)
}

// tellApart says when session time is too far off to be slewed soon, as after a machine has
// slept. The caller holds mu.
func (k *Keeper) tellApart(by time.Duration) {
	far := by.Abs() > apart
	if far && !k.follow.apart {
		k.cfg.Log.Error("reference_apart", "by_s", by.Seconds(), "reference", k.lease.Holder,
			"reason", "this instance's clock has stopped or stepped; it takes no new devices: start it again")
	}
	k.follow.apart = far
}
