package peer

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/transport/v5"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/testnet"
)

// TestNeighboursAddress: devices that name another one's address as their own candidate
// don't get any of its packets.
func TestNeighboursAddress(t *testing.T) {
	stolen := offerOf(t)
	synctest.Test(t, func(t *testing.T) {
		var nat *rebinding
		path := testnet.Constant(3 * time.Millisecond)
		s := newSimulatedOn(t, path, path, DeviceConfig{},
			func(device *testnet.Host) transport.Net { nat = &rebinding{Host: device, t: t}; return nat })
		defer s.close(t)
		s.connect(t, nil)
		s.waitConnected(t)
		time.Sleep(5 * time.Second)
		var offer strings.Builder
		offer.WriteString(stolen)
		for n, socket := range nat.sockets {
			port := socket.LocalAddr().(*net.UDPAddr).Port
			fmt.Fprintf(&offer, "a=candidate:%d 1 udp %d %s %d typ host\r\n", n, n+1, deviceIP, port)
		}
		ctx, stop := context.WithCancel(context.Background())
		var run sync.WaitGroup
		before := s.device.Status()
		for range 20 {
			thief := s.server.NewDevice(DeviceConfig{})
			run.Go(func() { thief.Run(ctx) })
			_, err := thief.Accept(t.Context(), offer.String())
			must(t, err)
			s.device.Resync() // which has it pinged many times at once
			time.Sleep(350 * time.Millisecond)
		}
		time.Sleep(2 * clock.PingTimeout)
		after := s.device.Status()
		if after.Lost != before.Lost || after.Sent < before.Sent+50 {
			t.Errorf("%d pings were sent, of which %d were lost", after.Sent-before.Sent, after.Lost-before.Lost)
		}
		stop()
		run.Wait()
	})
}
