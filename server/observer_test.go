package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/internal/testutil"
	"github.com/downbeat-sync/downbeat/metrics"
	"github.com/downbeat-sync/downbeat/signaling"
	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/upload"
)

// TestRefusalsDontFloodTheLog: few lines a minute of each code, and how many were left out.
func TestRefusalsDontFloodTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out testutil.LogLines
		o := &observer{Metrics: metrics.New(metrics.Config{}), log: out.Logger(slog.LevelInfo), limit: newLineLimit(out.Logger(slog.LevelInfo))}
		flood := func(n int, code string) {
			for range n {
				o.Refused(signaling.Refusal{Code: code, Via: "http", Addr: netip.MustParseAddr("203.0.113.9")})
			}
		}
		count := func() string {
			refused, left := map[string]int{}, map[string]any{}
			for _, e := range out.Events() {
				if e["msg"] == "refused" {
					refused[e["code"].(string)]++
				} else {
					left[e["of"].(string)] = e["count"]
				}
			}
			return fmt.Sprint(refused, left)
		}
		flood(1000, "bad_key")
		flood(3, "not_found")
		if got := count(); got != "map[bad_key:10 not_found:3] map[]" {
			t.Errorf("wrote %s", got)
		}
		time.Sleep(30 * time.Second)
		flood(1, "bad_key")
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if got := count(); got != "map[] map[bad_key:991]" {
			t.Errorf("after a minute %s", got)
		}
		flood(12, "bad_key")
		o.limit.close()
		if got := count(); got != "map[bad_key:10] map[bad_key:2]" {
			t.Errorf("in the next minute %s", got)
		}
		flood(1, "bad_key")
	})
}

// TestQuietLogsCostNothing: nothing is put together for a line that isn't written.
func TestQuietLogsCostNothing(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	o := &observer{Metrics: metrics.New(metrics.Config{}), log: quiet, limit: newLineLimit(quiet)}
	v, f := signaling.Visit{SessionID: "s", DeviceID: "d"}, signaling.Farewell{Code: 1000}
	if n := testing.AllocsPerRun(100, func() { o.Joined(v); o.Left(v, f) }); n > 6 {
		t.Errorf("%v allocations", n)
	}
	o.write("never", func() []slog.Attr { t.Error("a line was put together"); return nil })
}

func TestDecentAddresses(t *testing.T) {
	for addr, want := range map[string]string{
		"192.168.1.20": "192.168.1.20", "127.0.0.1": "127.0.0.1", "fd00::5": "fd00::5", "fe80::1%eth0": "fe80::1",
		"203.0.113.9": "203.0.113.0/24", "::ffff:203.0.113.9": "203.0.113.0/24", "2001:db8:1:2:3::4": "2001:db8:1::/48",
	} {
		if got := decent(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s is written as %s", addr, got)
		}
	}
	if got := decent(netip.Addr{}); got != "" {
		t.Errorf("none is written as %s", got)
	}
}

// moody is a store whose answers the test chooses.
type moody struct {
	store.Store
	err error
}

func (m *moody) Put(context.Context, string, []byte, uint64) (uint64, error) { return 0, m.err }

// TestStoreTrouble: once when it begins, once when it is over; refusals of the sessions' own
// making are no trouble.
func TestStoreTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out testutil.LogLines
		log := out.Logger(slog.LevelInfo)
		limit := newLineLimit(log)
		defer limit.close()
		m := metrics.New(metrics.Config{})
		in := &moody{Store: store.NewMemory()}
		w := &watchedStore{Store: in, metrics: m, log: log, limit: limit}
		put := func(err error, times int) {
			in.err = err
			for range times {
				_, _ = w.Put(t.Context(), "s.a.b", []byte("x"), 0)
			}
		}
		put(store.ErrConflict, 2)
		put(errors.New("gone"), 5)
		time.Sleep(2 * time.Second)
		put(store.ErrConflict, 1)
		put(nil, 3)
		got := out.Events()
		if len(got) != 2 || got[0]["msg"] != "store_trouble" || got[0]["err"] != "gone" || got[1]["msg"] != "store_well" ||
			got[1]["failed"] != 5.0 || got[1]["lasted_s"] != 2.0 {
			t.Errorf("wrote %v", got)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		in.err = context.Canceled
		_, _ = w.Put(gone, "s.a.b", []byte("x"), 0)
		if got := out.Events(); len(got) != 0 {
			t.Errorf("of a caller that went away: %v", got)
		}
	})
}

// TestDiskIsWatched: a line when room becomes scarce, when there is none, and when it is back.
func TestDiskIsWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out testutil.LogLines
		var mu sync.Mutex
		space := upload.Space{Free: 100 << 30, Reserve: 1 << 30}
		ctx, stop := context.WithCancel(t.Context())
		var done sync.WaitGroup
		done.Go(func() {
			watchDisk(ctx, func() (upload.Space, error) {
				mu.Lock()
				defer mu.Unlock()
				return space, nil
			}, out.Logger(slog.LevelInfo))
		})
		var said []string
		for _, free := range []int64{100 << 30, 3 << 29, 3 << 29, 1 << 20, 3 << 29, 100 << 30, 100 << 30} {
			mu.Lock()
			space.Free = free
			mu.Unlock()
			time.Sleep(diskEvery)
			synctest.Wait()
		}
		for _, e := range out.Events() {
			said = append(said, fmt.Sprint(e["level"], " ", e["msg"]))
		}
		stop()
		done.Wait()
		want := "WARN disk_low, ERROR disk_full, WARN disk_low, INFO disk_well"
		if got := strings.Join(said, ", "); got != want {
			t.Errorf("wrote %s", got)
		}
	})
}

// TestTroubleIsWrittenFewTimes, and of libraries all of it together.
func TestTroubleIsWrittenFewTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out testutil.LogLines
		limit := newLineLimit(out.Logger(slog.LevelDebug))
		defer limit.close()
		log := limit.calm()
		library := log.With("scope", "ice").With(libraryKey, "pion")
		for i := range 1000 {
			log.Warn("zip_broken_off", "take", i)
			log.Info("device_joined")
			library.Error(fmt.Sprintf("failed %d", i))
		}
		log.Error("disk_full")
		count := map[string]int{}
		for _, e := range out.Events() {
			name := e["msg"].(string)
			if e[libraryKey] != nil {
				name = "library"
			}
			count[name]++
		}
		if got := fmt.Sprint(count); got != "map[device_joined:1000 disk_full:1 library:30 zip_broken_off:30]" {
			t.Errorf("wrote %s", got)
		}
		time.Sleep(linesWithin)
		synctest.Wait()
		left := map[string]any{}
		for _, e := range out.Events() {
			left[e["of"].(string)] = e["count"]
		}
		if got := fmt.Sprint(left); got != "map[library pion:970 zip_broken_off:970]" {
			t.Errorf("left out %s", got)
		}
	})
}
