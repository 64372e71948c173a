package server

import (
	"testing"
	"time"

	"github.com/beevik/ntp"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/utc"
	"github.com/downbeat-sync/downbeat/internal/testutil"
	"github.com/downbeat-sync/downbeat/ntpserver"
	"github.com/downbeat-sync/downbeat/reference"
)

// askNTP asks the server for session time, and returns how far that is from what the server's own clock reads.
func askNTP(t *testing.T, s *Server) (r *ntp.Response, off time.Duration) {
	t.Helper()
	now := func() time.Time { return time.Unix(0, int64(s.clock.Now())) }
	r, err := ntp.QueryWithOptions(s.NTPAddr().String(), ntp.QueryOptions{Timeout: 5 * time.Second, GetSystemTime: now})
	testutil.Check(t, err)
	testutil.Check(t, r.Validate())
	return r, r.ClockOffset
}

// TestNTPListen: a session time that is tied to nothing says so, and one that follows NTP servers how far it is from UTC.
func TestNTPListen(t *testing.T) {
	s, _ := started(t, Config{Addr: "127.0.0.1:0", NTPListen: "127.0.0.1:0"})
	if r, off := askNTP(t, s); r.Stratum != 10 || r.ReferenceID != 0x4c4f434c || off.Abs() > r.RootDistance {
		t.Errorf("%v off, %+v", off, r)
	}
	const ahead = 10 * time.Second
	s, url := started(t, Config{Addr: "127.0.0.1:0", NTPListen: "127.0.0.1:0", NTP: []string{serveNTP(t, ahead)}})
	r, off := askNTP(t, s)
	if least := s.ntp.Status().RootDistance; r.Stratum != 3 || r.ReferenceString() != "127.0.0.1" || off.Abs() > r.RTT || r.RootDispersion < least/2 {
		t.Errorf("%s: %v off, root distance %v, %+v", url, off, least, r)
	}
	utcNow := time.Now().Add(ahead)
	if off := r.Time.Sub(utcNow).Abs(); off > r.RootDistance+time.Second {
		t.Errorf("%v from UTC", off)
	}
	if n := s.ntpServer.Counts()[ntpserver.Answered]; n != 1 {
		t.Errorf("%d answers are counted", n)
	}
}

func TestNTPListenElsewhere(t *testing.T) {
	for _, at := range []string{"123", "127.0.0.1:ntpp", "192.0.2.1:123"} {
		if _, err := New(t.Context(), Config{Log: testutil.Quiet(), NTPListen: at}); err == nil {
			t.Errorf("%s is taken", at)
		}
	}
}

// TestNTPQuality: what is told is never better than what is known.
func TestNTPQuality(t *testing.T) {
	const ms = time.Millisecond
	local := [4]byte{'L', 'O', 'C', 'L'}
	servers := []utc.ServerStatus{{Address: "ntp.example", Stratum: 1}, {Address: "192.0.2.7:1123", Stratum: 2, Used: true}}
	followed := utc.Status{State: utc.NTP, RootDistance: 3 * ms, Servers: servers}
	leapt := utc.Status{State: utc.Holdover, RootDistance: 3 * ms, Leaps: -time.Second}
	off := clock.Uncertainty{Bound: ms, Hard: 2 * ms}
	for name, c := range map[string]struct {
		got, want ntpserver.Quality
	}{
		"no servers":       {qualityAlone(utc.Status{}), ntpserver.Quality{Stratum: 10, Reference: local}},
		"no majority":      {qualityAlone(utc.Status{State: utc.Local, Servers: servers}), ntpserver.Quality{Stratum: 10, Reference: local}},
		"followed":         {qualityAlone(followed), ntpserver.Quality{Stratum: 3, Reference: [4]byte{192, 0, 2, 7}, Dispersion: 3 * ms}},
		"after a leap":     {qualityAlone(leapt), ntpserver.Quality{Stratum: 15, Reference: referenceID(""), Dispersion: time.Second + 3*ms}},
		"not known yet":    {qualityAmong(followed, reference.Status{Off: off}), ntpserver.Quality{}},
		"the reference":    {qualityAmong(utc.Status{}, reference.Status{Known: true, Holds: true}), ntpserver.Quality{Stratum: 10, Reference: local}},
		"nobody is heard":  {qualityAmong(utc.Status{}, reference.Status{Known: true, Off: off}), ntpserver.Quality{Stratum: 15, Reference: referenceID(""), Dispersion: 2 * ms}},
		"follows, no UTC":  {qualityAmong(utc.Status{}, reference.Status{Known: true, Path: "udp", Stratum: 2, Distance: -1, Off: off}), ntpserver.Quality{Stratum: 11, Reference: referenceID(""), Dispersion: 2 * ms}},
		"follows, and UTC": {qualityAmong(utc.Status{}, reference.Status{Known: true, Path: "udp", Stratum: 4, Distance: 5 * ms, Off: off}), ntpserver.Quality{Stratum: 4, Reference: referenceID(""), Dispersion: 7 * ms}},
	} {
		if c.got != c.want {
			t.Errorf("%s: %+v, want %+v", name, c.got, c.want)
		}
	}
	if referenceID("[2001:db8::1]:123") != referenceID("2001:db8::1") || referenceID("a") == referenceID("b") {
		t.Error("reference ids don't tell addresses apart")
	}
}
