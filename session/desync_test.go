package session

import (
	"testing"
	"time"
)

// TestDesyncStats: errors against the timeline at the time reported, for each device.
func TestDesyncStats(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann"})
		b := w.join(JoinRequest{UserID: "bob"})
		report := func(p *part, ahead time.Duration) {
			t.Helper()
			now := w.svc.now()
			at := p.State().PlaybackState
			position := at.Position + now.Time().Sub(at.LastUpdateTime).Seconds() + ahead.Seconds()
			if _, err := p.Desync(position, now.Time()); err != nil {
				t.Error(err)
			}
		}
		if _, err := b.Desync(5, w.svc.now().Time()); err != nil { // there is no timeline yet
			t.Error(err)
		}
		if _, err := a.SyncPlayback(w.ctx, PlaybackRequest{IsPlaying: true}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		for i := range 1000 {
			report(a, time.Duration(i%100+1)*time.Millisecond)
			time.Sleep(time.Millisecond)
		}
		report(a, -500*time.Millisecond)
		if _, err := b.Desync(5, epoch.Add(-time.Hour)); err != nil { // by another clock
			t.Error(err)
		}
		devices, err := w.svc.Sync(w.ctx, "studio")
		if err != nil || len(devices) != 2 || devices[1].Desync != nil {
			t.Fatalf("sync %+v, %v", devices, err)
		}
		near := func(name string, got, want float64) {
			t.Helper()
			if got < want-1 || got > want+1 {
				t.Errorf("%s is %v, want %v", name, got, want)
			}
		}
		d := devices[0].Desync
		if d.Count != 1001 {
			t.Errorf("count %d", d.Count)
		}
		near("last", d.LastMs, -500)
		near("max", d.MaxMs, 500)
		near("p50", d.P50Ms, 58) // of the latest 256: 1 to 45 twice, 46 to 100 thrice, and 500
		near("p95", d.P95Ms, 97)
		_ = a.Leave(w.ctx)
		report(b, 0)
		if n := len(b.room.desyncs); n != 1 {
			t.Errorf("remembers %d devices", n)
		}
	})
}
