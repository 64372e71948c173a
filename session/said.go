package session

import (
	"context"
	"encoding/json"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"
)

const (
	sayWithin      = 20 * time.Millisecond // in which other instances are told what a device here says
	lateWithin     = time.Second           // in which what comes after the report was due is stored
	farAhead       = 10 * time.Second      // a command that is further ahead isn't waited for
	farWithin      = 5 * time.Second       // what is said of such a one is stored after so long
	saveLastWithin = 2 * time.Second       // when the service ends
	saidSubject    = "said."               // and the session
	othersWait     = time.Second           // so much later those store who didn't issue the command
)

// Messages carries messages between the instances on a store. What isn't heard is lost. Its methods return at once.
type Messages interface {
	// Publish says something to all who Listen under a name, this instance included.
	Publish(name string, message []byte) error
	// Listen has heard called, from another goroutine, until stop is called.
	Listen(name string, heard func(message []byte)) (stop func(), err error)
}

// said is what devices have said that isn't stored yet, and what other instances are to be told of it. It is guarded
// by room.mu.
type said struct {
	unsaved map[string]*unsaved // by command; the room stays as long as there are any
	deafen  func()              // nil while other instances aren't listened to
	out     saying
	outAt   rules.Instant // when that is to be told; 0: there is nothing
}

// unsaved is what the report of a command lacks.
type unsaved struct {
	since   rules.Instant
	devices map[string]bool // for whose words this instance answers
}

// saying is what an instance tells the others about a session.
type saying struct {
	Instance string                   `json:"instance"`
	Acks     []saidOf                 `json:"acks,omitempty"`
	Seen     map[string]rules.Instant `json:"seen,omitempty"` // users
}

type saidOf struct {
	CommandID string     `json:"commandId"`
	DeviceID  string     `json:"deviceId"`
	Ack       *rules.Ack `json:"ack"`
}

// word is what the rules make of what a device says; nil for nothing new.
type word func(s *rules.State, now rules.Instant) (*rules.Ack, error)

// say takes in what the member's device says of a command; news tells whether it was new.
func (m *Member) say(commandID string, w word) (news bool, err error) {
	if err := m.begin(); err != nil {
		return false, err
	}
	defer m.svc.exit(m.room)
	err = m.room.keep(func() (stays bool, err error) {
		now := m.svc.now()
		a, err := w(m.room.state, now)
		if news = a != nil && err == nil; news {
			stays = m.room.heard(commandID, m.deviceID, a, now)
			m.room.tellOthers(now).Acks = append(m.room.said.out.Acks, saidOf{commandID, m.deviceID, a})
		}
		return stays, err
	})
	return news, err
}

// keep does something with room.mu held, of a room that stays open for as long as do says so, which is until saved
// says that nothing is unsaved. A room that is closed already does nothing.
func (r *room) keep(do func() (stays bool, err error)) error {
	if !r.svc.hold(r) {
		return nil
	}
	r.mu.Lock()
	stays, err := do()
	r.mu.Unlock()
	if !stays {
		r.svc.exit(r)
	}
	return err
}

// heard takes in what a device has said, for which this instance answers; first tells that nothing else was unsaved.
func (r *room) heard(commandID, deviceID string, a *rules.Ack, now rules.Instant) (first bool) {
	r.state.Hear(commandID, deviceID, a, false)
	if r.said.unsaved == nil {
		r.said.unsaved = map[string]*unsaved{}
	}
	u := r.said.unsaved[commandID]
	if u == nil {
		first = len(r.said.unsaved) == 0
		u = &unsaved{now, map[string]bool{}}
		r.said.unsaved[commandID] = u
	}
	u.devices[deviceID] = true
	r.acknowledged(commandID)
	r.hurry()
	return first
}

// saved looks at what a command's report lacks now, and lets go of the room when nothing is lacking any more. Called
// with room.mu held.
func (r *room) saved(commandID string) {
	u := r.said.unsaved[commandID]
	if u == nil {
		return
	}
	if r.state.Commands[commandID] != nil {
		u.devices, u.since = r.state.Unsaved(commandID, u.devices), r.svc.now()
	}
	if len(u.devices) > 0 && r.state.Commands[commandID] != nil {
		return
	}
	if delete(r.said.unsaved, commandID); len(r.said.unsaved) == 0 {
		r.svc.wg.Go(func() { r.svc.exit(r) })
	}
}

