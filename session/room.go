package session

import (
	"context"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/store"
)

// room is a session while this instance has to do with it: it follows the
// session's entries and tells the members that are connected here. Lock order:
// Service.mu is never held together with room.mu.
type room struct {
	svc    *Service
	id     string
	stop   context.CancelFunc
	loaded chan struct{} // closed once the stored entries are known
	wake   chan struct{} // of capacity 1: the next deadline may have moved
	users  int           // guarded by Service.mu

	mu      sync.Mutex
	state   *rules.State
	seen    uint64 // the newest revision that was applied
	waiting []waiter
	members map[string]*Member // by device

	held     []held
	attached uint64 // members so far

	lingering map[*Member]bool // that are gone, and still hear what happens
	reports   map[string]*reported
	issued    map[string]bool // commands that this instance issued, and hasn't told the outcome of
	authored  map[string]bool // commands that this instance issued
	said      said
	dropped   map[string]uint64 // connections that are gone but not yet marked so
	desyncs   map[string]*desyncs
	mistaken  map[string]uint64 // connections that are here but marked gone by another instance
	unplaced  bool              // since then the store may not know that there are devices here
	lastSync  rules.Instant
	retryAt   rules.Instant // no due change is tried again before

	issuing  map[string]bool          // commands that are being issued here → whether they were seen too late
	withheld map[string]rules.Instant // commands that nobody here was told of yet → until when
	disowned map[string]bool          // commands whose issuer was told that they failed

	monitored bool // somebody wants to see what the devices do
}

// waiter waits until cond holds.
type waiter struct {
	cond func() bool // called with room.mu held
	met  chan struct{}
}

func newRoom(s *Service, id string, stop context.CancelFunc) *room {
	return &room{
		svc: s, id: id, stop: stop,
		loaded: make(chan struct{}), wake: make(chan struct{}, 1),
		state: rules.NewState(id), members: map[string]*Member{}, lingering: map[*Member]bool{},
		reports: map[string]*reported{}, issued: map[string]bool{}, authored: map[string]bool{}, dropped: map[string]uint64{},
		mistaken: map[string]uint64{}, desyncs: map[string]*desyncs{},
		issuing: map[string]bool{}, withheld: map[string]rules.Instant{}, disowned: map[string]bool{},
	}
}

// watch follows the session's entries until ctx ends.
func (r *room) watch(ctx context.Context) {
	defer r.deafen()
	loaded := sync.OnceFunc(func() {
		r.forgetPast()
		close(r.loaded)
	})
	for ctx.Err() == nil {
		err := r.svc.cfg.Store.Watch(ctx, rules.FilterOf(r.id), r.apply, loaded)
		if ctx.Err() != nil {
			return
		}
		r.svc.cfg.Log.Warn("store_watch_failed", "session", r.id, "err", err)
		select {
		case <-ctx.Done():
		case <-time.After(retryAfter):
		}
	}
}

// apply takes an entry in, tells the members what it means, and lets those go on who
// waited for it.
func (r *room) apply(e store.Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	d, ok, err := r.state.Apply(rules.Entry(e))
	if err != nil {
		r.svc.cfg.Log.Error("store_entry_unread", "session", r.id, "key", e.Key, "err", err)
	}
	r.seen = max(r.seen, e.Revision)
	if ok {
		if d.Kind == rules.KindMeta {
			r.svc.index.apply(e, false)
		}
		r.expel(d)
		if r.arrived(d, r.svc.now()) {
			for _, n := range rules.Derive(r.state, d) {
				if !r.refused(n) {
					r.announce(n)
				}
			}
		}
		r.ended(d)
		r.consequences(d)
	}
	r.release()
}

// consequences of a change for what this instance does by itself.
func (r *room) consequences(d rules.Diff) {
	switch d.Kind {
	case rules.KindMeta:
		r.askMonitor()
	case rules.KindCommand:
		c, _ := d.After.(*rules.CommandRecord)
		if c == nil || c.Cancelled {
			delete(r.issued, d.Ids[0])
			delete(r.authored, d.Ids[0])
			r.saved(d.Ids[0])
		} else if d.Before == nil {
			r.burst(c)
		}
	case rules.KindReport:
		r.saved(d.Ids[0])
		if d.News {
			r.acknowledged(d.Ids[0])
		}
		return
	case rules.KindUser:
		r.askMonitor()
		r.completeReports()
		r.lookForMistakes(d)
		r.listen()
	}
	r.hurry()
}

// expel ends the membership of devices that are connected anew or gone.
func (r *room) expel(d rules.Diff) {
	before, _ := d.Before.(*rules.User)
	for _, dev := range rules.DevicesOf(before) {
		m := r.members[dev.ID]
		if m == nil {
			continue
		}
		if _, now := r.state.Device(dev.ID); now == nil || now.Conn != m.conn {
			delete(r.members, dev.ID)
			why := Replaced
			if now != nil && now.Removed {
				why = Removed
			}
			m.replace(why)
		}
	}
}

// tell delivers to everybody who hears the room, after what was held back. Called with r.mu held.
func (r *room) tell(n rules.Notice) {
	r.tellHeld()
	var shared *sharedEncoding
	if n.Each == nil {
		shared = &sharedEncoding{}
	}
	for m, d := range r.listeners {
		m.deliver(Event{Name: n.Name, Data: n.To(d), shared: shared})
	}
}

// listeners are the members, and those who are gone and still hear what happens.
func (r *room) listeners(yield func(*Member, *rules.Device) bool) {
	for deviceID, m := range r.members {
		if _, d := r.state.Device(deviceID); d != nil && !yield(m, d) {
			return
		}
	}
	for m := range r.lingering {
		if _, d := r.state.Device(m.deviceID); d != nil && !yield(m, d) {
			return
		}
	}
}

// tellLeader delivers to the leader's devices, after what was held back.
func (r *room) tellLeader(e Event) {
	r.tellHeld()
	for _, m := range r.members {
		if m.leads() {
			m.deliver(e)
		}
	}
}

func (r *room) burst(c *rules.CommandRecord) {
	for deviceID := range r.members {
		r.svc.cfg.Clocks.Burst(deviceID, c.Timestamp.Time())
	}
}

func (r *room) exists() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state.Live()
}

// await blocks until cond holds, which is asked again after each change.
func (r *room) await(ctx context.Context, cond func() bool) error {
	r.mu.Lock()
	if cond() {
		r.mu.Unlock()
		return nil
	}
	w := waiter{cond, make(chan struct{})}
	r.waiting = append(r.waiting, w)
	r.mu.Unlock()
	timeout := time.NewTimer(seeWithin)
	defer timeout.Stop()
	select {
	case <-w.met:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-r.svc.ctx.Done():
		return r.svc.ctx.Err()
	case <-timeout.C:
		return context.DeadlineExceeded
	}
}

// release lets go whoever waited for what holds now.
func (r *room) release() {
	kept := r.waiting[:0]
	for _, w := range r.waiting {
		if w.cond() {
			close(w.met)
		} else {
			kept = append(kept, w)
		}
	}
	clear(r.waiting[len(kept):])
	r.waiting = kept
}

// hurry makes the timekeeper look again at what is due.
func (r *room) hurry() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}
