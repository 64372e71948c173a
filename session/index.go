package session

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/store"
)

// index is which sessions there are, in the order of their creation, as far as the store has
// told: so that a page of them, or their number, doesn't take a look at them all.
type index struct {
	loaded chan struct{} // closed once what the store had at first is in it

	mu    sync.Mutex
	metas map[string]indexed // by session
	gone  map[string]uint64  // revisions of deletions that the index's own watch is yet to tell
	order []place            // of the sessions that haven't ended
}

// indexed is what the index knows of a session.
type indexed struct {
	place
	revision uint64
	active   rules.Instant // when somebody was heard last, roughly
	live     bool
}

// place is where a session is in the order.
type place struct {
	created rules.Instant
	id      string
}

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.created, q.created), cmp.Compare(p.id, q.id))
}

func newIndex() *index {
	return &index{loaded: make(chan struct{}), metas: map[string]indexed{}, gone: map[string]uint64{}}
}

// follow keeps the index until ctx ends.
func (x *index) follow(ctx context.Context, s *Service) {
	loaded := sync.OnceFunc(func() { close(x.loaded) })
	for ctx.Err() == nil {
		err := s.cfg.Store.Watch(ctx, rules.Metas, func(e store.Entry) { x.apply(e, true) }, loaded)
		if ctx.Err() != nil {
			return
		}
		s.cfg.Log.Warn("store_watch_failed", "filter", rules.Metas, "err", err)
		x.reset()
		select {
		case <-ctx.Done():
		case <-time.After(retryAfter):
		}
	}
}

func (x *index) reset() {
	x.mu.Lock()
	defer x.mu.Unlock()
	clear(x.metas)
	clear(x.gone)
	x.order = nil
}

// apply takes an entry in that is what a session is as a whole. A room that has seen it tells of it
// too, which may be earlier: whoever was answered finds in the index what it did.
func (x *index) apply(e store.Entry, watched bool) {
	id, _, _, err := rules.ParseKey(e.Key)
	if err != nil {
		return
	}
	m, err := rules.Decode[rules.Meta](rules.Entry(e))
	if err != nil {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	was, known := x.metas[id]
	if e.Revision < max(was.revision, x.gone[id]) {
		return
	}
	if watched {
		delete(x.gone, id)
	}
	if known && was.live && (m == nil || m.Ended != 0 || m.CreatedAt != was.created) {
		if i, found := slices.BinarySearchFunc(x.order, was.place, place.compare); found {
			x.order = slices.Delete(x.order, i, i+1)
		}
	}
	if m == nil {
		delete(x.metas, id)
		if !watched {
			x.gone[id] = e.Revision
		}
		return
	}
	is := indexed{place{m.CreatedAt, id}, e.Revision, m.Active, m.Ended == 0}
	if known {
		is.id = was.id // of one string there need be one
	}
	x.metas[is.id] = is
	if is.live && !(known && was.live && was.created == is.created) {
		i, _ := slices.BinarySearchFunc(x.order, is.place, place.compare)
		x.order = slices.Insert(x.order, i, is.place)
	}
}

// count returns how many sessions the store has, those that are just being removed too.
func (x *index) count() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.metas)
}

// has reports whether the store is known to have a session.
func (x *index) has(id string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	_, has := x.metas[id]
	return has
}

// stale returns the sessions of which nothing is known to have been heard since an instant, and those that have ended.
func (x *index) stale(since rules.Instant) (ids []string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for id, is := range x.metas {
		if !is.live || max(is.created, is.active) < since {
			ids = append(ids, id)
		}
	}
	return ids
}

// page returns up to limit sessions behind a place, whether there are more, and how many there
// are in all. Newest begins with the session that was created last.
func (x *index) page(after *place, limit int, newest bool) (page []place, more bool, all int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	all = len(x.order)
	from, to := 0, all
	if after != nil {
		i, found := slices.BinarySearchFunc(x.order, *after, place.compare)
		if to = i; !newest {
			from, to = i, all
			if found {
				from++
			}
		}
	}
	more = to-from > limit
	if newest {
		page = slices.Clone(x.order[max(from, to-limit):to])
		slices.Reverse(page)
		return page, more, all
	}
	return slices.Clone(x.order[from:min(to, from+limit)]), more, all
}
