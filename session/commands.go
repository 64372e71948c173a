package session

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/wire"
)

// Issued is a command of a session, pending, past or cancelled.
type Issued struct {
	CommandID    string            `json:"commandId"`
	Event        string            `json:"event"`                  // command, start_recording, stop_recording or playback_sync
	Name         string            `json:"name,omitempty"`         // of a command
	Payload      json.RawMessage   `json:"payload,omitempty"`      // of a command
	MaxLateMs    *float64          `json:"maxLateMs,omitempty"`    // of a command
	TakeID       string            `json:"takeId,omitempty"`       // of a stop_recording
	PostureLabel string            `json:"postureLabel,omitempty"` // of a start_recording
	Duration     *float64          `json:"duration,omitempty"`     // ms, of a start_recording; 0 = until stopped
	IsPlaying    *bool             `json:"isPlaying,omitempty"`    // of a playback_sync, as the next two
	Position     *float64          `json:"position,omitempty"`     // s
	PlaybackRate *float64          `json:"playbackRate,omitempty"`
	IssuedAt     clock.SessionTime `json:"issuedAt"`
	Timestamp    clock.SessionTime `json:"timestamp"`
	Cancelled    bool              `json:"cancelled"`
	Reason       string            `json:"reason,omitempty"` // of the cancellation
	Report       *Report           `json:"report"`           // nil before anybody said anything
}

// maxRows bounds an answer: the devices in all of its reports together.
const maxRows = 20_000

// MaxListed is how many commands one call of [Service.Commands] returns at most.
const MaxListed = 1000

// Commands returns a session's commands, the one with the latest instant first:
// at most limit of them, from 1 to MaxListed, and those alone that come after
// the command called before in this order, where that isn't empty. more tells
// that there are older ones: where there are many devices fewer are returned.
func (s *Service) Commands(ctx context.Context, sessionID string, limit int, before string) (list []Issued, more bool, err error) {
	err = s.visit(ctx, sessionID, func(r *room) error {
		list, more, err = r.commands(ctx, limit, before)
		return err
	})
	return list, more, err
}

func (r *room) commands(ctx context.Context, limit int, before string) ([]Issued, bool, error) {
	all, created := r.liveCommands()
	pages, err := r.svc.pages(ctx, r.id)
	if err != nil {
		return nil, false, err
	}
	list, more, found := choose(all, limit, before)
	if !more || list[len(list)-1].Timestamp <= newest(pages).time() { // the live ones aren't enough
		if all, err = withPages(all, pages, created); err != nil {
			return nil, false, err
		}
		list, more, found = choose(all, limit, before)
	}
	if !found {
		return nil, false, fault(wire.CodeUnknownCommand, "there is no command %s", before)
	}
	return withReports(list), more, nil
}

// kept is a command that a session knows, wherever it is kept.
type kept struct {
	Issued              // without the report of one in a page
	paged  pagedCommand // if it is in a page
}

// devices returns how many devices the command's report has.
func (k *kept) devices() int {
	switch {
	case k.paged.past != nil:
		return k.paged.Count
	case k.Report != nil:
		return len(k.Report.Devices)
	}
	return 0
}

// withReports adds the reports of the commands in pages.
func withReports(list []kept) []Issued {
	issued := make([]Issued, len(list))
	for i, k := range list {
		issued[i] = k.Issued
		if k.paged.past == nil {
			continue
		}
		if rep, said := k.paged.report(); said > 0 {
			issued[i].Report = &rep
		}
	}
	return issued
}

// liveCommands returns the commands that have entries of their own, the latest
// first, and when the session was created.
func (r *room) liveCommands() (list []kept, created instant) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range slices.Backward(r.state.commandsByTime()) {
		k := kept{Issued: c.issued()}
		if len(r.state.acks[c.ID]) > 0 {
			rep := report(r.state, c)
			k.Report = &rep
		}
		list = append(list, k)
	}
	if r.state.meta != nil {
		created = r.state.meta.CreatedAt
	}
	return list, created
}

