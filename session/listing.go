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
	summaries, err := s.summaries(ctx, page)
	if err != nil {
		return Listing{}, err
	}
	for _, at := range page {
		if summary, ok := summaries[at.id]; ok {
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

// summaries tells of some sessions, from their rooms where this instance has them; of those that have gone meanwhile nothing.
func (s *Service) summaries(ctx context.Context, page []place) (map[string]Summary, error) {
	found := map[string]Summary{}
	var filters []string
	for _, at := range page {
		if summary, ok := s.summaryHere(at.id); ok {
			found[at.id] = summary
		} else {
			filters = append(filters, rules.FilterOf(at.id))
		}
	}
	if len(filters) == 0 {
		return found, nil
	}
	entries, err := s.cfg.Store.List(ctx, filters...)
	if err != nil {
		return nil, unavailable("listing the sessions", err)
	}
	states := map[string]*rules.State{}
	for _, e := range entries {
		if _, k, _, _ := rules.ParseKey(e.Key); summarised[k] {
			s.collect(states, e)
		}
	}
	for id, st := range states {
		if st.Live() {
			found[id] = st.Summary(s.now())
		}
	}
	return found, nil
}

// summaryHere tells of a session that this instance follows.
func (s *Service) summaryHere(id string) (is Summary, ok bool) {
	s.mu.Lock()
	r := s.rooms[id]
	s.mu.Unlock()
	if r == nil || !r.isLoaded() {
		return Summary{}, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.state.Live() {
		return Summary{}, false
	}
	return r.state.Summary(s.now()), true
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
