package session

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/store"
)

// newest returns the latest instant of a command in pages, which the latest of them ends with.
func newest(pages []store.Entry) rules.Instant {
	if len(pages) == 0 {
		return 0
	}
	at, _ := strconv.ParseUint(strings.Split(pages[0].Key, ".")[2], 16, 64)
	return rules.Instant(at)
}

// makePage returns a page of what is overdue, and its encoding; nil for none.
func (r *room) makePage() (p *rules.Page, value []byte, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.svc.now()
	if !r.state.Live() || now < r.retryAt {
		return nil, nil, nil
	}
	commands := rules.Overdue(r.state, r.svc.keepCommands, r.svc.pageCommands, now)
	for len(commands) > 0 {
		p = rules.NewPage(r.state, commands)
		value, err = rules.Encode(p)
		if err != nil || len(value) <= rules.MaxPage || len(commands) == 1 {
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
	if _, err = r.svc.cfg.Store.Put(ctx, p.Key(r.id, value), value, 0); err != nil && !errors.Is(err, store.ErrConflict) {
		return unavailable("keeping the history", err)
	}
	if err := r.update(ctx, func(s *rules.State, now rules.Instant) ([]rules.Change, error) { return rules.Prune(s, p, now), nil }); err != nil {
		return err
	}
	return r.svc.trimHistory(ctx, r.id)
}

// pages returns the entries of a session's history, the latest first.
func (s *Service) pages(ctx context.Context, sessionID string) ([]store.Entry, error) {
	pages, err := s.cfg.Store.List(ctx, rules.PagesOf(sessionID))
	if err != nil {
		return nil, unavailable("reading the history", err)
	}
	slices.SortFunc(pages, func(a, b store.Entry) int { return strings.Compare(b.Key, a.Key) })
	return pages, nil
}

// trimHistory removes the oldest pages beyond what is kept.
func (s *Service) trimHistory(ctx context.Context, sessionID string) error {
	pages, err := s.cfg.Store.Keys(ctx, rules.PagesOf(sessionID))
	if err != nil {
		return unavailable("reading the history", err)
	}
	slices.SortFunc(pages, func(a, b store.Entry) int { return strings.Compare(b.Key, a.Key) })
	kept := 0
	for _, e := range pages {
		if kept >= rules.KeptHistory {
			if _, err := s.delete(ctx, e.Key, e.Revision); err != nil {
				return unavailable("forgetting the oldest history", err)
			}
		}
		kept += rules.LengthOf(e.Key)
	}
	return nil
}

// forgetHistory removes a session's pages.
func (s *Service) forgetHistory(ctx context.Context, sessionID string) error {
	pages, err := s.cfg.Store.Keys(ctx, rules.PagesOf(sessionID))
	for _, e := range pages {
		if _, err := s.delete(ctx, e.Key, e.Revision); err != nil {
			return err
		}
	}
	return err
}

// sweepHistory removes pages whose session is gone: of one that was removed at
// the moment at which a page was written.
func (s *Service) sweepHistory(ctx context.Context) error {
	pages, err := s.cfg.Store.Keys(ctx, rules.AllPages)
	for _, e := range pages {
		sessionID := strings.Split(e.Key, ".")[1]
		if s.index.has(sessionID) {
			continue
		}
		_, missing := s.cfg.Store.Get(ctx, rules.KeyOf(sessionID, rules.KindMeta))
		if !errors.Is(missing, store.ErrNotFound) {
			continue
		}
		if _, err := s.delete(ctx, e.Key, e.Revision); err != nil {
			return err
		}
	}
	return err
}
