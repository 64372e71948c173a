package reference

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

const us = time.Microsecond

// TestOneTime: an instance whose clock is 100 ms and 40 ppm off steps to the reference's session
// time before it is ready, and is within its bound of it from then on.
func TestOneTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.stop()
		a := w.add(50*time.Millisecond, 20)
		w.known(a, time.Second)
		b := w.add(-50*time.Millisecond, -20)
		for b.Ready() != "" {
			time.Sleep(time.Millisecond)
		}
		w.known(b, time.Millisecond)
		if off := b.stepped - 100*time.Millisecond; off.Abs() > time.Millisecond {
			t.Errorf("stepped by %v, want some 100 ms", b.stepped)
		}
		b.set(func(in *instance) { in.devices = true })
		errs, outside, beyond := watchApart(a, b, time.Minute)
		t.Logf("first minute: p95 %v, %d of %d outside; off %+v", p95(errs), outside, len(errs), b.Status().Off)
		if outside*100 > len(errs) || beyond > 0 {
			t.Errorf("%d of %d readings outside the bound, %d outside the hard one", outside, len(errs), beyond)
		}
		errs, outside, beyond = watchApart(a, b, 5*time.Minute)
		t.Logf("then: p95 %v, %d of %d outside; off %+v", p95(errs), outside, len(errs), b.Status().Off)
		if p95(errs) > 50*us || outside*100 > len(errs) || beyond > 0 {
			t.Errorf("p95 %v; %d of %d readings outside the bound, %d outside the hard one", p95(errs), outside, len(errs), beyond)
		}
		if s := b.Status(); s.Holds || s.Reference != a.name || s.Path != "udp" || s.Stratum != 2 || s.Why != "" {
			t.Errorf("%+v", s)
		}
		if s := a.Status(); !s.Holds || s.Asking != 1 || s.Stratum != 1 || s.Off.Bound != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// watchApart reads for so long how far two session times are apart, and how often the second
// one's bounds don't hold that.
func watchApart(a, b *instance, d time.Duration) (errs []time.Duration, outside, beyond int) {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(50*time.Millisecond + 7*us) {
		err := apartOf(a, b).Abs()
		off := b.source.Uncertainty(b.source.Steady())
		errs = append(errs, err)
		if err > off.Bound {
			outside++
		}
		if err > off.Hard {
			beyond++
		}
	}
	return errs, outside, beyond
}

func p95(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)*95/100]
}

// TestReferenceKilled: another goes on from its own line, nothing jumps, and the third follows it.
func TestReferenceKilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.stop()
		a := w.add(50*time.Millisecond, 20)
		w.known(a, time.Second)
		b, c := w.add(-50*time.Millisecond, -20), w.add(time.Hour, 5)
		for _, in := range w.all {
			w.known(in, 5*time.Second)
			in.set(func(in *instance) { in.devices = true })
		}
		time.Sleep(time.Minute)
		before := []time.Duration{apartOf(a, b), apartOf(a, c)}
		a.kill()
		killed := time.Now()
		for !b.Holds() && !c.Holds() {
			time.Sleep(50 * time.Millisecond)
			if time.Since(killed) > 20*time.Second {
				t.Fatalf("nobody has taken the lease 20 s after the reference was killed: %+v", b.Status())
			}
		}
		t.Logf("taken after %v", time.Since(killed))
		for range 60 {
			time.Sleep(time.Second)
			for i, in := range []*instance{b, c} {
				if jump := apartOf(a, in) - before[i]; jump.Abs() > 200*us+time.Duration(float64(time.Since(killed))*15e-6) {
					t.Fatalf("%s is %v off what the dead reference's clock would tell", in.name, jump)
				}
			}
		}
		if err, off := apartOf(b, c).Abs(), max(b.Status().Off.Bound, c.Status().Off.Bound); err > off || off > time.Millisecond {
			t.Errorf("the others are %v apart, and say %v", err, off)
		}
		if b.Holds() == c.Holds() {
			t.Error("there isn't one reference")
		}
	})
}

