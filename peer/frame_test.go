package peer

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/frame"
)

// FuzzHandleFrame: a device may stamp its pongs as it likes. Its own clock's estimate
// is what it spoils at most.
func FuzzHandleFrame(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0}, int64(5), int64(6), int64(0), int64(1))
	f.Add([]byte{3, 255, 255, 1}, int64(math.MaxInt64), int64(math.MaxInt64), int64(math.MinInt64), int64(math.MaxInt64))
	f.Fuzz(func(t *testing.T, flags []byte, t2, t3, later2, later3 int64) {
		now := clock.SessionTime(1_800_000_000_000_000_000)
		s := &Server{cfg: Config{
			Now: func() clock.SessionTime { return now }, Line: unsteered, Off: exact, Holdover: func() bool { return false },
			Observe: func(clock.Reason) {}, Seed: func() uint64 { return 1 }, Log: orDiscard(nil),
		}}
		d := s.NewDevice(DeviceConfig{})
		for n := range uint64(40) {
			now = now.Add(20 * time.Millisecond)
			d.mu.Lock()
			d.ws.begin(n, now)
			d.mu.Unlock()
			now = now.Add(2 * time.Millisecond)
			p := frame.Pong{Nonce: n, T2: clock.DeviceTime(t2 + int64(n)*later2), T3: clock.DeviceTime(t3 + int64(n)*later3)}.Append(nil)
			if len(flags) == 4 {
				p[1], p[2], p[3] = flags[0], flags[1], flags[2]
				p = p[:len(p)-int(flags[3]%2)]
			}
			if err := d.HandleFrame(p, now); err != nil && !errors.Is(err, ErrBadFrame) {
				t.Fatal(err)
			}
			m := d.Status().Estimate.Map
			if _, err := frame.ParsePing(frame.Ping{Nonce: n, Map: m}.Append(nil)); err != nil {
				t.Fatalf("the server makes a map that no device takes: %+v", m)
			}
		}
	})
}
