package session

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/wire"
)

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
	list, more, found := rules.Choose(all, limit, before)
	if !more || list[len(list)-1].Timestamp <= newest(pages).Time() { // the live ones aren't enough
		if all, err = withPages(all, pages, created); err != nil {
			return nil, false, err
		}
		list, more, found = rules.Choose(all, limit, before)
	}
	if !found {
		return nil, false, rules.Fault(wire.CodeUnknownCommand, "there is no command %s", before)
	}
	return rules.WithReports(list), more, nil
}

// liveCommands returns the commands that have entries of their own, the latest
// first, and when the session was created.
func (r *room) liveCommands() (list []rules.Kept, created rules.Instant) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range slices.Backward(r.state.CommandsByTime()) {
		k := rules.Kept{Issued: c.Issued()}
		if len(r.state.Acks[c.ID]) > 0 {
			rep := rules.ReportOn(r.state, c)
			k.Report = &rep
		}
		list = append(list, k)
	}
	if r.state.Meta != nil {
		created = r.state.Meta.CreatedAt
	}
	return list, created
}

// withPages adds what is in pages, but for what an earlier session of that id had. It may
// be out of turn: a stop that nobody was there to issue in time.
func withPages(list []rules.Kept, pages []store.Entry, created rules.Instant) ([]rules.Kept, error) {
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
			list = append(list, rules.Kept{Issued: c.CommandRecord.Issued(), Paged: c})
		}
	}
	slices.SortFunc(list, func(a, b rules.Kept) int {
		return cmp.Or(cmp.Compare(b.Timestamp, a.Timestamp), strings.Compare(b.CommandID, a.CommandID))
	})
	return list, nil
}

// openPages returns the commands of pages. Of one that is in several of them the page
// counts in which the devices have said most.
func openPages(pages []store.Entry) (map[string]rules.PagedCommand, error) {
	all := map[string]rules.PagedCommand{}
	for _, e := range pages {
		p, err := rules.Decode[rules.Page](rules.Entry(e))
		if err != nil {
			return nil, unavailable("reading the history", err)
		}
		for i := range p.Commands {
			c := rules.PagedCommand{Page: p, Past: &p.Commands[i]}
			if other, twice := all[c.ID]; !twice || other.Weight() < c.Weight() {
				all[c.ID] = c
			}
		}
	}
	return all, nil
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
	c := r.state.Commands[commandID]
	if c != nil && !c.Paged {
		defer r.mu.Unlock()
		return rules.ReportOn(r.state, c), nil
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
		return Report{}, rules.Fault(wire.CodeUnknownCommand, "there is no command %s", commandID)
	}
	rep, _ := over.Report()
	return rep, nil
}
