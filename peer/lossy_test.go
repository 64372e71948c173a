package peer

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/internal/testnet"
)

// TestLostFramesStayLost guards the settings of the clock channel: were it
// reliable or ordered, every frame would arrive, and behind each lost one the
// others would wait for its retransmission.
func TestLostFramesStayLost(t *testing.T) {
	const (
		oneWay = 10 * time.Millisecond
		pings  = 1000
	)
	lossy := func(seed uint64) testnet.Path { return testnet.Lossy(seed, 0.05, testnet.Constant(oneWay)) }
	synctest.Test(t, func(t *testing.T) {
		s := newSimulated(t, lossy(3), lossy(4), DeviceConfig{})
		defer s.close(t)
		p := newProber(t, s.rig, nil)
		defer p.link.close()
		p.pingEvery(t, pings, 5*time.Millisecond)

		rtts := p.sorted()
		if n := len(rtts); n >= pings*97/100 || n < pings*80/100 {
			t.Errorf("%d of %d pings came back; 5 %% loss each way leaves about 90 %%", n, pings)
		}
		if p99 := quantile(rtts, 0.99); p99 >= 3*2*oneWay {
			t.Errorf("round trips: p50 %v, p99 %v; want less than three times %v", quantile(rtts, 0.5), p99, 2*oneWay)
		}
	})
}
