package session

import (
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"
	"github.com/downbeat-sync/downbeat/wire"
)

// A room of crowd members and more tells who comes and goes a little later: up to heldMost of
// such notices together, none later than heldFor. When a thousand devices join at once, each of
// them is told of each other, and a write costs more than what is in it.
const (
	crowd    = 50
	heldMost = 64
	heldFor  = 250 * time.Millisecond
)

// held is a notice that the members who were there before it haven't been told yet.
type held struct {
	notice rules.Notice
	after  uint64 // members attached until then know it from the session that they were answered
}

// announce tells what a change means, or holds it back for a moment. Called with r.mu held.
func (r *room) announce(n rules.Notice) {
	if len(r.members) < crowd || n.Each != nil || !comesOrGoes(n.Name) {
		r.tell(n)
		return
	}
	r.held = append(r.held, held{n, r.attached})
	switch len(r.held) {
	case 1:
		time.AfterFunc(heldFor, func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.tellHeld()
		})
	case heldMost:
		r.tellHeld()
	}
}

// comesOrGoes reports whether an event only says that somebody has come or gone.
func comesOrGoes(event string) bool {
	switch event {
	case wire.UserJoined, wire.UserLeft, wire.DeviceJoined, wire.DeviceDisconnected, wire.DeviceRemoved:
		return true
	}
	return false
}

// tellHeld tells what was held back. Called with r.mu held, and before anything else is told, so that
// everybody hears everything in its order.
func (r *room) tellHeld() {
	all := r.held
	r.held = nil
	if len(all) == 0 {
		return
	}
	events := make([]Event, len(all))
	for i, h := range all {
		events[i] = Event{Name: h.notice.Name, Data: h.notice.Data, shared: &sharedEncoding{}}
	}
	for m := range r.listeners {
		for i, h := range all {
			if m.since <= h.after {
				m.deliver(events[i])
			}
		}
	}
}
