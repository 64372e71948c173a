package chronysock

import (
	"context"
	"encoding/hex"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/beevik/ntp"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/testutil"
)

func TestMain(m *testing.M) { testutil.Main(m) }

func TestSample(t *testing.T) {
	if !supported {
		t.Skip("chronyd's sample is another one here")
	}
	b := appendSample(nil, time.Unix(1, 2_999), -1500*time.Millisecond)
	// On machines that write the least byte first, which are all that Downbeat is released for.
	if got, want := hex.EncodeToString(b), "0100000000000000"+"0200000000000000"+"000000000000f8bf"+"00000000"+"00000000"+"00000000"+"4b434f53"; got != want || len(b) != Size {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestCompare: the comparison that took least counts, and what isn't known isn't told.
func TestCompare(t *testing.T) {
	start := time.Now()
	var at time.Duration
	steps := []time.Duration{0, 10, 0, 4, 0, 100}
	now := func() time.Time {
		at += steps[0] * time.Microsecond
		steps = append(steps[1:], 50)
		return start.Add(at)
	}
	session := func() (clock.SessionTime, bool) {
		return clock.SessionTime(start.Add(at + 3*time.Millisecond).UnixNano()), true
	}
	system, offset, ok := compare(session, now)
	if want := start.Add(12 * time.Microsecond); !ok || !system.Equal(want.Round(0)) || offset != 3*time.Millisecond-2*time.Microsecond {
		t.Errorf("%v before the start's %v, %v", want.Sub(system), offset, ok)
	}
	if _, _, ok := compare(func() (clock.SessionTime, bool) { return 0, false }, time.Now); ok {
		t.Error("something is told of a session time that isn't known")
	}
}

// known is session time as a device might know it.
type known struct {
	*clock.Source
	bound time.Duration
}

func (k known) Now() (clock.SessionTime, bool) { return k.Source.Now(), true }
func (k known) Bound() time.Duration           { return k.bound }

// TestDoubted: nothing is sent while session time isn't known well enough.
func TestDoubted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sock")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	testutil.Check(t, err)
	defer conn.Close()
	f := feeder{path: path, clock: known{clock.NewSource(time.Now), MostBound + 1}, log: testutil.Quiet()}
	f.once()
	f.clock = known{clock.NewSource(time.Now), MostBound}
	f.once()
	f.hangUp()
	b := make([]byte, 100)
	testutil.Check(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	if n, err := conn.Read(b); err != nil || n != Size {
		t.Errorf("%d bytes, %v", n, err)
	}
	testutil.Check(t, conn.SetReadDeadline(time.Now()))
	if n, _ := conn.Read(b); n != 0 {
		t.Error("two samples were sent")
	}
}

// TestChronyd: a real one, which comes later than the feeder, takes session time for good, and is no farther from it
// than it says.
func TestChronyd(t *testing.T) {
	binary := testutil.Chronyd(t)
	fast := func() time.Time { return time.Now().Add(2 * time.Millisecond) }
	source := clock.NewSource(fast)
	path := filepath.Join(t.TempDir(), "beat.sock")
	ctx, stop := context.WithCancel(t.Context())
	var feeding sync.WaitGroup
	feeding.Go(func() { feed(ctx, path, known{source, time.Microsecond}, testutil.Quiet()) })
	defer func() { stop(); feeding.Wait() }()
	testutil.Pause(ctx, 2*every) // the first samples find nobody
	at := testutil.StartChronyd(t, binary, "refclock SOCK "+path+" refid BEAT delay 0.01 poll 0")
	now := func() time.Time { return time.Unix(0, int64(source.Now())) }
	var r *ntp.Response
	testutil.Eventually(t, "chronyd to follow", func() (ok bool) {
		var err error
		r, err = ntp.QueryWithOptions(at, ntp.QueryOptions{Timeout: time.Second, GetSystemTime: now})
		return err == nil && r.Validate() == nil && r.ReferenceString() == ".BEAT."
	})
	if r.ClockOffset.Abs() > r.RootDistance {
		t.Errorf("chronyd is %v from session time, by its word at most %v", r.ClockOffset, r.RootDistance)
	}
	t.Logf("%v from session time, by its word at most %v", r.ClockOffset, r.RootDistance)
}