// TestTwoHolders: one that was cut off from the store believes for a while that it is the
// reference; nobody follows it, and when it is back it follows the other one.
func TestTwoHolders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.stop()
		a := w.add(0, 10)
		w.known(a, time.Second)
		b := w.add(time.Second, -10)
		w.known(b, 3*time.Second)
		time.Sleep(30 * time.Second)
		for _, in := range w.all {
			in.set(func(in *instance) { in.devices = true })
		}
		a.set(func(in *instance) { in.cut = true })
		time.Sleep(giveUp + renewEvery + time.Second)
		if a.Holds() {
			t.Error("still believes to be the reference without a store")
		}
		off := a.source.Uncertainty(a.source.Steady())
		time.Sleep(10 * time.Minute)
		if !b.Holds() {
			t.Fatalf("%+v", b.Status())
		}
		later := a.source.Uncertainty(a.source.Steady())
		if off.Bound == 0 || later.Bound-off.Bound < 9*time.Millisecond {
			t.Errorf("cut off, it may be off by %v, and ten minutes later by %v", off.Bound, later.Bound)
		}
		if err := apartOf(a, b).Abs(); err > later.Hard {
			t.Errorf("%v apart, hard bound %v", err, later.Hard)
		}
		if s := a.Status(); s.Why == "" {
			t.Errorf("nothing is said: %+v", s)
		}
		last := a.source.Now()
		a.set(func(in *instance) { in.cut = false })
		for range 600 {
			time.Sleep(time.Second)
			if now := a.source.Now(); now.Sub(last) < 999*time.Millisecond {
				t.Fatalf("session time went %v in a second", now.Sub(last))
			} else {
				last = now
			}
		}
		if err := apartOf(a, b).Abs(); err > 50*us || a.Holds() {
			t.Errorf("%v apart after ten minutes: %+v", err, a.Status())
		}
	})
}

// TestUDPClosed: where UDP doesn't get through the store's network does.
func TestUDPClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.stop()
		a := w.add(0, 10)
		a.set(func(in *instance) { in.deaf = true })
		w.known(a, time.Second)
		b := w.add(time.Second, -10)
		w.known(b, 5*time.Second)
		errs, outside, beyond := watchApart(a, b, time.Minute)
		if s := b.Status(); s.Path != "nats" {
			t.Errorf("%+v", s)
		}
		if outside*100 > len(errs) || beyond > 0 {
			t.Errorf("%d of %d readings outside the bound, %d outside the hard one", outside, len(errs), beyond)
		}
	})
}

// TestColdStart: an instance that finds an old lease waits until it has run out, and begins no
// earlier than what was stored; one that finds a lease that was let go begins soon.
func TestColdStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		a := w.add(time.Hour, 0)
		w.known(a, time.Second)
		time.Sleep(10 * time.Second)
		last := a.source.Now()
		a.kill()
		b := w.add(0, 0)
		time.Sleep(leaseFor - time.Second)
		if s := b.Status(); s.Known || b.Ready() == "" {
			t.Fatalf("the lease hasn't run out, but %+v", s)
		}
		w.known(b, leaseFor)
		if now := b.source.Now(); now < last {
			t.Errorf("session time went back by %v", last.Sub(now))
		}
		b.stop()
		c := w.add(0, 0)
		w.known(c, 2*time.Second)
		c.stop()
	})
}

// TestPredecessor: an instance that has its dead predecessor's socket doesn't wait for that one's lease, if nobody followed
// it and nobody else is heard; otherwise it does.
func TestPredecessor(t *testing.T) {
	always, never := func() bool { return true }, func() bool { return false }
	for name, c := range map[string]struct {
		place    string
		alone    func() bool
		followed bool
		waits    bool
	}{
		"its own":          {"here", always, false, false},
		"another's":        {"there", always, false, true},
		"not known":        {"", always, false, true},
		"others are heard": {"here", never, false, true},
		"it was followed":  {"here", always, true, true},
		"it can't be told": {"here", nil, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				defer w.stop()
				w.place = c.place
				if name == "another's" {
					w.place = "here"
				}
				a := w.add(time.Hour, 0)
				w.known(a, time.Second)
				if c.followed {
					w.known(w.add(0, 0), 3*time.Second)
				}
				time.Sleep(10 * time.Second)
				last := a.source.Now()
				for _, in := range w.all {
					in.kill()
				}
				w.place, w.alone = c.place, c.alone
				b := w.add(0, 0)
				time.Sleep(time.Second)
				if waits := b.Ready() != ""; waits != c.waits {
					t.Fatalf("waits: %v, want %v: %+v", waits, c.waits, b.Status())
				}
				w.known(b, leaseFor+deferTo+time.Second)
				if now := b.source.Now(); now < last {
					t.Errorf("session time went back by %v", last.Sub(now))
				}
			})
		})
	}
}

// TestApart: an instance whose clock has stopped, as when its machine slept, says so, isn't ready,
// and isn't stepped while it has devices.
func TestApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.stop()
		a := w.add(0, 10)
		w.known(a, time.Second)
		b := w.add(0, -10)
		w.known(b, 3*time.Second)
		b.set(func(in *instance) { in.devices = true })
		time.Sleep(30 * time.Second)
		if why := b.Ready(); why != "" {
			t.Fatalf("not ready: %s", why)
		}
		b.source.Step(b.now(), -time.Minute)
		time.Sleep(20 * time.Second)
		if b.Ready() == "" || b.Status().Why == "" || b.Status().Off.Bound < 59*time.Second {
			t.Errorf("a minute behind: ready %q, %+v", b.Ready(), b.Status())
		}
		if off := apartOf(a, b); off > -59*time.Second {
			t.Errorf("it was stepped: %v apart", off)
		}
	})
}
