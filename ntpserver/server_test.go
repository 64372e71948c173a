package ntpserver

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/beevik/ntp"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/testutil"
)

// ahead is by how much the tests' session time is ahead of this machine's clock.
const ahead = 2 * time.Millisecond

func fast() time.Time { return time.Now().Add(ahead) }

// run answers on loopback until the test ends.
func run(t testing.TB, allow func() bool) (*Server, *clock.Source, string) {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	testutil.Check(t, err)
	source := clock.NewSource(fast)
	s := New(Config{
		Conn: conn, Source: source, Now: fast, Allow: func(netip.Addr) bool { return allow() },
		Quality: func() Quality { return Quality{Stratum: 10, Reference: [4]byte{'L', 'O', 'C', 'L'}} },
	})
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	return s, source, conn.LocalAddr().String()
}

func always() bool { return true }

// ask asks a server for its time: the answer's ClockOffset is how far that is from session time, its RootDistance how
// far it may be by the server's word.
func ask(t testing.TB, source *clock.Source, address string, version int) *ntp.Response {
	t.Helper()
	now := func() time.Time { return time.Unix(0, int64(source.Now())) }
	r, err := ntp.QueryWithOptions(address, ntp.QueryOptions{Timeout: 5 * time.Second, GetSystemTime: now, Version: version})
	testutil.Check(t, err)
	testutil.Check(t, r.Validate())
	return r
}

// TestQuery asks as small devices do.
func TestQuery(t *testing.T) {
	s, source, address := run(t, always)
	for version := 3; version <= 4; version++ { // the client knows no others
		for range 20 {
			if r := ask(t, source, address, version); r.ClockOffset.Abs() > r.RootDistance {
				t.Errorf("version %d: %v off, by its word at most %v", version, r.ClockOffset, r.RootDistance)
			}
		}
	}
	testutil.Eventually(t, "40 answers to be counted", func() bool { return s.Counts()[Answered] == 40 })
}

// TestDropped: what is no query gets no answer and is counted; one is answered by no more bytes than it has.
func TestDropped(t *testing.T) {
	var few atomic.Int32
	few.Store(1)
	s, _, address := run(t, func() bool { return few.Add(-1) >= 0 })
	conn, err := net.Dial("udp", address)
	testutil.Check(t, err)
	defer conn.Close()
	for _, packet := range [][]byte{
		asked(4, 3, 47), asked(4, 3, 68), asked(5, 3, Size), asked(4, 1, Size), asked(4, 6, 12), asked(4, 6, Size), asked(2, 7, Size),
		asked(1, 3, Size), asked(4, 3, Size), // the second one is one too many
	} {
		_, err := conn.Write(packet)
		testutil.Check(t, err)
	}
	want := map[Outcome]uint64{Short: 2, Extended: 1, OtherVersion: 1, OtherMode: 3, Answered: 1, Limited: 1}
	testutil.Eventually(t, "all to be counted", func() bool {
		got := s.Counts()
		for outcome, n := range want {
			if got[outcome] != n {
				return false
			}
		}
		return true
	})
	b := make([]byte, 2048)
	if n, err := conn.Read(b); err != nil || n != Size || b[0] != 1<<3|4 {
		t.Errorf("%x, %v", b[:n], err)
	}
	testutil.Check(t, conn.SetReadDeadline(time.Now().Add(20*time.Millisecond)))
	if n, err := conn.Read(b); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a second answer: %x, %v", b[:n], err)
	}
}
