package peer

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// TestCommonIsInEveryMap: whatever is told and answered, what is taken to be common is no more than any map
// had that the device may have gone by since the instant that is named.
func TestCommonIsInEveryMap(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	known := 0
	for range 300 {
		var c common
		type told struct {
			at, has clock.SessionTime // when it left, and when the device had it; 0: it was lost
			off     time.Duration
		}
		var all []told
		at := clock.SessionTime(1e18)
		for range 60 {
			at = at.Add(time.Duration(random.ExpFloat64() * float64(3*time.Second)))
			m := told{at: at, off: time.Duration(random.IntN(1000)) + 1}
			c.note(at, m.off)
			if random.IntN(3) > 0 {
				m.has = at.Add(time.Millisecond)
				c.answered(at, at.Add(2*time.Millisecond))
			}
			all = append(all, m)
			part, since := c.part()
			if part == 0 {
				continue
			}
			known++
			for i, m := range all {
				until := clock.SessionTime(1 << 62) // when the device has the next one
				for _, next := range all[i+1:] {
					if next.has != 0 {
						until = next.has
						break
					}
				}
				if m.has != 0 && until >= since && m.off < part {
					t.Fatalf("%v is taken to be common since %d, but a map of %d had %v and was gone by until %d", part, since, m.at, m.off, until)
				}
			}
		}
	}
	if known < 1000 {
		t.Errorf("it was known %d times only", known)
	}
}
