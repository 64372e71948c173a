package server

import (
	"net"
	"strings"
	"testing"

	"github.com/downbeat-sync/downbeat/internal/testutil"
)

// TestAnyFreePort: a port that is free over TCP and taken over UDP isn't one that is asked for by 0.
func TestAnyFreePort(t *testing.T) {
	const host = "127.77.0.1" // nobody else's, so that no other test finds its ports taken
	for range 1000 {
		c, err := net.ListenPacket("udp", host+":0")
		if err != nil && strings.Contains(err.Error(), "assign requested address") {
			t.Skip("this machine's loopback network has one address")
		}
		testutil.Check(t, err)
		t.Cleanup(func() { _ = c.Close() })
	}
	cfg := Config{Addr: host + ":0"}
	for range 300 { // one of 28 ports is taken
		s, err := cfg.listen()
		testutil.Check(t, err)
		testutil.Check(t, s.close())
	}
}
