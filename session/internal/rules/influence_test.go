package rules

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

// TestOneDeviceDoesntHoldUpAll: whatever one of the devices sends, and however late its pongs
// come, a command's lead is no more than MaxPull above what the others need, or maxPullOfTwo.
func TestOneDeviceDoesntHoldUpAll(t *testing.T) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		upTo := func(d time.Duration) time.Duration { return time.Duration(random.Int64N(int64(d))) }
		b := newBench(t)
		n, pull := 2+random.IntN(6), MaxPull
		if n == 2 {
			pull = maxPullOfTwo
		}
		links := map[string]Link{}
		for i := range n {
			b.join(fmt.Sprint(i), []string{"mobile", "native"}[i%2], t0)
			links[fmt.Sprint("d-", i)] = Link{upTo(200 * time.Millisecond), upTo(50 * time.Millisecond)}
		}
		links["d-0"] = Link{upTo(time.Minute), upTo(time.Minute)} // the one
		const least, most = 100 * time.Millisecond, 5 * time.Second
		now := after(time.Second)
		for i := range 12 {
			given := Lead(b.State, links, least, most)
			others := time.Duration(0)
			for _, need := range b.Needs(links) {
				if need.DeviceID != "d-0" {
					others = max(others, need.Lead)
				}
			}
			if limit := max(least, min(most, others+pull+time.Duration(n)*fanOut+time.Microsecond)); given > limit {
				t.Fatalf("seed %d: the lead is %v, the others need %v", seed, given, others)
			}
			id := fmt.Sprint("c", i)
			b.do(Schedule(b.State, CommandRecord{ID: id, Event: wire.Command}, When{Lead: given}, now))
			for d := range n {
				answered := now.Add(upTo(given))
				if d == 0 {
					answered = now.Add(upTo(20 * time.Second)) // after the instant, as a rule
				}
				if random.IntN(3) > 0 {
					b.said(fmt.Sprint("d-", d), id)(Armed(b.State, fmt.Sprint("d-", d), id, answered))
				}
			}
			now = now.Add(30 * time.Second)
		}
	}
}
