package server

import (
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/utc"
	"github.com/downbeat-sync/downbeat/reference"
)

// TestContradiction: a reference whose session time isn't where this instance's own NTP servers can
// have UTC is told apart from one that merely isn't exact.
func TestContradiction(t *testing.T) {
	const ms = time.Millisecond
	for name, c := range map[string]struct {
		utc  utc.Status
		own  reference.Status
		want time.Duration
	}{
		"within":                  {utc.Status{State: utc.NTP, Offset: 5 * ms, RootDistance: 15 * ms}, reference.Status{Path: "udp"}, 0},
		"outside":                 {utc.Status{State: utc.NTP, Offset: 40 * ms, RootDistance: 50 * ms}, reference.Status{Path: "udp"}, 30 * ms},
		"outside, behind":         {utc.Status{State: utc.NTP, Offset: -40 * ms, RootDistance: 50 * ms}, reference.Status{Path: "udp"}, 30 * ms},
		"not sure of itself":      {utc.Status{State: utc.NTP, Offset: 40 * ms, RootDistance: 50 * ms}, reference.Status{Path: "udp", Off: clock.Uncertainty{Bound: 31 * ms}}, 0},
		"still being slewed":      {utc.Status{State: utc.NTP, Offset: 40 * ms, RootDistance: 50 * ms}, reference.Status{Path: "udp", Behind: -31 * ms}, 0},
		"it is the reference":     {utc.Status{State: utc.NTP, Offset: 40 * ms, RootDistance: 50 * ms}, reference.Status{Holds: true}, 0},
		"the reference is silent": {utc.Status{State: utc.NTP, Offset: 40 * ms, RootDistance: 50 * ms}, reference.Status{}, 0},
		"no majority":             {utc.Status{State: utc.Holdover, Offset: 40 * ms, RootDistance: 50 * ms}, reference.Status{Path: "udp"}, 0},
	} {
		if got := contradiction(c.utc, c.own); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestReachable(t *testing.T) {
	got := reachable(net.ParseIP("127.0.0.1"), 8080, []string{"203.0.113.7"})
	if want := []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:8080"), netip.MustParseAddrPort("203.0.113.7:8080")}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := reachable(net.ParseIP("::"), 8080, nil); len(got) == 0 {
		t.Error("a socket of all addresses is reached at none")
	}
}
