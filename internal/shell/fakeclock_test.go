package shell

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/internal/testutil"
)

func TestFakeClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for text, want := range map[string]struct {
			ahead time.Duration
			gains time.Duration // in 1000 s
		}{
			"":             {},
			"+50ms,+20ppm": {50 * time.Millisecond, 20 * time.Millisecond},
			"-1h,-80ppm":   {-time.Hour, -80 * time.Millisecond},
			"3s":           {3 * time.Second, 0},
		} {
			now, err := FakeClock(text)
			testutil.Check(t, err)
			first := now()
			if ahead := time.Until(first); ahead != want.ahead {
				t.Errorf("%q: %v ahead, want %v", text, ahead, want.ahead)
			}
			time.Sleep(1000 * time.Second)
			if gains := now().Sub(first) - 1000*time.Second; (gains - want.gains).Abs() > 1 {
				t.Errorf("%q: gains %v, want %v", text, gains, want.gains)
			}
		}
	})
	for _, text := range []string{"soon", "50", "50ms,20", "50ms,", "1s,900ppm", "1s,ppm", ",20ppm", "1s,NaNppm"} {
		if _, err := FakeClock(text); err == nil {
			t.Errorf("%q is taken for a clock", text)
		}
	}
}
