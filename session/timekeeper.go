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

// tick tells what is due to be told and returns the changes that are due.
func (r *room) tick() []transition {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.svc.now()
	if !r.state.live() {
		return r.dueRevival(now)
	}
	r.dueWithheld(now)
	r.dueReports(now)
	r.dueSync(now)
	if now < r.retryAt {
		return nil
	}
	return r.dueChanges(now)
}

func (r *room) dueRevival(now instant) []transition {
	if len(r.members) == 0 || now < r.retryAt || revive(r.state, now) == nil {
		return nil
	}
	return []transition{func(s *state, now instant) ([]change, error) { return revive(s, now), nil }}
}

func (r *room) dueChanges(now instant) []transition {
	var steps []transition
	if take := r.state.activeTake(now); take != nil && !r.isWithheld(take) && autoStop(r.state, r.lead(), now) != nil {
		steps = append(steps, func(s *state, now instant) ([]change, error) { return autoStop(s, r.lead(), now), nil })
	}
	if transfer(r.state, r.svc.cfg.LeaderGrace, now) != nil {
		steps = append(steps, func(s *state, now instant) ([]change, error) {
			return transfer(s, r.svc.cfg.LeaderGrace, now), nil
		})
	}
	if take := r.state.unplanned(); take != nil && !r.isWithheld(take) && plan(r.state, now) != nil {
		steps = append(steps, func(s *state, now instant) ([]change, error) { return plan(s, now), nil })
	}
	if unburied(r.state) != nil {
		steps = append(steps, func(s *state, _ instant) ([]change, error) { return unburied(s), nil })
	}
	if unplan(r.state) != nil {
		steps = append(steps, func(s *state, _ instant) ([]change, error) { return unplan(s), nil })
	}
	if due, ok := holdDue(r.state); ok && now >= due {
		steps = append(steps, func(s *state, now instant) ([]change, error) { return endHold(s, r.lead(), now) })
	}
	if changes, _ := completed(r.state, now); changes != nil {
		steps = append(steps, completed)
	}
	if unseat(r.state, now) != nil {
		steps = append(steps, func(s *state, now instant) ([]change, error) { return unseat(s, now), nil })
	}
	steps = append(steps, r.dueDisowned()...)
	for deviceID, conn := range r.dropped {
		steps = append(steps, r.drop(deviceID, conn))
	}
	for deviceID, conn := range r.mistaken {
		steps = append(steps, r.correct(deviceID, conn))
	}
	return steps
}

// drop marks a device disconnected that the member couldn't mark itself.
func (r *room) drop(deviceID string, conn uint64) transition {
	return func(s *state, now instant) ([]change, error) {
		changes := disconnect(s, deviceID, conn, now)
		if len(changes) == 0 {
			delete(r.dropped, deviceID)
		}
		return changes, nil
	}
}

// untilNext returns the time until something is due, at least a moment and at most idle.
func (r *room) untilNext() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.svc.now()
	next := now.add(idle)
	sooner := func(t instant) { next = min(next, t) }
	if !r.state.live() {
		if len(r.members) > 0 && revive(r.state, now) != nil {
			return max(r.retryAt.sub(now), 0)
		}
		return idle
	}
	for _, c := range r.state.commands {
		if due, ok := r.reportAt(c); ok {
			sooner(due)
		}
	}
	if active := r.state.activeTake(now); active != nil && !r.isWithheld(active) {
		if take, due := autoStopDue(r.state, r.lead(), now); take != nil {
			sooner(max(due, r.retryAt))
		}
	}
	if take := r.state.unplanned(); take != nil && !r.isWithheld(take) {
		sooner(max(take.Timestamp, r.retryAt))
	}
	if take := r.state.activeTake(now); take != nil && r.state.stopOf(take.ID) != nil {
		sooner(max(r.state.stopOf(take.ID).Timestamp, r.retryAt)) // all may be uploaded then
	}
	if due, ok := holdDue(r.state); ok {
		sooner(max(due, r.retryAt))
	}
	if due, ok := transferDue(r.state, r.svc.cfg.LeaderGrace); ok {
		sooner(max(due, r.retryAt))
	}
	for _, due := range r.withheld {
		sooner(due)
	}
	if len(r.dropped)+len(r.mistaken)+len(r.dueDisowned()) > 0 || unseat(r.state, now) != nil {
		sooner(max(now, r.retryAt))
	}
	if r.leaderHere() {
		sooner(r.lastSync.add(syncEvery))
	}
	return max(next.sub(now), 0)
}

func (r *room) leaderHere() bool {
	for _, m := range r.members {
		if m.leads() {
			return true
		}
	}
	return false
}

func (r *room) dueSync(now instant) {
	if r.leaderHere() && now >= r.lastSync.add(syncEvery) {
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
