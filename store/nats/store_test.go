package nats

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/store/storetest"
)

// testMain runs the tests and looks for goroutines that are left.
func testMain(m *testing.M) int {
	var err error
	if scratch, err = os.MkdirTemp("", "downbeat"); err != nil {
		panic(err)
	}
	defer os.RemoveAll(scratch)
	code := m.Run()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// run opens a store and runs it until the test ends.
func run(t *testing.T, cfg Config) *Store {
	t.Helper()
	s, end := start(t, cfg)
	t.Cleanup(end)
	return s
}

// start opens a store and runs it until end is called.
func start(t *testing.T, cfg Config) (s *Store, end func()) {
	t.Helper()
	s, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return s, func() {
		stop()
		if err := errors.Join(<-done, s.Close()); err != nil {
			t.Error(err)
		}
	}
}

func embedded(t *testing.T) store.Store { return run(t, Config{Dir: t.TempDir()}) }

func TestEmbeddedConforms(t *testing.T) { storetest.Run(t, embedded) }

func put(t *testing.T, s store.Store, key, value string, revision uint64) uint64 {
	t.Helper()
	got, err := s.Put(t.Context(), key, []byte(value), revision)
	if err != nil {
		t.Fatalf("put %s at %d: %v", key, revision, err)
	}
	return got
}

// TestReopen: what was stored, deleted and created again is there as it was.
func TestReopen(t *testing.T) {
	cfg := Config{Dir: t.TempDir()}
	s, end := start(t, cfg)
	put(t, s, "s.a.meta", "1", 0)
	b := put(t, s, "s.b.meta", "1", 0)
	if _, err := s.Delete(t.Context(), "s.b.meta", b); err != nil {
		t.Fatal(err)
	}
	last := put(t, s, "s.c.meta", "1", 0)
	end()

	s = run(t, cfg)
	list, err := s.List(t.Context(), "s.>")
	if err != nil || len(list) != 2 || list[0].Key != "s.a.meta" || list[1].Key != "s.c.meta" || list[1].Revision != last {
		t.Errorf("list has %v, %v", list, err)
	}
	put(t, s, "s.c.meta", "2", last)
	put(t, s, "s.b.meta", "2", 0)
}

// TestRenew: what is old and alive is written anew, and the newer value wins.
func TestRenew(t *testing.T) {
	s := run(t, Config{Dir: t.TempDir()})
	first := put(t, s, "k.a", "1", 0)
	if err := s.renew(t.Context(), time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if e, err := s.Get(t.Context(), "k.a"); err != nil || e.Revision != first {
		t.Errorf("a fresh key was renewed: %+v, %v", e, err)
	}
	if err := s.renew(t.Context(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if e, err := s.Get(t.Context(), "k.a"); err != nil || e.Revision <= first || string(e.Value) != "1" {
		t.Errorf("got %+v, %v", e, err)
	}
}

// TestMend: a store whose server inside the process was started anew goes on,
// watches and all.
func TestMend(t *testing.T) {
	s := run(t, Config{Dir: t.TempDir()})
	first := put(t, s, "k.a", "1", 0)
	seen := make(chan store.Entry, 10)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	loaded := make(chan struct{})
	go func() {
		done <- s.Watch(ctx, "k.>", func(e store.Entry) { seen <- e }, func() { close(loaded) })
	}()
	<-loaded
	<-seen
	for range patience {
		s.failed()
	}
	second := put(t, s, "k.a", "2", first)
	if e := <-seen; e.Revision != second {
		t.Errorf("got %+v", e)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func BenchmarkPut(b *testing.B) {
	s, err := Open(b.Context(), Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	revision := uint64(0)
	for b.Loop() {
		if revision, err = s.Put(ctx, "s.a.meta", make([]byte, 300), revision); err != nil {
			b.Fatal(err)
		}
	}
	stop()
	if err := errors.Join(<-done, s.Close()); err != nil {
		b.Fatal(err)
	}
}

// TestManyScopes: of many scopes that are watched one after another few readers are left, which miss nothing, and
// none once nobody watches them any more.
func TestManyScopes(t *testing.T) {
	s := run(t, Config{Dir: t.TempDir()})
	const scopes = 40
	var seen [scopes]atomic.Uint64
	ctx, stop := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	for i := range scopes {
		loaded := make(chan struct{})
		watching.Go(func() {
			_ = s.Watch(ctx, fmt.Sprintf("s.%d.>", i), func(e store.Entry) { seen[i].Store(e.Revision) }, func() { close(loaded) })
		})
		<-loaded
	}
	readers := func() int {
		consumers := s.link.Load().stream.ListConsumers(t.Context())
		n := 0
		for range consumers.Info() {
			n++
		}
		return n
	}
	if n := readers(); n < fewReaders {
		t.Errorf("%d readers at first", n)
	}
	revisions := make([]uint64, scopes)
	eventually(t, "few readers", func() bool {
		for i := range scopes {
			revisions[i] = put(t, s, fmt.Sprintf("s.%d.meta", i), "x", revisions[i])
		}
		return readers() <= fewReaders
	})
	for i := range scopes {
		eventually(t, "all to be told", func() bool { return seen[i].Load() == revisions[i] })
	}
	stop()
	watching.Wait()
	s.interests.forget(time.Now().Add(2 * linger))
	eventually(t, "no reader", func() bool { return readers() == 0 })
}
