package session

import (
	"context"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

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
			r.saveLast(ctx)
			return
		case <-r.wake:
		case <-timer.C:
		}
		if err := r.placeAgain(ctx); err != nil && ctx.Err() == nil {
			r.svc.cfg.Log.Warn("session_change_failed", "session", r.id, "err", err)
			r.holdOff()
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
	r.retryAt = r.svc.now().Add(dueRetry)
}

// chore is what a room does by the clock that leaves the session as it is. Both are called
// with room.mu held; do is called at any time, and does what is due by then.
type chore struct {
	due func(*room) (at rules.Instant, ok bool)
	do  func(*room, rules.Instant)
}

var chores = []chore{
	{(*room).withheldDue, (*room).dueWithheld},
	{(*room).reportsDue, (*room).dueReports},
	{(*room).syncDue, (*room).dueSync},
	{(*room).sayingDue, (*room).dueSaying},
}

// tick tells what is due to be told and returns the changes that are due.
func (r *room) tick() []transition {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.svc.now()
	if r.state.Live() {
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
func (r *room) view() rules.View {
	return rules.View{Grace: r.svc.cfg.LeaderGrace, Lead: r.lead, Withheld: r.withheld}
}

func (r *room) dueChanges(now rules.Instant) (steps []transition) {
	if !r.state.Live() {
		if r.mayRevive(now) {
			steps = append(steps, sure(rules.Revive))
		}
		return steps
	}
	for _, d := range rules.Deadlines {
		if at, ok := d.Due(r.state, r.view(), now); ok && at <= now {
			steps = append(steps, func(s *rules.State, now rules.Instant) ([]rules.Change, error) { return d.Meet(s, r.view(), now) })
		}
	}
	steps = append(steps, r.dueSaves(now)...)
	return append(steps, r.corrections(now)...)
}

// mayRevive reports whether a session that was removed is to be made anew of who is here.
func (r *room) mayRevive(now rules.Instant) bool {
	return len(r.members) > 0 && rules.Revive(r.state, now) != nil
}

// corrections returns the changes that are owed for what happened here while the store
// failed, or what others made of it. What has become true meanwhile is forgotten.
func (r *room) corrections(now rules.Instant) (steps []transition) {
	steps = r.dueDisowned()
	for _, owed := range []map[string]uint64{r.dropped, r.mistaken} {
		for deviceID, conn := range owed {
			if rules.Marked(r.state, deviceID, conn, r.isHere(deviceID, conn), now) == nil {
				delete(owed, deviceID)
				continue
			}
			steps = append(steps, func(s *rules.State, now rules.Instant) ([]rules.Change, error) {
				return rules.Marked(s, deviceID, conn, r.isHere(deviceID, conn), now), nil
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
	return max(r.next(now).Sub(now), 0)
}

func (r *room) next(now rules.Instant) rules.Instant {
	next := now.Add(idle)
	if !r.state.Live() {
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
	for _, d := range rules.Deadlines {
		if at, ok := d.Due(r.state, r.view(), now); ok {
			next = min(next, max(at, r.retryAt))
		}
	}
	if at, ok := r.saveDue(); ok {
		next = min(next, max(at, r.retryAt))
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

func (r *room) syncDue() (at rules.Instant, ok bool) {
	return r.lastSync.Add(syncEvery), r.leaderHere()
}

func (r *room) dueSync(now rules.Instant) {
	if at, ok := r.syncDue(); ok && now >= at {
		r.lastSync = now
		r.tellLeader(Event{Name: wire.SyncStatus, Data: r.syncStatus(now)})
	}
}

// lead returns the lead that a command needs now. Called with room.mu held.
func (r *room) lead() time.Duration { return r.leadOver(r.links()) }

// leadOver is lead with the links as they are.
func (r *room) leadOver(links map[string]rules.Link) time.Duration {
	return rules.Lead(r.state, links, r.svc.cfg.MinLead, r.svc.cfg.MaxLead)
}

// links returns what is known of the ways to the connected devices, wherever they are connected.
func (r *room) links() map[string]rules.Link {
	links := make(map[string]rules.Link, len(r.state.Owners))
	for _, u := range r.state.Users {
		for i := range u.Devices {
			d := &u.Devices[i]
			if !d.Connected {
				continue
			}
			if q, ok := r.svc.cfg.Clocks.Quality(d.ID); ok && (q.NoClock || q.Estimate.State != clock.Unsynced) {
				links[d.ID] = rules.Link{Delay: q.Estimate.Delay, Jitter: q.Estimate.Jitter}
			}
		}
	}
	return links
}
