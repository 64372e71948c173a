package session

import (
	"context"
	"errors"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/wire"
)

// settleFor is how long a command is withheld whose entry came after its instant: whoever
// issued it calls it off meanwhile, and plans it anew.
const settleFor = time.Second

// A command whose instant passes before the store has it is planned so often, and for so long.
const (
	maxPlans = 4
	planFor  = 10 * time.Second
)

// maxDisowned bounds the commands that a room remembers to have been refused.
const maxDisowned = 1000

// arrived looks at when an entry came, and reports whether the members are to be told of
// it. Called with room.mu held.
//
// A command whose instant has passed by then is withheld: its issuer was refused, or plans
// it anew, or else this instance was cut off. A stop is told at once, and so is a change of
// playback that others issued: whoever hears of it joins the timeline where it is.
func (r *room) arrived(d rules.Diff, now rules.Instant) (tell bool) {
	if p, _ := d.After.(*rules.Playback); p != nil && p.Since <= now {
		r.lateFor(p.CommandID)
	}
	c, _ := d.After.(*rules.CommandRecord)
	switch {
	case c == nil:
		return true
	case c.Cancelled:
		return r.heardOf(c.ID)
	case d.Before != nil || !r.isLoaded():
		return true
	case c.Event == wire.StopRecording:
		r.tellWithheld(c.Take)
		return true
	case c.Timestamp > now && !r.disowned[c.ID]:
		return true
	}
	if c.Timestamp <= now {
		r.lateFor(c.ID)
	}
	if c.Event != wire.PlaybackSync { // that is told by the timeline
		r.withheld[c.ID] = now.Add(settleFor)
	}
	return false
}

// heardOf reports whether the members have heard of a command, which is cancelled now.
func (r *room) heardOf(id string) bool {
	_, withheld := r.withheld[id]
	disowned := r.disowned[id]
	delete(r.withheld, id)
	delete(r.disowned, id)
	return !withheld && !disowned
}

// lateFor notes that a command which is being issued here was seen too late: it will be
// called off.
func (r *room) lateFor(id string) {
	if _, here := r.issuing[id]; here {
		r.issuing[id], r.disowned[id] = true, true
	}
}

// refused reports whether a notice asks to act on a command whose issuer was, or will be,
// told that it failed.
func (r *room) refused(n rules.Notice) bool {
	p, is := n.Data.(PlaybackSync)
	return is && r.disowned[p.CommandID]
}

func (r *room) isLoaded() bool {
	select {
	case <-r.loaded:
		return true
	default:
		return false
	}
}

// withheldDue returns when the first of what is withheld is to be told.
func (r *room) withheldDue() (first rules.Instant, ok bool) {
	for _, due := range r.withheld {
		if !ok || due < first {
			first, ok = due, true
		}
	}
	return first, ok
}

// dueWithheld tells of what was withheld and hasn't been called off: devices see how late it is.
func (r *room) dueWithheld(now rules.Instant) {
	for id, due := range r.withheld {
		if due <= now {
			r.tellWithheld(id)
		}
	}
}

// tellWithheld tells of a command if it is withheld, unless it was refused.
func (r *room) tellWithheld(id string) {
	c := r.state.Commands[id]
	_, is := r.withheld[id]
	delete(r.withheld, id)
	if !is || c == nil || c.Cancelled || r.disowned[id] {
		return
	}
	for _, n := range rules.Announce(c) {
		r.tell(n)
	}
}

// disown makes sure that a command doesn't act whose issuer is told that it failed: where
// that is the store's fault, its entry may still come.
func (r *room) disown(id string, why error) {
	var e *Error
	if errors.As(why, &e) && e.Code != wire.CodeUnavailable && e.Code != wire.CodeBusy {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.disowned) >= maxDisowned {
		clear(r.disowned)
	}
	r.disowned[id] = true
	r.hurry()
}

// dueDisowned returns the changes that call off what was refused and has come all the same.
func (r *room) dueDisowned() (steps []transition) {
	for id := range r.disowned {
		if c := r.state.Commands[id]; c != nil && !c.Cancelled {
			steps = append(steps, func(s *rules.State, _ rules.Instant) ([]rules.Change, error) { return rules.CallOff(s, id), nil })
		}
	}
	return steps
}

// issue issues a command by the transition that plan makes for an id, with extra to be added
// to its lead. A command is only issued if its instant lay ahead when its entry came back
// from the store; else it is called off and planned anew, before its devices are told.
func (r *room) issue(ctx context.Context, plan func(id string, extra time.Duration) transition) (Scheduled, error) {
	extra, first := time.Duration(0), r.svc.now()
	for n := range maxPlans {
		id, began := r.svc.cfg.NewID(), r.svc.now()
		if began.Sub(first) > planFor {
			break
		}
		late, err := r.issueOnce(ctx, id, plan(id, extra))
		if err == nil && !late {
			return r.scheduled(id)
		}
		if err == nil {
			err = r.update(ctx, func(s *rules.State, _ rules.Instant) ([]rules.Change, error) { return rules.CallOff(s, id), nil })
		}
		if err != nil {
			r.disown(id, err)
			return Scheduled{}, err
		}
		if n > 0 { // once the store may have been stopped, twice it is slow
			extra = min(r.svc.now().Sub(began), r.svc.cfg.MaxLead)
		}
	}
	return Scheduled{}, &Error{Code: wire.CodeUnavailable, Message: rules.TooSlow, Retry: true}
}

// issueOnce writes a command; late tells that it was seen only after its instant.
func (r *room) issueOnce(ctx context.Context, id string, step transition) (late bool, err error) {
	r.mu.Lock()
	r.issuing[id] = false
	r.mu.Unlock()
	err = r.update(ctx, step)
	r.mu.Lock()
	defer r.mu.Unlock()
	late = r.issuing[id]
	delete(r.issuing, id)
	return late, err
}
