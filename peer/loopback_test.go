package peer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/downbeat-sync/downbeat/clock"
)

func TestLoopbackUDP(t *testing.T) {
	fromServer, fromClient := make(chan string, 100), make(chan string, 100)
	r := newRig(t, Config{},
		DeviceConfig{OnControl: func(b []byte) { fromClient <- string(b) }},
		DialConfig{OnControl: func(b []byte) { fromServer <- string(b) }})
	r.connect(t, nil)
	r.waitConnected(t)
	eventually(t, "first pong", func() bool { return r.device.Status().FirstPong != 0 })

	eventually(t, "control channel", func() bool { return r.device.SendControl([]byte("go")) == nil })
	if got := <-fromServer; got != "go" {
		t.Errorf("the client got %q", got)
	}
	big := strings.Repeat("x", 60_000)
	for _, want := range []string{"ready", big, "again"} {
		if err := r.client.SendControl([]byte(want)); err != nil {
			t.Fatal(err)
		}
		if got := <-fromClient; got != want {
			t.Errorf("the server got %d bytes, want %d", len(got), len(want))
		}
	}
}

func TestLoopbackTCP(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, Config{TCP: l}, DeviceConfig{}, DialConfig{TCPOnly: true})
	r.connect(t, nil)
	r.waitConnected(t)
	eventually(t, "map over TCP", func() bool {
		s := r.device.Status()
		return s.Path == PathTCP && s.Estimate.Map.Valid
	})
	checkOffset(t, r)
}

// TestUDPIsPreferred listens as a server does that knows nothing of its network. pion takes the first pair that
// works, which on a busy machine may be TCP's now and then, but not again and again.
func TestUDPIsPreferred(t *testing.T) {
	var paths []Path
	for range 4 {
		udp, err := net.ListenPacket("udp", ":0")
		must(t, err)
		tcp, err := net.Listen("tcp", ":0")
		must(t, err)
		r := newRig(t, Config{UDP: udp, TCP: tcp}, DeviceConfig{}, DialConfig{})
		r.connect(t, nil)
		eventually(t, "a map", func() bool { return r.device.Status().Estimate.Map.Valid })
		path := r.device.Status().Path
		if path == PathUDP {
			return
		}
		paths = append(paths, path)
	}
	t.Errorf("paths %q, want %q", paths, PathUDP)
}

func TestOffsetOverLoopback(t *testing.T) {
	paths := make(chan Path, 10)
	r := newRig(t, Config{}, DeviceConfig{OnPath: func(p Path) { paths <- p }}, DialConfig{})
	r.connect(t, nil)
	if got := <-paths; got != PathUDP {
		t.Errorf("path %q, want %q", got, PathUDP)
	}
	eventually(t, "joining burst", func() bool { return r.device.Status().Estimate.State >= clock.Tracking })
	checkOffset(t, r)
	eventually(t, "map at the client", func() bool { _, ok := r.client.Clock().Now(); return ok })
	hard := r.client.Clock().Hard() // what causality guarantees; the 99 % bound may fail
	before := sessionNow()
	got, _ := r.client.Clock().Now()
	after := sessionNow()
	if got < before.Add(-hard) || got > after.Add(hard) {
		t.Errorf("client's session time is %v before, %v after the true one, hard bound %v", before.Sub(got), got.Sub(after), hard)
	}
}

// checkOffset checks what causality guarantees; the 99 % bound may fail.
func checkOffset(t *testing.T, r *rig) {
	t.Helper()
	e := r.device.Status().Estimate
	if d := (e.Offset - deviceOffset).Abs(); d > e.Hard {
		t.Errorf("offset is off by %v, hard bound %v", d, e.Hard)
	}
}

func TestAnswerHoldsCandidates(t *testing.T) {
	udp := loopbackUDP(t)
	port := udp.LocalAddr().(*net.UDPAddr).Port
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, Config{UDP: udp, TCP: l, Advertise: []string{"192.0.2.7", "198.51.100.9"}}, DeviceConfig{}, DialConfig{})
	offer, err := r.client.Offer()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(offer, "a=candidate") {
		t.Errorf("the offer waited for candidates:\n%s", offer)
	}
	answer, err := r.device.Accept(context.Background(), offer)
	if err != nil {
		t.Fatal(err)
	}
	for _, ip := range []string{"127.0.0.1", "192.0.2.7", "198.51.100.9"} {
		for _, want := range []string{
			fmt.Sprintf("%s %d typ host", ip, port),
			fmt.Sprintf("%s %d typ host tcptype passive", ip, l.Addr().(*net.TCPAddr).Port),
		} {
			if !strings.Contains(answer, want+" ufrag") {
				t.Errorf("%q is not in the answer\n%s", want, answer)
			}
		}
	}
}

func TestSecondOfferReplacesTheConnection(t *testing.T) {
	down := make(chan struct{}, 10)
	r := newRig(t, Config{}, DeviceConfig{}, DialConfig{OnDown: func() { down <- struct{}{} }})
	r.connect(t, nil)
	r.waitConnected(t)
	eventually(t, "first pong", func() bool { return r.device.Status().FirstPong != 0 })
	r.connect(t, nil)
	eventually(t, "control of the second", func() bool { return r.client.SendControl([]byte("x")) == nil })
	sent := r.device.Status().Sent
	eventually(t, "pings on the second", func() bool { return r.device.Status().Sent > sent })
	if len(down) != 0 {
		t.Error("OnDown was called for a connection that was given up on purpose")
	}
}

func TestClosedByTheServer(t *testing.T) {
	down := make(chan struct{})
	r := newRig(t, Config{}, DeviceConfig{}, DialConfig{OnDown: func() { close(down) }})
	r.connect(t, nil)
	r.waitConnected(t)
	r.cancel()
	r.run.Wait()
	<-down
	if _, err := r.device.Accept(context.Background(), offerOf(t)); !errors.Is(err, ErrClosed) {
		t.Errorf("Accept after Run: %v, want ErrClosed", err)
	}
	if err := r.device.SendControl(nil); !errors.Is(err, ErrNoControl) {
		t.Errorf("SendControl after Run: %v, want ErrNoControl", err)
	}
}

// TestCloseWhileConnecting ends both sides at a moment when pion is busy.
func TestCloseWhileConnecting(t *testing.T) {
	for range 3 {
		r := newRig(t, Config{}, DeviceConfig{}, DialConfig{})
		r.connect(t, nil)
		r.close()
	}
}

func TestNewServerRefuses(t *testing.T) {
	tests := map[string]Config{
		"nothing":     {},
		"no clock":    {UDP: loopbackUDP(t)},
		"a host name": {UDP: loopbackUDP(t), Now: sessionNow, Advertise: []string{"example.org"}},
	}
	for name, cfg := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := NewServer(cfg); err == nil {
				t.Error("no error")
			}
			if cfg.UDP == nil {
				return
			}
			if _, err := cfg.UDP.WriteTo(nil, cfg.UDP.LocalAddr()); !errors.Is(err, net.ErrClosed) {
				t.Errorf("the socket was left open: %v", err)
			}
		})
	}
}

// offerOf returns an offer that nobody will follow up.
func offerOf(t testing.TB) string {
	t.Helper()
	c, err := NewClient(DialConfig{Now: deviceNow})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	offer, err := c.Offer()
	if err != nil {
		t.Fatal(err)
	}
	return offer
}
