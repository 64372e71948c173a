package nats

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/downbeat-sync/downbeat/store"
)

const (
	// mostScopes is how many scopes one reader has: the NATS server compares the filters of a reader with
	// each other.
	mostScopes = 256
	// linger is how long a scope is followed that nobody watches any more: who asks often asks again.
	linger = 30 * time.Second
	// fewReaders is how many readers with few scopes there may be before they become one.
	fewReaders = 4
	tidyEvery  = time.Second
)

// interest is what this instance follows of the store: one scope, since somebody watches it.
type interest struct {
	filter string // what of the store it is
	table  *store.Table
	loaded chan struct{}
	once   sync.Once

	users int       // guarded by interests.mu
	idle  time.Time // since when there are none
}

// interests are all of an instance's.
type interests struct {
	mu    sync.Mutex
	all   map[string]*interest // by filter
	fresh []*interest          // that nobody reads yet
	wake  chan struct{}        // of capacity 1
}

func newInterests() *interests {
	return &interests{all: map[string]*interest{}, wake: make(chan struct{}, 1)}
}

// followed returns the filter of the scope that a filter, or a key, is in; empty for a filter of several scopes.
func followed(filter string) string {
	scope := store.Scope(filter)
	if scope == "" || strings.ContainsAny(scope, "*>") || len(scope) == len(filter) {
		return scope
	}
	return scope + ".>"
}

// want returns the interest in a scope, which is followed until each want has been matched by a release.
func (x *interests) want(filter string) *interest {
	x.mu.Lock()
	defer x.mu.Unlock()
	is := x.all[filter]
	if is == nil {
		is = &interest{filter: filter, table: store.NewTable(), loaded: make(chan struct{})}
		x.all[filter] = is
		x.fresh = append(x.fresh, is)
		select {
		case x.wake <- struct{}{}:
		default:
		}
	}
	is.users++
	return is
}

func (x *interests) release(is *interest) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if is.users--; is.users == 0 {
		is.idle = time.Now()
	}
}

// known returns the interest in a scope, nil without one, like want.
func (x *interests) known(filter string) *interest {
	x.mu.Lock()
	defer x.mu.Unlock()
	is := x.all[filter]
	if is != nil {
		is.users++
	}
	return is
}

// take returns what is yet to be read.
func (x *interests) take() []*interest {
	x.mu.Lock()
	defer x.mu.Unlock()
	fresh := x.fresh
	x.fresh = nil
	return fresh
}

// forget drops what nobody has watched for a while.
func (x *interests) forget(now time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for filter, is := range x.all {
		if is.users == 0 && now.Sub(is.idle) > linger {
			delete(x.all, filter)
		}
	}
}

// alive returns those of some interests that haven't been dropped.
func (x *interests) alive(of map[string]*interest) (alive []*interest) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for filter, is := range of {
		if x.all[filter] == is {
			alive = append(alive, is)
		}
	}
	return alive
}

// isLoaded reports whether all that was stored of the scope is known.
func (is *interest) isLoaded() bool {
	select {
	case <-is.loaded:
		return true
	default:
		return false
	}
}

// follower reads some scopes.
type follower struct {
	scopes   map[string]*interest // by filter
	stop     context.CancelFunc
	done     chan struct{}
	caughtUp chan struct{}
	once     sync.Once
	replaces []*follower // which are stopped once this one has caught up
}

// followers are all of an instance's, kept by one goroutine.
type followers struct {
	store *Store
	all   []*follower
}

// followAll reads what this instance has an interest in, until ctx ends.
func (s *Store) followAll(ctx context.Context) {
	f := &followers{store: s}
	ticker := time.NewTicker(tidyEvery)
	defer ticker.Stop()
	defer func() {
		for _, one := range f.all {
			one.stop()
			<-one.done
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.interests.wake:
			f.begin(ctx, s.interests.take(), nil)
		case now := <-ticker.C:
			s.interests.forget(now)
			f.tidy(ctx)
		}
	}
}

// begin reads some scopes, in the place of other followers.
func (f *followers) begin(ctx context.Context, scopes []*interest, replaces []*follower) {
	for len(scopes) > 0 {
		n := min(len(scopes), mostScopes)
		some := scopes[:n]
		scopes = scopes[n:]
		ctx, stop := context.WithCancel(ctx)
		one := &follower{scopes: map[string]*interest{}, stop: stop, done: make(chan struct{}), caughtUp: make(chan struct{})}
		for _, is := range some {
			one.scopes[is.filter] = is
		}
		if len(scopes) == 0 {
			one.replaces = replaces
		}
		f.all = append(f.all, one)
		go one.run(ctx, f.store)
	}
}

func (f *follower) run(ctx context.Context, s *Store) {
	defer close(f.done)
	filters := make([]string, 0, len(f.scopes))
	for filter := range f.scopes {
		filters = append(filters, filter)
	}
	s.again(ctx, filters, func(e store.Entry) {
		if is := f.scopes[followed(e.Key)]; is != nil {
			is.table.Apply(e)
		}
	}, func() {
		for _, is := range f.scopes {
			is.once.Do(func() { close(is.loaded) })
		}
		f.once.Do(func() { close(f.caughtUp) })
	})
}

func (f *follower) isCaughtUp() bool {
	select {
	case <-f.caughtUp:
		return true
	default:
		return false
	}
}

// tidy ends what isn't needed any more, and makes one of many that have few scopes.
func (f *followers) tidy(ctx context.Context) {
	if f.merging() {
		return
	}
	var idle, small []*follower
	var scopes []*interest
	for _, one := range f.all {
		alive := f.store.interests.alive(one.scopes)
		switch {
		case len(alive) == 0:
			idle = append(idle, one)
		case one.isCaughtUp() && len(alive) < mostScopes/2 && len(scopes)+len(alive) <= mostScopes:
			small, scopes = append(small, one), append(scopes, alive...)
		}
	}
	f.end(idle)
	if len(small) > fewReaders {
		f.begin(ctx, scopes, small)
	}
}

// merging reports whether a follower that is to take the place of others hasn't caught up yet, and ends those of the
// ones that have.
func (f *followers) merging() (still bool) {
	var replaced []*follower
	for _, one := range f.all {
		if len(one.replaces) > 0 && !one.isCaughtUp() {
			still = true
			continue
		}
		replaced = append(replaced, one.replaces...)
		one.replaces = nil
	}
	f.end(replaced)
	return still
}

// end stops some followers.
func (f *followers) end(some []*follower) {
	f.all = slices.DeleteFunc(f.all, func(one *follower) bool { return slices.Contains(some, one) })
	for _, one := range some {
		one.stop()
		<-one.done
	}
}
