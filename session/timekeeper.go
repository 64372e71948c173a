package session

import (
	"context"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/wire"
)

const (
	syncEvery = time.Second // between two sync_status
	dueRetry  = time.Second // after a due change failed
	idle      = time.Hour   // when nothing is due
)

// keepTime does what is due, until ctx ends.
func (r *room) keepTime(ctx context.Context) {
	select {
	case <-r.loaded:
	case <-ctx.Done():
		return
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		case <-timer.C:
		}
		for _, step := range r.tick() {
			if err := r.update(ctx, step); err != nil && ctx.Err() == nil {
				r.svc.cfg.Log.Warn("session_change_failed", "session", r.id, "err", err)
				r.holdOff()
			}
		}
		if err := r.archive(ctx); err != nil && ctx.Err() == nil {
			r.svc.cfg.Log.Warn("session_history_failed", "session", r.id, "err", err)
			r.holdOff()
		}
		timer.Reset(r.untilNext())
	}
}

func (r *room) holdOff() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.retryAt = r.svc.now().add(dueRetry)
}

// chore is what a room does by the clock that leaves the session as it is. Both are called
// with room.mu held; do is called at any time, and does what is due by then.
type chore struct {
	due func(*room) (at instant, ok bool)
	do  func(*room, instant)
}

var chores = []chore{
	{(*room).withheldDue, (*room).dueWithheld},
	{(*room).reportsDue, (*room).dueReports},
	{(*room).syncDue, (*room).dueSync},
}

// tick tells what is due to be told and returns the changes that are due.
func (r *room) tick() []transition {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.svc.now()
	if r.state.live() {
		for _, c := range chores {
			c.do(r, now)
		}
	}
	if now < r.retryAt {
		return nil
	}
	return r.dueChanges(now)
}

// view returns what deadlines depend on here. Called with room.mu held.
func (r *room) view() view { return view{r.svc.cfg.LeaderGrace, r.lead, r.withheld} }

func (r *room) dueChanges(now instant) (steps []transition) {
	if !r.state.live() {
		if r.mayRevive(now) {
			steps = append(steps, sure(revive))
		}
		return steps
	}
	for _, d := range deadlines {
		if at, ok := d.due(r.state, r.view(), now); ok && at <= now {
			steps = append(steps, func(s *state, now instant) ([]change, error) { return d.meet(s, r.view(), now) })
		}
	}
	return append(steps, r.corrections(now)...)
}

// mayRevive reports whether a session that was removed is to be made anew of who is here.
func (r *room) mayRevive(now instant) bool { return len(r.members) > 0 && revive(r.state, now) != nil }

// corrections returns the changes that are owed for what happened here while the store
// failed, or what others made of it. What has become true meanwhile is forgotten.
func (r *room) corrections(now instant) (steps []transition) {
	steps = r.dueDisowned()
	for _, owed := range []map[string]uint64{r.dropped, r.mistaken} {
		for deviceID, conn := range owed {
			if marked(r.state, deviceID, conn, r.isHere(deviceID, conn), now) == nil {
				delete(owed, deviceID)
				continue
			}
			steps = append(steps, func(s *state, now instant) ([]change, error) {
				return marked(s, deviceID, conn, r.isHere(deviceID, conn), now), nil
			})
		}
	}
	return steps
}

// isHere reports whether a connection of a device is a member's.
func (r *room) isHere(deviceID string, conn uint64) bool {
	m := r.members[deviceID]
	return m != nil && m.conn == conn
}

// untilNext returns the time until something is due, at least a moment and at most idle.
func (r *room) untilNext() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.svc.now()
	return max(r.next(now).sub(now), 0)
}

func (r *room) next(now instant) instant {
	next := now.add(idle)
	if !r.state.live() {
		if r.mayRevive(now) {
			next = r.retryAt
		}
		return next
	}
	for _, c := range chores {
		if at, ok := c.due(r); ok {
			next = min(next, at)
		}
	}
	for _, d := range deadlines {
		if at, ok := d.due(r.state, r.view(), now); ok {
			next = min(next, max(at, r.retryAt))
		}
	}
	if len(r.corrections(now)) > 0 {
		next = min(next, max(now, r.retryAt))
	}
	return next
}

func (r *room) leaderHere() bool {
	for _, m := range r.members {
		if m.leads() {
			return true
		}
	}
	return false
}

func (r *room) syncDue() (at instant, ok bool) { return r.lastSync.add(syncEvery), r.leaderHere() }

func (r *room) dueSync(now instant) {
	if at, ok := r.syncDue(); ok && now >= at {
		r.lastSync = now
		r.tellLeader(Event{Name: wire.SyncStatus, Data: r.syncStatus(now)})
	}
}

// lead returns the lead that a command needs now. Called with room.mu held.
func (r *room) lead() time.Duration {
	return lead(r.state, r.links(), r.svc.cfg.MinLead, r.svc.cfg.MaxLead)
}

// links returns what this instance knows of the ways to its devices.
func (r *room) links() map[string]link {
	links := map[string]link{}
	for deviceID := range r.members {
		q, ok := r.svc.cfg.Clocks.Quality(deviceID)
		if ok && q.Estimate.State != clock.Unsynced {
			links[deviceID] = link{q.Estimate.Delay, q.Estimate.Jitter}
		}
	}
	return links
}