// saveAt returns when what was said of a command is to be stored: once, as a rule, when it is all there, or when its
// report is due. The instances that didn't issue it wait for the one that did.
func (r *room) saveAt(commandID string, u *unsaved) rules.Instant {
	c := r.state.Commands[commandID]
	if c == nil {
		return u.since
	}
	wait := othersWait
	if r.authored[commandID] {
		if !c.Cancelled && rules.Complete(r.state, c) {
			return u.since
		}
		wait = 0
	}
	switch due := rules.ReportDue(c, r.svc.cfg.ReportWait); {
	case u.since >= due:
		return u.since.Add(lateWithin + wait)
	case due > u.since.Add(farAhead):
		return u.since.Add(farWithin + wait)
	default:
		return due.Add(wait)
	}
}

// saveDue returns when something is to be stored next.
func (r *room) saveDue() (first rules.Instant, ok bool) {
	for id, u := range r.said.unsaved {
		if at := r.saveAt(id, u); !ok || at < first {
			first, ok = at, true
		}
	}
	return first, ok
}

// dueSaves returns the changes that store what is to be stored by now.
func (r *room) dueSaves(now rules.Instant) (steps []transition) {
	for id, u := range r.said.unsaved {
		if r.saveAt(id, u) > now {
			continue
		}
		if len(rules.Save(r.state, id)) == 0 { // another instance has
			r.saved(id)
			continue
		}
		steps = append(steps, sure(func(s *rules.State, _ rules.Instant) []rules.Change { return rules.Save(s, id) }))
	}
	return steps
}

// saveLast stores what isn't, when the service ends.
func (r *room) saveLast(ctx context.Context) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), saveLastWithin)
	defer stop()
	r.mu.Lock()
	var changes []rules.Change
	for id := range r.said.unsaved {
		changes = append(changes, rules.Save(r.state, id)...)
	}
	r.mu.Unlock()
	for _, c := range changes { // each for itself: a conflict means that another instance knows it too
		_, _ = r.writeOne(ctx, c)
	}
}

// tellOthers returns what the other instances are to be told soon.
func (r *room) tellOthers(now rules.Instant) *saying {
	if r.said.outAt == 0 && r.said.deafen != nil {
		r.said.outAt = now.Add(sayWithin)
		r.hurry()
	}
	return &r.said.out
}

func (r *room) sayingDue() (at rules.Instant, ok bool) { return r.said.outAt, r.said.outAt != 0 }

// dueSaying tells other instances what devices here have said; what is lost is in the command's report later.
func (r *room) dueSaying(now rules.Instant) {
	if r.said.outAt > now || r.said.outAt == 0 {
		return
	}
	out := r.said.out
	r.said.out, r.said.outAt = saying{}, 0
	out.Instance = r.svc.cfg.Instance
	if b, err := json.Marshal(out); err == nil {
		_ = r.svc.cfg.Messages.Publish(saidSubject+r.id, b)
	}
}

// listen hears what other instances say about the session, as soon as they have devices of it.
func (r *room) listen() {
	messages := r.svc.cfg.Messages
	if messages == nil || r.said.deafen != nil || !r.state.ConnectedElsewhere(r.svc.cfg.Instance) {
		return
	}
	stop, err := messages.Listen(saidSubject+r.id, r.hear)
	if err != nil {
		r.svc.cfg.Log.Warn("instances_unheard", "session", r.id, "err", err)
		return
	}
	r.said.deafen = stop
}

// deafen ends listening.
func (r *room) deafen() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.said.deafen != nil {
		r.said.deafen()
	}
}

// hear takes in what another instance says. Of commands that aren't known here yet that one keeps it.
func (r *room) hear(message []byte) {
	var m saying
	if json.Unmarshal(message, &m) != nil || m.Instance == r.svc.cfg.Instance {
		return
	}
	_ = r.keep(func() (stays bool, err error) {
		now := r.svc.now()
		for _, a := range m.Acks {
			switch {
			case a.Ack == nil || r.state.Commands[a.CommandID] == nil || r.state.Owners[a.DeviceID] == "":
			case r.authored[a.CommandID]:
				stays = r.heard(a.CommandID, a.DeviceID, a.Ack, now) || stays
			case r.state.Hear(a.CommandID, a.DeviceID, a.Ack, false):
				r.acknowledged(a.CommandID)
			}
		}
		for userID, at := range m.Seen {
			r.state.Seen(userID, min(at, now))
		}
		return stays, nil
	})
}
