package peer

import (
	"slices"
	"testing"
	"time"
)

// BenchmarkExchange measures round trips of clock frames over loopback, each
// ping sent when the pong before it has come.
func BenchmarkExchange(b *testing.B) {
	r := newRig(b, Config{}, DeviceConfig{}, DialConfig{})
	p := newProber(b, r, nil)
	defer p.link.close()
	b.ReportAllocs()
	for b.Loop() {
		p.ping(b)
		select {
		case <-p.back:
		case <-time.After(time.Second): // lost
		}
	}
	b.StopTimer()
	reportRTTs(b, p, "us", time.Microsecond)
}

// BenchmarkLossyExchange measures them over a relay of 10 ms and 5 % loss each
// way, one ping every 5 ms.
func BenchmarkLossyExchange(b *testing.B) {
	udp := loopbackUDP(b)
	relay := newRelay(b, udp.LocalAddr(), 10*time.Millisecond, 0.05)
	r := newRig(b, Config{UDP: udp}, DeviceConfig{}, DialConfig{})
	p := newProber(b, r, relay.edit)
	defer p.link.close()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	pings := 0
	for b.Loop() {
		<-tick.C
		p.ping(b)
		pings++
	}
	b.StopTimer()
	<-time.After(time.Second) // for the last
	reportRTTs(b, p, "ms", time.Millisecond)
	b.ReportMetric(100*float64(len(p.sorted()))/float64(pings), "delivered-%")
}

// BenchmarkJoin measures from the offer to the first pong over the data
// channel, over loopback.
func BenchmarkJoin(b *testing.B) {
	var took []time.Duration
	for b.Loop() {
		r := newRig(b, Config{}, DeviceConfig{}, DialConfig{})
		start := time.Now()
		p := newProber(b, r, nil)
		p.ping(b)
		<-p.back
		took = append(took, time.Since(start))
		p.link.close()
		r.close()
	}
	slices.Sort(took)
	report(b, took, "ms-join", time.Millisecond)
}

func reportRTTs(b *testing.B, p *prober, name string, unit time.Duration) {
	b.Helper()
	if rtts := p.sorted(); len(rtts) > 0 {
		report(b, rtts, name+"-rtt", unit)
	}
}

func report(b *testing.B, all []time.Duration, name string, unit time.Duration) {
	b.Helper()
	for _, q := range []struct {
		suffix string
		of     float64
	}{{"-p50", 0.50}, {"-p95", 0.95}, {"-p99", 0.99}} {
		b.ReportMetric(float64(quantile(all, q.of))/float64(unit), name+q.suffix)
	}
}
