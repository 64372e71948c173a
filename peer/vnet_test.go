package peer

import (
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/transport/v5"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/internal/testnet"
)

const (
	serverIP   = "10.0.0.1"
	deviceIP   = "10.0.0.2"
	strangerIP = "10.0.0.3"
)

// simulated is a rig over a virtual network, with clocks whose difference is
// known exactly.
type simulated struct {
	*rig
	net      *testnet.Network
	stranger *testnet.Host
	offset   func() time.Duration // true offset at present
}

const (
	skewPpm = 40
	seconds = 60
	// maxHard is half a round trip of 6 ms, what queued on top of it, and what
	// 200 ppm make of the 16 s that may lie between two pings.
	maxHard = 7 * time.Millisecond
)

func newSimulated(t *testing.T, toServer, toDevice testnet.Path, dc DeviceConfig) *simulated {
	t.Helper()
	return newSimulatedOn(t, toServer, toDevice, dc, func(device *testnet.Host) transport.Net { return device })
}

// newSimulatedOn has the client run on what wrap makes of its host.
func newSimulatedOn(t *testing.T, toServer, toDevice testnet.Path, dc DeviceConfig, wrap func(*testnet.Host) transport.Net) *simulated {
	t.Helper()
	n := testnet.New(t)
	server, device, stranger := n.Host(serverIP), n.Host(deviceIP), n.Host(strangerIP)
	n.Connect(deviceIP, serverIP, toServer, toDevice)
	n.Start()
	start := time.Now()
	session := func() clock.SessionTime {
		return clock.SessionTime(1_800_000_000_000_000_000).Add(time.Since(start))
	}
	local := func() clock.DeviceTime {
		e := time.Since(start)
		return clock.DeviceTime(77 * time.Second).Add(e + e*skewPpm/1e6)
	}
	udp, err := server.ListenPacket("udp4", net.JoinHostPort(serverIP, "7000"))
	must(t, err)
	r := newRig(t, Config{UDP: udp, Net: server, Now: session}, dc, DialConfig{Net: wrap(device), Now: local})
	return &simulated{rig: r, net: n, stranger: stranger, offset: func() time.Duration {
		return time.Duration(int64(local()) - int64(session()))
	}}
}

func (s *simulated) close(t *testing.T) {
	s.rig.close()
	synctest.Wait()
	s.net.Close()
}

// TestOffsetInFakeTime runs a minute of a device's life over a network with
// queues, and checks every second what only a simulation knows.
func TestOffsetInFakeTime(t *testing.T) {
	first := offsetsInFakeTime(t)
	if second := offsetsInFakeTime(t); !slices.Equal(first, second) {
		t.Errorf("the second run tells other offsets:\n%v\n%v", first, second)
	}
}

func offsetsInFakeTime(t *testing.T) (offsets []time.Duration) {
	synctest.Test(t, func(t *testing.T) {
		s := newSimulated(t,
			testnet.Queueing(1, 3*time.Millisecond, 50*time.Microsecond),
			testnet.Queueing(2, 3*time.Millisecond, 90*time.Microsecond),
			DeviceConfig{})
		defer s.close(t)
		s.connect(t, nil)
		s.waitConnected(t)
		outside := 0
		for range seconds {
			time.Sleep(time.Second)
			st := s.device.Status()
			if !checkTruth(t, st, s.offset()) {
				outside++
			}
			offsets = append(offsets, st.Estimate.Offset)
		}
		if outside > seconds/20 {
			t.Errorf("outside of the 99 %% bound %d times of %d", outside, seconds)
		}
		checkClient(t, s)
	})
	return offsets
}

// checkTruth holds an estimate against the true offset: the hard bound must hold,
// and it returns whether the other does.
func checkTruth(t *testing.T, st Status, truth time.Duration) bool {
	t.Helper()
	e := st.Estimate
	if st.Path != PathUDP || !e.Map.Valid {
		t.Fatalf("path %q, state %v", st.Path, e.State)
	}
	off := (e.Offset - truth).Abs()
	if off > e.Hard || e.Bound > e.Hard || e.Hard > maxHard {
		t.Errorf("offset is off by %v, bound %v, hard bound %v", off, e.Bound, e.Hard)
	}
	return off <= e.Bound
}

// checkClient holds the client's session time against the server's.
func checkClient(t *testing.T, s *simulated) {
	t.Helper()
	now, ok := s.client.Clock().Now()
	if !ok {
		t.Fatal("the client has no map")
	}
	if off, bound := now.Sub(s.server.cfg.Now()).Abs(), s.client.Clock().Bound(); off > bound {
		t.Errorf("the client's session time is off by %v, bound %v", off, bound)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
