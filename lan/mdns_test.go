package lan

import (
	"bytes"
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/mdns/v2"
)

// TestAnnouncement asks over the loopback interface, by multicast, as another
// program on this machine would: for the name, and for HTTPS servers.
func TestAnnouncement(t *testing.T) {
	a := Announcement{Port: 8443, Only: netip.MustParseAddr("127.0.0.1"), loopback: true}
	asking, err := a.open()
	if err != nil {
		t.Skip("no multicast here: ", err)
	}
	defer closeMDNS(asking)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); a.Run(ctx) }()
	defer func() { stop(); <-done }()
	limit, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	_, at, err := asking.QueryAddr(limit, LocalName)
	if err != nil || at.Unmap().WithZone("") != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("%s is %v, %v", LocalName, at, err)
	}
	found := make(chan mdns.ServiceInstance, 1)
	asking.OnServiceDiscovered(func(e mdns.ServiceEvent) {
		select {
		case found <- e.Instance:
		default:
		}
	})
	check(t, asking.Browse(limit, "_https._tcp"))
	select {
	case s := <-found:
		if s.Port != 8443 || s.Instance != "Downbeat" {
			t.Errorf("found %+v", s)
		}
	case <-limit.Done():
		t.Error("no HTTPS server was found")
	}
}

// TestAnnouncementGivesWay to a machine that has the name already.
func TestAnnouncementGivesWay(t *testing.T) {
	first := Announcement{Port: 8443, Only: netip.MustParseAddr("127.0.0.1"), loopback: true, Log: slog.New(slog.DiscardHandler)}
	conn := first.answer(t.Context(), []netip.Addr{first.Only})
	if conn == nil {
		t.Skip("no multicast here")
	}
	defer closeMDNS(conn)
	var said bytes.Buffer
	second := Announcement{Port: 8443, Only: netip.MustParseAddr("127.0.0.2"), loopback: true, Log: slog.New(slog.NewTextHandler(&said, nil))}
	if conn := second.answer(t.Context(), []netip.Addr{second.Only}); conn != nil {
		t.Error("two machines answer to one name")
		closeMDNS(conn)
	}
	if !strings.Contains(said.String(), "addr=127.0.0.1") {
		t.Errorf("said %q", said.String())
	}
}
