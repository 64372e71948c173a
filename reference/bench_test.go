package reference

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// BenchmarkLoopback tells how far the session times of two instances are apart whose clocks are
// 100 ms and 40 ppm off each other, over real UDP on loopback: from a minute after the second has
// stepped on, for half a minute. It takes a minute and a half.
func BenchmarkLoopback(b *testing.B) {
	store := newMemory()
	one, two := onLoopback(b, store, 50*time.Millisecond, 20), onLoopback(b, store, -50*time.Millisecond, -20)
	for _, in := range []*instance{one, two} {
		<-in.Known()
	}
	time.Sleep(time.Minute)
	if two.Holds() {
		one, two = two, one
	}
	var errs, bounds []time.Duration
	outside := 0
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		t := time.Now()
		err := two.source.At(two.at(t)).Sub(one.source.At(one.at(t))).Abs()
		bound := two.source.Uncertainty(two.source.Local(two.at(t))).Bound
		errs, bounds = append(errs, err), append(bounds, bound)
		if err > bound {
			outside++
		}
	}
	for b.Loop() { // it is measured once
	}
	b.ReportMetric(float64(p95(errs))/1e3, "us-err-p95")
	b.ReportMetric(float64(p95(bounds))/1e3, "us-bound-p95")
	b.ReportMetric(100*float64(outside)/float64(len(errs)), "%-outside")
	b.ReportMetric(0, "ns/op")
}

// onLoopback runs an instance with a socket of its own until the benchmark ends.
func onLoopback(b *testing.B, store *memory, ahead time.Duration, ppm float64) *instance {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.Fatal(err)
	}
	in := &instance{name: conn.LocalAddr().String(), at: drift(ahead, ppm)}
	in.now = func() time.Time { return in.at(time.Now()) }
	in.source = clock.NewSource(in.now)
	in.Keeper, err = New(Config{
		Instance: in.name, Addresses: []netip.AddrPort{conn.LocalAddr().(*net.UDPAddr).AddrPort()}, Source: in.source, Now: in.now,
		Store: view{store, in}, Step: in.step,
		Send: func(p []byte, to netip.AddrPort) error { _, err := conn.WriteToUDPAddrPort(p, to); return err },
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { in.Run(ctx) })
	running.Go(func() {
		for p := make([]byte, 1500); ; {
			n, from, err := conn.ReadFromUDPAddrPort(p)
			if err != nil {
				return
			}
			in.Packet(p[:n], func(answer []byte) { _, _ = conn.WriteToUDPAddrPort(answer, from) })
		}
	})
	b.Cleanup(func() { cancel(); _ = conn.Close(); running.Wait() })
	return in
}
