package e2e

import (
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/downbeat-sync/downbeat/clock/sim"
)

// delaying is a network in front of a server whose delays are known: what it reads at once, which is a frame of a
// WebSocket as long as few are under way, waits for the floor of its direction and a queueing that is drawn, and
// keeps its order, as TCP does.
type delaying struct {
	url   string
	to    string
	floor time.Duration // each way
	seed  uint64

	began    time.Duration // by the monotonic clock
	queues   func() [2]sim.Queue
	listener net.Listener
	mu       sync.Mutex
	conns    []net.Conn
	done     sync.WaitGroup
}

// newDelaying stands in front of the server at a TCP address, until the test ends. Of queues, the first is on the
// way to the device.
func newDelaying(t testing.TB, to string, floor time.Duration, queues func() [2]sim.Queue, seed uint64) *delaying {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	d := &delaying{url: "http://" + l.Addr().String(), to: to, floor: floor, seed: seed, began: monotonic(), queues: queues, listener: l}
	d.done.Go(d.accept)
	t.Cleanup(d.close)
	return d
}

func (d *delaying) close() {
	_ = d.listener.Close()
	d.mu.Lock()
	for _, c := range d.conns {
		_ = c.Close()
	}
	d.mu.Unlock()
	d.done.Wait()
}

func (d *delaying) accept() {
	for n := uint64(0); ; n++ {
		device, err := d.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", d.to)
		if err != nil {
			_ = device.Close()
			continue
		}
		d.mu.Lock()
		d.conns = append(d.conns, device, server)
		d.mu.Unlock()
		queues := d.queues()
		d.pass(device, server, queues[0], rand.New(rand.NewPCG(d.seed, 2*n)))
		d.pass(server, device, queues[1], rand.New(rand.NewPCG(d.seed, 2*n+1)))
	}
}

// held is what waits until an instant of the monotonic clock.
type held struct {
	until time.Duration
	b     []byte
}

// pass hands over in one direction. Reading and handing over are two goroutines, so that what comes next is
// stamped while the last still waits.
func (d *delaying) pass(to, from net.Conn, q sim.Queue, rng *rand.Rand) {
	waiting := make(chan held, 1024)
	d.done.Go(func() {
		defer close(waiting)
		for last := time.Duration(0); ; {
			b := make([]byte, 32<<10)
			n, err := from.Read(b)
			now := monotonic()
			if err != nil {
				return
			}
			queued := q(rng, (now - d.began).Seconds(), 0)
			last = max(last, now+d.floor+time.Duration(queued*1e6))
			waiting <- held{last, b[:n]}
		}
	})
	d.done.Go(func() {
		defer to.Close()
		// A thread of its own, which the system wakes as exactly as it can; it ends with the goroutine.
		runtime.LockOSThread()
		_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
		for h := range waiting {
			sleepUntil(h.until)
			if _, err := to.Write(h.b); err != nil {
				_ = from.Close() // ends the reader
			}
		}
	})
}

// spun is for how long sleepUntil looks at the clock instead of sleeping: the system wakes a thread some
// tens of microseconds late.
const spun = 70 * time.Microsecond

// sleepUntil returns at an instant of the monotonic clock, to the microsecond.
func sleepUntil(at time.Duration) {
	if asleep := unix.NsecToTimespec(int64(at - spun)); at-monotonic() > spun {
		for unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &asleep, nil) == unix.EINTR {
		}
	}
	for monotonic() < at {
	}
}

// monotonic reads CLOCK_MONOTONIC, which Chromium's and Node's times are of, too.
func monotonic() time.Duration {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) // never fails
	return time.Duration(ts.Nano())
}

// TestDelaying: what goes through is delayed as drawn, keeps its order, and arrives whole.
func TestDelaying(t *testing.T) {
	echo := httptest.NewUnstartedServer(nil).Listener
	defer echo.Close()
	go func() {
		c, err := echo.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		b := make([]byte, 1<<10)
		for n, err := c.Read(b); err == nil; n, err = c.Read(b) {
			_, _ = c.Write(b[:n])
		}
	}()
	const floor, most = 2 * time.Millisecond, 3 // of the queueing, ms
	d := newDelaying(t, echo.Addr().String(), floor, func() [2]sim.Queue {
		return [2]sim.Queue{sim.Uniform(0, most), sim.Uniform(0, most)}
	}, 1)
	c, err := net.Dial("tcp", strings.TrimPrefix(d.url, "http://"))
	check(t, err)
	defer c.Close()
	var sent strings.Builder
	began, b := time.Now(), make([]byte, 64)
	go func() {
		for i := range 20 {
			_, _ = c.Write([]byte{byte('a' + i)})
		}
	}()
	check(t, c.SetReadDeadline(began.Add(20*time.Second)))
	for sent.Len() < 20 {
		n, err := c.Read(b)
		check(t, err)
		if after := time.Since(began); after < 2*floor {
			t.Errorf("something came back after %v, sooner than twice the floor", after)
		}
		sent.Write(b[:n])
	}
	if sent.String() != "abcdefghijklmnopqrst" {
		t.Errorf("it came as %q", sent.String())
	}
}
