package utc

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// behind is a clock that is wrong by a known amount, and the session time of a
// process that has it.
type behind struct {
	by     time.Duration
	source *clock.Source
}

func newBehind(by time.Duration) *behind {
	b := &behind{by: by}
	b.source = clock.NewSource(b.now)
	return b
}

func (b *behind) now() time.Time { return time.Now().Add(-b.by) }

// error returns session time less the machine's UTC.
func (b *behind) error() time.Duration {
	t := b.now()
	return b.source.At(t).Sub(clock.SessionTime(t.Add(b.by).UnixNano()))
}

// on runs a Discipline over real sockets, quickly, until the test ends.
func (b *behind) on(t *testing.T, step bool, servers ...string) *Discipline {
	t.Helper()
	d, err := New(Config{
		Servers: servers, Source: b.source, Now: b.now, Burst: 8,
		Step:    func(f func()) bool { f(); return true },
		MinPoll: 50 * ms, MaxPoll: 100 * ms, BurstGap: 20 * ms, Timeout: 300 * ms,
	})
	if err != nil {
		t.Fatal(err)
	}
	if !step {
		d.cfg.Step = func(func()) bool { return false }
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { d.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return d
}

// until polls for a state of the discipline.
func until(t *testing.T, d *Discipline, what string, holds func(Status) bool) Status {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * ms) {
		s := d.Status()
		if holds(s) {
			return s
		}
		if time.Now().After(deadline) {
			t.Fatalf("not %s: %+v", what, s)
		}
	}
}

// TestLiars: nothing that they say is used, the reason is counted, and the honest
// majority isn't disturbed.
func TestLiars(t *testing.T) {
	for _, liar := range liars {
		t.Run(liar.name, func(t *testing.T) {
			t.Parallel()
			b := newBehind(time.Hour)
			d := b.on(t, true, serveNTP(t, 100*time.Second, liar.script), serveNTP(t, 0, nil), serveNTP(t, 0, nil))
			s := until(t, d, "refused", func(s Status) bool {
				return s.State == NTP && s.Used == 2 && s.Servers[0].Refused[liar.reason] > 0
			})
			if s.Servers[0].Used || s.Servers[0].Answers > 0 {
				t.Errorf("the liar was used: %+v", s.Servers[0])
			}
			if e := b.error().Abs(); e > s.RootDistance {
				t.Errorf("error %v, root distance %v", e, s.RootDistance)
			}
		})
	}
}

// TestFalsetickers: one or two of five are outvoted, three or four refused.
func TestFalsetickers(t *testing.T) {
	lies := []time.Duration{100 * time.Second, -10 * time.Second, time.Second, 300 * ms}
	for n := 1; n <= len(lies); n++ {
		b := newBehind(20 * ms)
		var servers []string
		for i := range 5 {
			lie := time.Duration(0)
			if i < n {
				lie = lies[i]
			}
			servers = append(servers, serveNTP(t, lie, nil))
		}
		d := b.on(t, n < 3, servers...)
		s := until(t, d, "asked", func(s Status) bool {
			for _, server := range s.Servers {
				if server.Answers < 10 {
					return false
				}
			}
			return true
		})
		if want := n < 3; (s.State == NTP) != want {
			t.Fatalf("%d of 5 lie: %+v", n, s)
		} else if want && (s.Used != 5-n || b.error().Abs() > s.RootDistance) {
			t.Errorf("%d of 5 lie: error %v, %+v", n, b.error(), s)
		} else if e := b.error() + 20*ms; !want && e.Abs() > ms {
			t.Errorf("%d of 5 lie: session time was moved by %v", n, e)
		}
	}
}

// TestTenMilliseconds: a lie of no more than that is found too where the ways are short.
func TestTenMilliseconds(t *testing.T) {
	b := newBehind(0)
	d := b.on(t, true, serveNTP(t, 10*ms, nil), serveNTP(t, 0, nil), serveNTP(t, 0, nil))
	until(t, d, "outvoted", func(s Status) bool { return s.Servers[0].Falseticker && s.Used == 2 })
}

// TestSlowServer: an answer that takes 200 ms is used, for what it is worth.
func TestSlowServer(t *testing.T) {
	b := newBehind(time.Minute)
	slow := serveNTP(t, 0, func(p packet) packet { time.Sleep(200 * ms); return p })
	d := b.on(t, true, slow)
	s := until(t, d, "following", func(s Status) bool { return s.State == NTP })
	if s.RootDistance < 100*ms || b.error().Abs() > s.RootDistance {
		t.Errorf("error %v, root distance %v", b.error(), s.RootDistance)
	}
}

// TestNobodyThere: nobody listens, or the name doesn't exist.
func TestNobodyThere(t *testing.T) {
	b := newBehind(0)
	d := b.on(t, true, "127.0.0.1:9", "nowhere.invalid")
	s := until(t, d, "refused", func(s Status) bool {
		return s.Servers[0].Refused[ReasonNetwork] > 2 && s.Servers[1].Refused[ReasonNetwork]+s.Servers[1].Refused[ReasonTimeout] > 2
	})
	if s.State != Local || s.Why == "" {
		t.Errorf("%+v", s)
	}
}

// TestConfig refuses what can't work.
func TestConfig(t *testing.T) {
	source := clock.NewSource(time.Now)
	for _, servers := range [][]string{
		nil, {""}, {"a b"}, {"host:0"}, {"host:99999"}, {"host:ntp"}, {"a", "A"}, {"http://a/"}, make([]string, 17),
	} {
		if _, err := New(Config{Servers: servers, Source: source, Now: time.Now}); err == nil {
			t.Errorf("%q is taken", servers)
		}
	}
	for _, server := range []string{"a", "a:123", "127.0.0.1", "[::1]:123", "::1", "fe80::1%eth0"} {
		if _, err := New(Config{Servers: []string{server}, Source: source, Now: time.Now}); err != nil {
			t.Error(err)
		}
	}
}
