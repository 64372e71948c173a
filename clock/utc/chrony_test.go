package utc

import (
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/internal/testutil"
)

// TestChrony follows four real servers, each a chronyd; one that knows no time
// is refused, and scripted liars are outvoted or refused.
func TestChrony(t *testing.T) {
	binary := testutil.Chronyd(t)
	var servers []string
	for range 4 {
		servers = append(servers, testutil.StartChronyd(t, binary, "local stratum 3"))
	}
	servers = append(servers, testutil.StartChronyd(t, binary, ""), serveNTP(t, 100*time.Second, nil),
		serveNTP(t, 400*ms, nil), serveNTP(t, 0, liars[0].script))
	b := newBehind(3 * time.Minute)
	d := b.on(t, true, servers...)
	until(t, d, "following four of eight", func(s Status) bool {
		answers := uint64(0)
		for _, server := range s.Servers[:4] {
			answers += server.Answers
		}
		return s.State == NTP && s.Used == 4 && answers > 100 && s.Servers[4].Refused[ReasonUnsynchronised] > 0 &&
			s.Servers[5].Falseticker && s.Servers[6].Falseticker && s.Servers[7].Refused[ReasonMismatch] > 0
	})
	for range 100 {
		if e, s := b.error().Abs(), d.Status(); e > s.RootDistance {
			t.Fatalf("error %v, root distance %v", e, s.RootDistance)
		}
		time.Sleep(10 * ms)
	}
	s := d.Status()
	t.Logf("error %v, root distance %v, delay %v", b.error(), s.RootDistance, s.Servers[0].Delay)
}
