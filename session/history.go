package session

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/downbeat-sync/downbeat/store"
)

// Commands that are over and no longer among the latest move from entries of
// their own into pages: one entry for several commands and what the devices
// reported about them. Pages lie outside of the session's own keys, so that
// neither watching a session nor scanning all of them reads any.
const (
	pageLen     = 32        // commands that move at a time
	maxPage     = 512 << 10 // bytes; a page with more has fewer commands
	keptHistory = 1000      // commands in pages that a session keeps at least
	keptPayload = 1 << 10   // bytes; a larger payload isn't kept in a page
)

// overdue returns the oldest commands but for the latest, which keep an entry of
// their own; nil while there are fewer of them than a page has.
func overdue(s *state, keep, pageLen int, now instant) (list []*command) {
	commands := s.commandsByTime()
	if len(commands) < keep+pageLen {
		return nil
	}
	for _, c := range commands[:len(commands)-keep] {
		if !c.Paged && c.Timestamp < now && len(list) < pageLen {
			list = append(list, c)
		}
	}
	return list
}

// newest returns the latest instant of a command in pages, which the latest of them ends with.
func newest(pages []store.Entry) instant {
	if len(pages) == 0 {
		return 0
	}
	at, _ := strconv.ParseUint(strings.Split(pages[0].Key, ".")[2], 16, 64)
	return instant(at)
}

// makePage returns a page of what is overdue, and its encoding; nil for none.
func (r *room) makePage() (p *page, value []byte, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.svc.now()
	if !r.state.live() || now < r.retryAt {
		return nil, nil, nil
	}
	commands := overdue(r.state, r.svc.keepCommands, r.svc.pageCommands, now)
	for len(commands) > 0 {
		p = newPage(r.state, commands)
		value, err = encode(p)
		if err != nil || len(value) <= maxPage || len(commands) == 1 {
			return p, value, err
		}
		commands = commands[:len(commands)/2]
	}
	return nil, nil, nil
}

// archive moves commands that are over into a page, as long as there are enough
// of them. Another instance may do the same at that moment: a command may be in two pages.
func (r *room) archive(ctx context.Context) error {
	p, value, err := r.makePage()
	if p == nil || err != nil {
		return err
	}
	if _, err = r.svc.cfg.Store.Put(ctx, p.key(r.id, value), value, 0); err != nil && !errors.Is(err, store.ErrConflict) {
		return unavailable("keeping the history", err)
	}
	if err := r.update(ctx, func(s *state, now instant) ([]change, error) { return prune(s, p, now), nil }); err != nil {
		return err
	}
	return r.svc.trimHistory(ctx, r.id)
}

// prune forgets commands that are in a page, acknowledgements first, unless something has
// been acknowledged since it was written. The start of the take that goes on is only
// marked, and forgotten later.
func prune(s *state, p *page, now instant) (changes []change) {
	paged := map[string]*past{}
	for i := range p.Commands {
		paged[p.Commands[i].ID] = &p.Commands[i]
	}
	active := s.activeTake(now)
	for _, c := range s.commandsByTime() {
		switch over := paged[c.ID]; {
		case c.Timestamp >= now, c == active && c.Paged:
			continue // an instance whose clock is behind must not forget a stop before its start
		case !c.Paged && (over == nil || !(pagedCommand{p, over}).has(s.acks[c.ID])):
			continue
		case c == active:
			marked := *c
			marked.Paged = true
			changes = append(changes, s.put(true, &marked, kindCommand, c.ID))
			continue
		}
		for deviceID := range s.acks[c.ID] {
			changes = append(changes, s.remove(kindAck, c.ID, deviceID))
		}
		changes = append(changes, s.remove(kindCommand, c.ID))
	}
	return changes
}

// pages returns the entries of a session's history, the latest first.
func (s *Service) pages(ctx context.Context, sessionID string) ([]store.Entry, error) {
	pages, err := s.cfg.Store.List(ctx, pagesOf(sessionID))
	if err != nil {
		return nil, unavailable("reading the history", err)
	}
	slices.SortFunc(pages, func(a, b store.Entry) int { return strings.Compare(b.Key, a.Key) })
	return pages, nil
}

// trimHistory removes the oldest pages beyond what is kept.
func (s *Service) trimHistory(ctx context.Context, sessionID string) error {
	pages, err := s.pages(ctx, sessionID)
	if err != nil {
		return err
	}
	kept := 0
	for _, e := range pages {
		if kept >= keptHistory {
			if _, err := s.delete(ctx, e.Key, e.Revision); err != nil {
				return unavailable("forgetting the oldest history", err)
			}
		}
		kept += lengthOf(e.Key)
	}
	return nil
}

// forgetHistory removes a session's pages.
func (s *Service) forgetHistory(ctx context.Context, sessionID string) error {
	pages, err := s.cfg.Store.List(ctx, pagesOf(sessionID))
	for _, e := range pages {
		if _, err := s.delete(ctx, e.Key, e.Revision); err != nil {
			return err
		}
	}
	return err
}

// sweepHistory removes pages whose session is gone: of one that was removed at
// the moment at which a page was written.
func (s *Service) sweepHistory(ctx context.Context, states map[string]*state) error {
	pages, err := s.cfg.Store.List(ctx, allPages)
	for _, e := range pages {
		sessionID := strings.Split(e.Key, ".")[1]
		if states[sessionID] != nil {
			continue
		}
		_, missing := s.cfg.Store.Get(ctx, keyOf(sessionID, kindMeta))
		if !errors.Is(missing, store.ErrNotFound) {
			continue
		}
		if _, err := s.delete(ctx, e.Key, e.Revision); err != nil {
			return err
		}
	}
	return err
}
