package ntpserver

import (
	"fmt"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/beevik/ntp"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/testutil"
)

// follower is a chronyd that has only this server, and whose own time is asked for in turn.
func follower(t testing.TB, poll int) (*clock.Source, string) {
	t.Helper()
	binary := testutil.Chronyd(t)
	_, source, address := run(t, always)
	host, port, _ := net.SplitHostPort(address)
	at := testutil.StartChronyd(t, binary, fmt.Sprintf("server %s port %s iburst minpoll %d maxpoll %d", host, port, poll, poll))
	testutil.Eventually(t, "chronyd to follow", func() bool {
		r, err := ntp.QueryWithOptions(at, ntp.QueryOptions{Timeout: time.Second})
		return err == nil && r.Stratum == 11 && r.Leap != ntp.LeapNotInSync
	})
	return source, at
}

// TestChronyFollows: chronyd takes session time for good, and is no farther from it than it says. Its word is ours, its
// own distance from us, and the way from it to here.
func TestChronyFollows(t *testing.T) {
	source, chronyd := follower(t, -3)
	for deadline := time.Now().Add(4 * time.Second); time.Now().Before(deadline); {
		if r := ask(t, source, chronyd, 4); r.ClockOffset.Abs() > r.RootDistance {
			t.Fatalf("chronyd is %v from session time, by its word at most %v", r.ClockOffset, r.RootDistance)
		}
		testutil.Pause(t.Context(), 50*time.Millisecond)
	}
}

// BenchmarkChrony tells how far from session time a chronyd is that has followed it for 5 minutes, over the last of them:
// of ten queries, the one that came back soonest tells it best.
func BenchmarkChrony(b *testing.B) {
	for range b.N {
		source, chronyd := follower(b, 2)
		if !testutil.Pause(b.Context(), 4*time.Minute) {
			b.Fatal("ended early")
		}
		var offs []time.Duration
		outside := 0
		for range 60 {
			best := ask(b, source, chronyd, 4)
			for range 9 {
				r := ask(b, source, chronyd, 4)
				if r.ClockOffset.Abs() > r.RootDistance {
					outside++
				}
				if r.RTT < best.RTT {
					best = r
				}
				testutil.Pause(b.Context(), 100*time.Millisecond)
			}
			offs = append(offs, best.ClockOffset.Abs())
		}
		slices.Sort(offs)
		b.ReportMetric(testutil.Us(offs[len(offs)/2]), "µs-p50")
		b.ReportMetric(testutil.Us(offs[len(offs)*95/100]), "µs-p95")
		b.ReportMetric(100*float64(outside)/540, "%-outside")
	}
}