// withPages adds what is in pages, but for what an earlier session of that id had. It may
// be out of turn: a stop that nobody was there to issue in time.
func withPages(list []kept, pages []store.Entry, created instant) ([]kept, error) {
	known := map[string]bool{}
	for _, k := range list {
		known[k.CommandID] = true
	}
	all, err := openPages(pages)
	if err != nil {
		return nil, err
	}
	for id, c := range all {
		if !known[id] && c.IssuedAt >= created {
			list = append(list, kept{c.command.issued(), c})
		}
	}
	slices.SortFunc(list, func(a, b kept) int {
		return cmp.Or(cmp.Compare(b.Timestamp, a.Timestamp), strings.Compare(b.CommandID, a.CommandID))
	})
	return list, nil
}

// openPages returns the commands of pages. Of one that is in several of them the page
// counts in which the devices have said most.
func openPages(pages []store.Entry) (map[string]pagedCommand, error) {
	all := map[string]pagedCommand{}
	for _, e := range pages {
		p, err := decode[page](entry(e))
		if err != nil {
			return nil, unavailable("reading the history", err)
		}
		for i := range p.Commands {
			c := pagedCommand{p, &p.Commands[i]}
			if other, twice := all[c.ID]; !twice || other.weight() < c.weight() {
				all[c.ID] = c
			}
		}
	}
	return all, nil
}

// choose returns the commands after one of them, as many as there is place for,
// and whether there are more. found is false when that one isn't there.
func choose(all []kept, limit int, before string) (list []kept, more, found bool) {
	if before != "" {
		i := slices.IndexFunc(all, func(k kept) bool { return k.CommandID == before })
		if i < 0 {
			return nil, false, false
		}
		all = all[i+1:]
	}
	rows := 0
	for i := range all {
		rows += all[i].devices()
		if i == limit || rows > maxRows && i > 0 {
			return all[:i], true, true
		}
	}
	return all, false, true
}

func (c *command) issued() Issued {
	i := Issued{
		CommandID: c.ID, Event: c.Event, Name: c.Name, Payload: c.Payload, TakeID: c.Take, PostureLabel: c.Label,
		IssuedAt: c.IssuedAt.time(), Timestamp: c.Timestamp.time(), Cancelled: c.Cancelled, Reason: c.Reason,
	}
	if c.Event == wire.Command {
		late, _ := c.maxLate()
		i.MaxLateMs = new(millis(late))
	}
	if c.Event == wire.StartRecording {
		duration := millis(c.Duration)
		i.Duration = &duration
	}
	if p := c.Play; p != nil {
		i.IsPlaying, i.Position, i.PlaybackRate = &p.IsPlaying, &p.Position, &p.Rate
	}
	return i
}

// Report returns what the devices have said about a command so far.
func (s *Service) Report(ctx context.Context, sessionID, commandID string) (rep Report, err error) {
	err = s.visit(ctx, sessionID, func(r *room) error {
		rep, err = r.reportOf(ctx, commandID)
		return err
	})
	return rep, err
}

func (r *room) reportOf(ctx context.Context, commandID string) (Report, error) {
	r.mu.Lock()
	c := r.state.commands[commandID]
	if c != nil && !c.Paged {
		defer r.mu.Unlock()
		return report(r.state, c), nil
	}
	r.mu.Unlock()
	pages, err := r.svc.pages(ctx, r.id)
	if err != nil {
		return Report{}, err
	}
	pages = slices.DeleteFunc(pages, func(e store.Entry) bool { return !bytes.Contains(e.Value, []byte(commandID)) })
	all, err := openPages(pages)
	if err != nil {
		return Report{}, err
	}
	over, ok := all[commandID]
	if !ok {
		return Report{}, fault(wire.CodeUnknownCommand, "there is no command %s", commandID)
	}
	rep, _ := over.report()
	return rep, nil
}
