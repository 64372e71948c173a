// Package storetest tells whether a store.Store does what the interface says.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/downbeat-sync/downbeat/store"
)

// Run runs every test of the suite, each on a fresh and empty store that open
// returns.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for name, test := range map[string]func(*testing.T, store.Store){
		"get and put":                testGetPut,
		"conflicts change nothing":   testConflicts,
		"delete and create again":    testDelete,
		"list matches, by revision":  testList,
		"list of several filters":    testListMany,
		"keys without their values":  testKeys,
		"values are the store's own": testAliasing,
		"one of many writers wins":   testRace,
		"watch has all, in order":    testWatch,
		"watch tells of deletions":   testWatchDelete,
		"watch misses no change":     testWatchRace,
		"list has what was told":     testListAfterWatch,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func put(t *testing.T, s store.Store, key, value string, revision uint64) uint64 {
	t.Helper()
	got, err := s.Put(t.Context(), key, []byte(value), revision)
	if err != nil {
		t.Fatalf("put %s at %d: %v", key, revision, err)
	}
	return got
}

func testGetPut(t *testing.T, s store.Store) {
	if _, err := s.Get(t.Context(), "s.a.meta"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("get of a missing key: %v", err)
	}
	first := put(t, s, "s.a.meta", "1", 0)
	second := put(t, s, "s.a.meta", "2", first)
	if first == 0 || second <= first {
		t.Errorf("revisions %d, %d", first, second)
	}
	other := put(t, s, "s.b.meta", "x", 0)
	if other <= second {
		t.Errorf("revision %d of another key isn't above %d", other, second)
	}
	e, err := s.Get(t.Context(), "s.a.meta")
	if err != nil || e.Key != "s.a.meta" || string(e.Value) != "2" || e.Revision != second || e.Deleted() {
		t.Errorf("got %+v, %v", e, err)
	}
}

func testConflicts(t *testing.T, s store.Store) {
	first := put(t, s, "k.a", "1", 0)
	for _, revision := range []uint64{0, first + 1} {
		if _, err := s.Put(t.Context(), "k.a", []byte("2"), revision); !errors.Is(err, store.ErrConflict) {
			t.Errorf("put at %d: %v", revision, err)
		}
		if _, err := s.Delete(t.Context(), "k.a", revision); !errors.Is(err, store.ErrConflict) {
			t.Errorf("delete at %d: %v", revision, err)
		}
	}
	if _, err := s.Put(t.Context(), "k.b", []byte("1"), first); !errors.Is(err, store.ErrConflict) {
		t.Errorf("put of a missing key at %d: %v", first, err)
	}
	if e, err := s.Get(t.Context(), "k.a"); err != nil || string(e.Value) != "1" || e.Revision != first {
		t.Errorf("got %+v, %v", e, err)
	}
}

func testDelete(t *testing.T, s store.Store) {
	first := put(t, s, "k.a", "1", 0)
	gone, err := s.Delete(t.Context(), "k.a", first)
	if err != nil || gone <= first {
		t.Errorf("delete: %d, %v", gone, err)
	}
	if _, err := s.Get(t.Context(), "k.a"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("get of a deleted key: %v", err)
	}
	if list, err := s.List(t.Context(), "k.>"); err != nil || len(list) != 0 {
		t.Errorf("list has %v, %v", list, err)
	}
	if again := put(t, s, "k.a", "2", 0); again <= gone {
		t.Errorf("revision %d after %d", again, gone)
	}
}

func testList(t *testing.T, s store.Store) {
	for _, key := range []string{"s.b.meta", "s.a.user.x", "s.a.meta", "s.ab.meta", "s.a.ack.c.d"} {
		put(t, s, key, "v", 0)
	}
	for filter, want := range map[string][]string{
		"s.a.>":    {"s.a.user.x", "s.a.meta", "s.a.ack.c.d"},
		"s.*.meta": {"s.b.meta", "s.a.meta", "s.ab.meta"},
		"s.a.meta": {"s.a.meta"},
		"s.c.>":    nil,
	} {
		list, err := s.List(t.Context(), filter)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range list {
			got = append(got, e.Key)
		}
		if !slices.Equal(got, want) {
			t.Errorf("list of %s has %v, want %v", filter, got, want)
		}
	}
}

// testListMany lists more filters than a store asks for at once.
func testListMany(t *testing.T, s store.Store) {
	var filters []string
	for i := range 300 {
		filters = append(filters, fmt.Sprintf("s.%d.>", i))
		if i%10 == 0 {
			put(t, s, fmt.Sprintf("s.%d.meta", (i*7)%300), fmt.Sprint(i), 0)
		}
	}
	put(t, s, "s.other.meta", "x", 0)
	list, err := s.List(t.Context(), filters...)
	if err != nil || len(list) != 30 {
		t.Fatalf("%d entries, %v", len(list), err)
	}
	for i, e := range list {
		if i > 0 && e.Revision <= list[i-1].Revision || string(e.Value) != fmt.Sprint(10*i) {
			t.Errorf("entry %d is %+v", i, e)
		}
	}
}

func testKeys(t *testing.T, s store.Store) {
	put(t, s, "h.a.1", "a value", 0)
	gone := put(t, s, "h.a.2", "a value", 0)
	last := put(t, s, "h.b.1", "a value", 0)
	if _, err := s.Delete(t.Context(), "h.a.2", gone); err != nil {
		t.Fatal(err)
	}
	keys, err := s.Keys(t.Context(), "h.>")
	if err != nil || len(keys) != 2 || keys[0].Key != "h.a.1" || keys[1].Key != "h.b.1" || keys[1].Revision != last {
		t.Fatalf("keys %+v, %v", keys, err)
	}
	for _, e := range keys {
		if e.Deleted() || len(e.Value) != 0 {
			t.Errorf("%+v has a value, or is deleted", e)
		}
	}
}

