package peer

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// deviceOffset is by how much the devices' clocks are ahead in real-socket
// tests: both sides read the same monotonic clock, so it is exact.
const deviceOffset = 1234567 * time.Microsecond

var processStart = time.Now()

func sessionNow() clock.SessionTime {
	return clock.SessionTime(1_800_000_000_000_000_000).Add(time.Since(processStart))
}

func deviceNow() clock.DeviceTime {
	return clock.DeviceTime(sessionNow()).Add(deviceOffset)
}

// rig is a Server with one Device and one Client, run until the test ends.
type rig struct {
	server *Server
	device *Device
	client *Client
	run    sync.WaitGroup
	cancel context.CancelFunc
}

func newRig(t testing.TB, sc Config, dc DeviceConfig, cc DialConfig) *rig {
	t.Helper()
	if sc.Now == nil {
		sc.Now, cc.Now = sessionNow, deviceNow
	}
	if sc.UDP == nil {
		sc.UDP = loopbackUDP(t)
	}
	if sc.Net != nil { // simulated: let it repeat itself
		sc.Seed = func() uint64 { return 1 }
	}
	server, err := NewServer(sc)
	if err != nil {
		t.Fatal(err)
	}
	client, err := NewClient(cc)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{server: server, device: server.NewDevice(dc), client: client}
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	r.run.Go(func() { r.device.Run(ctx) })
	t.Cleanup(func() {
		r.close()
		if f := server.filter; len(f.agents)+len(f.sources) != 0 {
			t.Errorf("%d connections and %d addresses are remembered", len(f.agents), len(f.sources))
		}
	})
	return r
}

// close undoes everything; twice does no harm.
func (r *rig) close() {
	_ = r.client.Close()
	r.cancel()
	r.run.Wait()
	_ = r.server.Close()
}

// connect takes one offer to the server and the answer back, edited.
func (r *rig) connect(t testing.TB, edit func(answer string) string) {
	t.Helper()
	offer, err := r.client.Offer()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := r.device.Accept(context.Background(), offer)
	if err != nil {
		t.Fatal(err)
	}
	if edit != nil {
		answer = edit(answer)
	}
	if err := r.client.Answer(answer); err != nil {
		t.Fatal(err)
	}
}

func (r *rig) waitConnected(t testing.TB) {
	t.Helper()
	select {
	case <-r.client.Connected():
	case <-time.After(20 * time.Second):
		t.Fatal("no ping of the data channel came within 20 s")
	}
}

func loopbackUDP(t testing.TB) net.PacketConn {
	t.Helper()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// eventually polls what no event announces.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("not within 20 s: " + what)
		}
	}
}
