package session

import (
	"context"
	"strconv"
	"strings"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/wire"
)

// Pages of the list of sessions.
const (
	DefaultPage = 100  // sessions of a page whose length isn't said
	MaxPage     = 1000 // sessions of a page at most
)

// ListRequest says which of the sessions are listed.
type ListRequest struct {
	Limit  int    // sessions at most, 1 to MaxPage; 0: DefaultPage
	Cursor string // Listing.Next of the page before; empty: the first page
	Newest bool   // the session that was created last comes first, not the oldest
}

// Listing is a page of the list of sessions.
type Listing struct {
	Sessions []Summary
	Total    int    // sessions on all pages
	Next     string // the cursor of the next page; empty on the last one
}

// List returns a page of the sessions, in the order of their creation.
func (s *Service) List(ctx context.Context, q ListRequest) (Listing, error) {
	after, err := parseCursor(q.Cursor)
	if err != nil {
		return Listing{}, err
	}
	if err := s.indexed(ctx); err != nil {
		return Listing{}, err
	}
	limit := q.Limit
	if limit == 0 {
		limit = DefaultPage
	}
	page, more, all := s.index.page(after, min(limit, MaxPage), q.Newest)
	list := Listing{Sessions: make([]Summary, 0, len(page)), Total: all}
	for _, at := range page {
		summary, ok, err := s.summary(ctx, at.id)
		if err != nil {
			return Listing{}, err
		}
		if ok {
			list.Sessions = append(list.Sessions, summary)
		}
	}
	if more {
		list.Next = page[len(page)-1].cursor()
	}
	return list, nil
}

// indexed waits until it is known which sessions there are.
func (s *Service) indexed(ctx context.Context) error {
	select {
	case <-s.index.loaded:
		return nil
	case <-ctx.Done():
		return unavailable("listing the sessions", ctx.Err())
	}
}

// summary tells of a session, from its room where this instance has one; ok is false for one that has
// gone meanwhile.
func (s *Service) summary(ctx context.Context, id string) (is Summary, ok bool, err error) {
	s.mu.Lock()
	r := s.rooms[id]
	s.mu.Unlock()
	if r != nil {
		select {
		case <-r.loaded:
			r.mu.Lock()
			defer r.mu.Unlock()
			if r.state.Live() {
				return r.state.Summary(s.now()), true, nil
			}
		default:
		}
	}
	entries, err := s.cfg.Store.List(ctx, rules.FilterOf(id))
	if err != nil {
		return Summary{}, false, unavailable("listing the sessions", err)
	}
	states := map[string]*rules.State{}
	for _, e := range entries {
		if _, k, _, _ := rules.ParseKey(e.Key); summarised[k] {
			s.collect(states, e)
		}
	}
	st := states[id]
	if st == nil || !st.Live() {
		return Summary{}, false, nil
	}
	return st.Summary(s.now()), true, nil
}

// summarised are the kinds of entries that a Summary is made of.
var summarised = map[rules.Kind]bool{rules.KindMeta: true, rules.KindUser: true, rules.KindPlayback: true, rules.KindCommand: true, rules.KindRecording: true, rules.KindCompleted: true}

// cursor returns the place as a client gets it.
func (p place) cursor() string { return strconv.FormatInt(int64(p.created), 36) + "." + p.id }

func parseCursor(cursor string) (*place, error) {
	if cursor == "" {
		return nil, nil
	}
	created, id, ok := strings.Cut(cursor, ".")
	at, err := strconv.ParseInt(created, 36, 64)
	if !ok || err != nil || !ValidSessionID(id) {
		return nil, rules.Fault(wire.CodeBadField, "cursor must be nextCursor of the page before")
	}
	return &place{rules.Instant(at), id}, nil
}
