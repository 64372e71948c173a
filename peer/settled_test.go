package peer

import (
	"net"
	"testing"
)

// overTCP returns how many connections over TCP the only device has.
func (r *rig) overTCP() (n int) {
	f := r.server.filter
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.agents {
		n += a.tcp
	}
	return n
}

func (r *rig) settle() *link {
	r.device.mu.Lock()
	l := r.device.link
	r.device.mu.Unlock()
	l.settled()
	return l
}

// onTCP returns a rig whose server has a port of TCP too.
func onTCP(t *testing.T, cc DialConfig) *rig {
	t.Helper()
	tcp, err := net.Listen("tcp4", "127.0.0.1:0")
	must(t, err)
	r := newRig(t, Config{TCP: tcp}, DeviceConfig{}, cc)
	r.connect(t, nil)
	r.waitConnected(t)
	eventually(t, "a connection over TCP", func() bool { return r.overTCP() > 0 })
	return r
}

// TestSettledOnUDP: a device that has settled on UDP keeps nothing over TCP, gets nothing over it
// again, and goes on being measured.
func TestSettledOnUDP(t *testing.T) {
	var r *rig
	for range 4 { // see TestUDPIsPreferred
		r = onTCP(t, DialConfig{})
		eventually(t, "a map", func() bool { return r.device.Status().Estimate.Map.Valid })
		if r.device.Status().Path == PathUDP {
			break
		}
	}
	r.settle()
	eventually(t, "TCP to be closed", func() bool { return r.overTCP() == 0 })
	f := r.server.filter
	f.mu.Lock()
	var at source
	for s := range f.sources {
		at = s
	}
	f.mu.Unlock()
	if f.connected(at) != nil {
		t.Error("it may connect over TCP again")
	}
	before := r.device.Status()
	r.device.Burst(sessionNow().Add(1e8))
	eventually(t, "pongs", func() bool {
		s := r.device.Status()
		return s.Sent >= before.Sent+4 && s.Lost == before.Lost
	})
	if s := r.device.Status(); s.Path != PathUDP {
		t.Errorf("the path is %s", s.Path)
	}
}

// TestSettledOnTCP: a device without UDP keeps what it has.
func TestSettledOnTCP(t *testing.T) {
	r := onTCP(t, DialConfig{TCPOnly: true})
	l := r.settle()
	if r.overTCP() == 0 {
		t.Error("TCP is closed")
	}
	l.close()
	if l.settling.Stop() {
		t.Error("its timer outlives it")
	}
}
