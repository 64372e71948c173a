package peer

import (
	"math"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/frame"
)

// told returns what a server's device is told once an exchange has been made.
func toldBy(t *testing.T, cfg Config) (clock.Map, clock.Estimate) {
	t.Helper()
	cfg.UDP, cfg.Now = loopbackUDP(t), sessionNow
	s, err := NewServer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	d := s.NewDevice(DeviceConfig{})
	for n := range uint64(30) {
		d.ws.begin(n, sessionNow())
		p := frame.Pong{Nonce: n, T2: deviceNow(), T3: deviceNow()}.Append(nil)
		if err := d.HandleFrame(p, s.cfg.Line(sessionNow()).At(sessionNow())); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
	d.mu.Lock()
	m := d.tell(sessionNow())
	d.mu.Unlock()
	return m, d.Status().Estimate
}

// TestUncertaintyIsTold: by how much session time itself may be off is in what devices are told, and in what
// is told of them.
func TestUncertaintyIsTold(t *testing.T) {
	off := clock.Uncertainty{Bound: 10 * time.Second, Hard: 20 * time.Second}
	with, known := toldBy(t, Config{Off: func(clock.SessionTime) clock.Uncertainty { return off }})
	if with.Bound < off.Bound || with.Hard < off.Hard || with.Growth < clock.Unheard {
		t.Errorf("the map's bounds are %v and %v", with.Bound, with.Hard)
	}
	if known.Bound < off.Bound || known.Hard < off.Hard {
		t.Errorf("the estimate's bounds are %v and %v", known.Bound, known.Hard)
	}
}

// TestLineIsTold: a device is told session time, though it is measured against the steady clock.
func TestLineIsTold(t *testing.T) {
	line := func(s clock.SessionTime) clock.Line {
		return clock.Line{Steady: s, Session: s.Add(time.Hour), Rate: 100e-6, Until: 1 << 62}
	}
	m, known := toldBy(t, Config{Line: line})
	if off := m.At(deviceNow()).Sub(sessionNow().Add(time.Hour)); off.Abs() > m.Hard+time.Millisecond {
		t.Errorf("the map is %v off", off)
	}
	if off := known.Offset - (deviceOffset - time.Hour); off.Abs() > known.Hard {
		t.Errorf("the offset is %v off", off)
	}
	if rate := m.Rate - 100e-6; rate < -90e-6 || rate > 90e-6 {
		t.Errorf("the map's rate is %v", m.Rate)
	}
}

// TestServerDiesInASlew: what a device was told while session time was slewed holds within its bound although it
// never hears that the slew is over.
func TestServerDiesInASlew(t *testing.T) {
	began := sessionNow()
	ends := began.Add(4 * time.Second)
	slew := clock.Line{Steady: began, Session: began, Rate: 50e-6, Until: ends}
	after := clock.Line{Steady: ends, Session: slew.At(ends), Until: math.MaxInt64}
	m, known := toldBy(t, Config{Line: func(s clock.SessionTime) clock.Line {
		if s < ends {
			return slew
		}
		return after
	}})
	for _, passed := range []time.Duration{5 * time.Second, 20 * time.Second, 2 * time.Minute} {
		steady := ends.Add(passed)
		at := clock.DeviceTime(steady.Add(deviceOffset))
		if err := m.At(at).Sub(after.At(steady)).Abs(); err > m.BoundAt(at) || err > m.HardAt(at) {
			t.Errorf("after %v the device is %v off, ± %v, hard %v", passed, err, m.BoundAt(at), m.HardAt(at))
		}
	}
	if bend := m.Growth - known.Map.Growth; math.Abs(bend-50e-6) > 1e-9 {
		t.Errorf("the bound grows by %v more than what is known of the device, want 50 ppm", bend)
	}
}

// TestEpochsOfServers: a device that comes from another server steps to what this one tells.
func TestEpochsOfServers(t *testing.T) {
	seen := map[uint16]bool{}
	for range 4 {
		m, _ := toldBy(t, Config{})
		seen[m.Epoch] = true
	}
	if len(seen) == 1 {
		t.Errorf("four servers begin with the same epoch")
	}
}
