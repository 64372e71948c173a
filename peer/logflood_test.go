package peer

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// TestLogFlood: whatever a device does, its lines are few: an overlong ufrag, candidates
// that lead nowhere, checks and packets from everywhere.
func TestLogFlood(t *testing.T) {
	for name, level := range map[string]slog.Level{"warnings": slog.LevelInfo, "all": slog.LevelDebug} {
		t.Run(name, func(t *testing.T) {
			var l lines
			r := newRig(t, Config{Log: l.logger(level)}, DeviceConfig{}, DialConfig{})
			start := time.Now()
			for n := range 20 {
				offer := offerOf(t)
				size := 256
				if n%2 == 0 {
					size = 50_000
				}
				offer = changed(t, offer, "ice-ufrag", strings.Repeat("a", size))
				for n := range usedCandidates {
					offer += fmt.Sprintf("a=candidate:%d 1 udp %d 127.0.0.1 %d typ host\r\n", n, n+1, n+1)
				}
				_, _ = r.device.Accept(t.Context(), offer) // some are refused
			}
			h := connectHostile(t, r)
			r.waitConnected(t)
			for n := range 2000 {
				check := h.check(t)
				h.fromNewPort(t, check[:len(check)-n%2*8])
			}
			most := warnBurst
			if level == slog.LevelDebug {
				most += lineBurst + lineRate*int(time.Since(start)/time.Second+1)
			}
			most += warnRate * int(time.Since(start)/time.Second+1)
			if n := len(l.take()); n > most {
				t.Errorf("%d lines in %v, want %d at most", n, time.Since(start), most)
			}
		})
	}
}
