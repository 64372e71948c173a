package peer

import (
	"log/slog"
	"math"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/transport/v5/vnet"

	"github.com/downbeat-sync/downbeat/clock"
)

const (
	serverIP = "10.0.0.1"
	deviceIP = "10.0.0.2"
)

// network is a virtual one between a server and a device, for use in a bubble.
type network struct {
	router         *vnet.Router
	server, device *vnet.Net
	filters        []*vnet.DelayFilter
}

// conditions of one direction at one instant. They are functions of time, so
// that a run repeats itself even where goroutines change places.
type conditions struct {
	delay func(at time.Time) time.Duration
	lost  func(at time.Time) bool
}

func newNetwork(t *testing.T, toServer, toDevice conditions) *network {
	t.Helper()
	router, err := vnet.NewRouter(&vnet.RouterConfig{
		CIDR: "10.0.0.0/24", LoggerFactory: logFactory{slog.New(slog.DiscardHandler)},
	})
	must(t, err)
	n := &network{router: router}
	n.server = n.add(t, serverIP, toServer)
	n.device = n.add(t, deviceIP, toDevice)
	must(t, router.Start())
	return n
}

// add puts a host behind a filter that delays what goes to it.
func (n *network) add(t *testing.T, ip string, c conditions) *vnet.Net {
	t.Helper()
	host, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{ip}})
	must(t, err)
	filter, err := vnet.NewDelayFilter(host)
	must(t, err)
	must(t, n.router.AddNet(filter))
	n.filters = append(n.filters, filter)
	n.router.AddChunkFilter(func(chunk vnet.Chunk) bool {
		if chunk.DestinationAddr().(*net.UDPAddr).IP.String() != ip {
			return true
		}
		now := time.Now()
		filter.SetDelay(c.delay(now))
		return c.lost == nil || !c.lost(now)
	})
	return host
}

// close ends the network's goroutines; nothing may be sent any more.
func (n *network) close(t *testing.T) {
	t.Helper()
	must(t, n.router.Stop())
	synctest.Wait()
	for _, f := range n.filters {
		must(t, f.Close())
	}
}

// constant is a delay without queueing.
func constant(d time.Duration) func(time.Time) time.Duration {
	return func(time.Time) time.Duration { return d }
}

// uniform returns a number of [0, 1) that depends on seed and at alone.
func uniform(seed uint64, at time.Time) float64 {
	z := seed*0x9e3779b97f4a7c15 + uint64(at.UnixNano())
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return float64((z^z>>31)>>11) / (1 << 53)
}

// queueing is a floor and an exponential queue upon it.
func queueing(seed uint64, floor, mean time.Duration) func(time.Time) time.Duration {
	return func(at time.Time) time.Duration {
		return floor + time.Duration(-math.Log(1-uniform(seed, at))*float64(mean))
	}
}

// simulated is a rig over a virtual network, with clocks whose difference is
// known exactly.
type simulated struct {
	*rig
	net    *network
	offset func() time.Duration // true offset at present
}

const (
	skewPpm = 40
	seconds = 60
	// maxHard is half a round trip of 6 ms, what queued on top of it, and what
	// 200 ppm make of the 16 s that may lie between two pings.
	maxHard = 7 * time.Millisecond
)

func newSimulated(t *testing.T, toServer, toDevice conditions, dc DeviceConfig) *simulated {
	t.Helper()
	n := newNetwork(t, toServer, toDevice)
	start := time.Now()
	session := func() clock.SessionTime {
		return clock.SessionTime(1_800_000_000_000_000_000).Add(time.Since(start))
	}
	device := func() clock.DeviceTime {
		e := time.Since(start)
		return clock.DeviceTime(77 * time.Second).Add(e + e*skewPpm/1e6)
	}
	udp, err := n.server.ListenPacket("udp4", net.JoinHostPort(serverIP, "7000"))
	must(t, err)
	r := newRig(t, Config{UDP: udp, Net: n.server, Now: session}, dc, DialConfig{Net: n.device, Now: device})
	return &simulated{rig: r, net: n, offset: func() time.Duration {
		return time.Duration(int64(device()) - int64(session()))
	}}
}

func (s *simulated) close(t *testing.T) {
	s.rig.close()
	synctest.Wait()
	s.net.close(t)
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
			conditions{delay: queueing(1, 3*time.Millisecond, 50*time.Microsecond)},
			conditions{delay: queueing(2, 3*time.Millisecond, 90*time.Microsecond)},
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
