//go:build unix

package peer

import (
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// BenchmarkChecks measures what 10,000 authenticated ICE checks from new ports cost
// this process, the sending included, while the device that they are of goes on
// being measured.
func BenchmarkChecks(b *testing.B) {
	const checks = 10_000
	var used, took time.Duration
	var exchanges atomic.Int64
	runs := 0
	for b.Loop() {
		r := newRig(b, Config{}, DeviceConfig{OnExchange: func(Path, clock.Exchange) { exchanges.Add(1) }}, DialConfig{})
		h := connectHostile(b, r)
		r.waitConnected(b)
		exchanges.Store(0)
		msg, start, before := h.check(b), time.Now(), processor(b)
		for range checks {
			h.fromNewPort(b, msg)
		}
		took += time.Since(start)
		settle(b)
		used += processor(b) - before
		runs++
		r.close()
	}
	b.ReportMetric(used.Seconds()/float64(runs), "s-processor")
	b.ReportMetric(took.Seconds()/float64(runs), "s-sending")
	b.ReportMetric(float64(exchanges.Load()), "exchanges")
}

// settle waits until this process has hardly anything to do.
func settle(b *testing.B) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for last := processor(b); ; {
		<-tick.C
		now := processor(b)
		if now-last < 10*time.Millisecond {
			return
		}
		last = now
	}
}

// processor returns how much of the processor this process has used.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
