package session

import (
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"
)

// Observer is told what happens, for counting it and for writing it down. Its methods may be
// called with locks held: they must return at once and must not call the service.
type Observer interface {
	// Acted is told of each act that a device of this instance reports: how far from the
	// command's instant, positive is late, and whether the command came too late.
	Acted(off time.Duration, late bool)
	// Missed is told of each command that a device of this instance didn't carry out, and why.
	Missed(reason string)
	// Happened is told of what this instance has stored, once each, and of how the commands
	// went that it issued.
	Happened(Happening)
}

// nobody observes nothing.
type nobody struct{}

func (nobody) Acted(time.Duration, bool) {}
func (nobody) Missed(string)             {}
func (nobody) Happened(Happening)        {}

// expect remembers the commands that are about to be stored, or forgets those that weren't:
// this instance is to tell their outcome. Called with r.mu held.
func (r *room) expect(all []Happening, stored bool) {
	for _, h := range all {
		switch {
		case h.Issues() && stored:
			r.issued[h.CommandID], r.authored[h.CommandID] = true, true
		case h.Issues():
			delete(r.issued, h.CommandID)
			delete(r.authored, h.CommandID)
		}
	}
}

// tellStored passes on what has been stored, the first of some changes, and forgets the others.
func (r *room) tellStored(all []Happening, stored int) {
	for _, h := range all[:stored] {
		if h.Kind != "" {
			r.svc.cfg.Observe.Happened(h)
		}
	}
	if stored < len(all) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.expect(all[stored:], false)
	}
}

// tellOutcome passes on how a command went that this instance issued, once. Called with r.mu held.
func (r *room) tellOutcome(c *rules.CommandRecord, rep Report) {
	if !r.issued[c.ID] {
		return
	}
	delete(r.issued, c.ID)
	r.svc.cfg.Observe.Happened(Happening{
		Kind: CommandIsReported, SessionID: r.id, UserID: c.By, CommandID: c.ID, Event: c.Event, Name: c.Name, Report: rules.OutcomeOf(r.state, rep),
	})
}