func testAliasing(t *testing.T, s store.Store) {
	value := []byte("abc")
	if _, err := s.Put(t.Context(), "k.a", value, 0); err != nil {
		t.Fatal(err)
	}
	value[0] = 'x'
	if e, err := s.Get(t.Context(), "k.a"); err != nil || string(e.Value) != "abc" {
		t.Errorf("got %q, %v", e.Value, err)
	}
}

func testRace(t *testing.T, s store.Store) {
	first := put(t, s, "k.a", "0", 0)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var winners []string
	for i := range 16 {
		wg.Go(func() {
			value := fmt.Sprint(i + 1)
			_, err := s.Put(t.Context(), "k.a", []byte(value), first)
			if err != nil && !errors.Is(err, store.ErrConflict) {
				t.Error(err)
			}
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				winners = append(winners, value)
			}
		})
	}
	wg.Wait()
	e, err := s.Get(t.Context(), "k.a")
	if err != nil || len(winners) != 1 || string(e.Value) != winners[0] {
		t.Errorf("winners %v, stored %q, %v", winners, e.Value, err)
	}
}

// watch collects what a watch tells until the test ends.
type watch struct {
	entries chan store.Entry
	loaded  chan struct{}
}

func startWatch(t *testing.T, s store.Store, filter string) *watch {
	w := &watch{make(chan store.Entry, 10_000), make(chan struct{})}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		done <- s.Watch(ctx, filter, func(e store.Entry) { w.entries <- e }, func() { close(w.loaded) })
	}()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("watch: %v", err)
		}
	})
	return w
}

// upTo returns the entries up to and including a revision, and checks their order.
func (w *watch) upTo(t *testing.T, revision uint64) []store.Entry {
	t.Helper()
	var got []store.Entry
	for {
		e := <-w.entries
		if n := len(got); n > 0 && e.Revision <= got[n-1].Revision {
			t.Fatalf("revision %d after %d", e.Revision, got[n-1].Revision)
		}
		got = append(got, e)
		if e.Revision >= revision {
			return got
		}
	}
}

func testWatch(t *testing.T, s store.Store) {
	a := put(t, s, "s.a.meta", "1", 0)
	put(t, s, "s.b.meta", "1", 0)
	put(t, s, "s.a.user.x", "1", 0)
	a = put(t, s, "s.a.meta", "2", a)
	w := startWatch(t, s, "s.a.>")
	<-w.loaded
	if n := len(w.entries); n != 2 {
		t.Errorf("%d entries before loaded, want 2", n)
	}
	last := put(t, s, "s.a.meta", "3", a)
	var got []string
	for _, e := range w.upTo(t, last) {
		got = append(got, e.Key+"="+string(e.Value))
	}
	if want := []string{"s.a.user.x=1", "s.a.meta=2", "s.a.meta=3"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func testWatchDelete(t *testing.T, s store.Store) {
	first := put(t, s, "k.a", "1", 0)
	w := startWatch(t, s, "k.*")
	<-w.loaded
	gone, err := s.Delete(t.Context(), "k.a", first)
	if err != nil {
		t.Fatal(err)
	}
	got := w.upTo(t, gone)
	if e := got[len(got)-1]; e.Key != "k.a" || !e.Deleted() || e.Revision != gone {
		t.Errorf("got %+v", e)
	}
}

// testWatchRace begins to watch while others write: the newest value of each
// key must be told in the end.
func testWatchRace(t *testing.T, s store.Store) {
	const keys, changes = 8, 20
	ctx := t.Context()
	var wg sync.WaitGroup
	last := make([]uint64, keys)
	for k := range keys {
		wg.Go(func() {
			for i := range changes {
				revision, err := s.Put(ctx, fmt.Sprintf("k.%d", k), fmt.Append(nil, i), last[k])
				if err != nil {
					t.Error(err)
					return
				}
				last[k] = revision
			}
		})
	}
	w := startWatch(t, s, "k.*")
	wg.Wait()
	newest := map[string]string{}
	for _, e := range w.upTo(t, slices.Max(last)) {
		newest[e.Key] = string(e.Value)
	}
	for k := range keys {
		if got := newest[fmt.Sprintf("k.%d", k)]; got != fmt.Sprint(changes-1) {
			t.Errorf("key %d ends at %q", k, got)
		}
	}
}

// testListAfterWatch: what a watch of many scopes has told is in a list of one of them, whether that is watched or not.
func testListAfterWatch(t *testing.T, s store.Store) {
	<-startWatch(t, s, "s.a.>").loaded
	many := startWatch(t, s, "s.*.meta")
	<-many.loaded
	const changes = 200
	var writing sync.WaitGroup
	for _, key := range []string{"s.a.meta", "s.b.meta"} {
		writing.Go(func() {
			revision, err := uint64(0), error(nil)
			for i := range changes {
				if revision, err = s.Put(t.Context(), key, fmt.Append(nil, i), revision); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	defer writing.Wait()
	for last := 0; last < 2; {
		told := <-many.entries
		list, err := s.List(t.Context(), store.Scope(told.Key)+".>")
		if err != nil || len(list) != 1 || list[0].Revision < told.Revision {
			t.Fatalf("told %+v, listed %+v, %v", told, list, err)
		}
		if string(told.Value) == fmt.Sprint(changes-1) {
			last++
		}
	}
}
