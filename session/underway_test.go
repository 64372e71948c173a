package session

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestUnderWay: what members of this instance wait for is counted, up to a time ahead, until it is over.
func TestUnderWay(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		want := func(commands, takes int) {
			t.Helper()
			synctest.Wait()
			if c, n := w.svc.UnderWay(10 * time.Second); c != commands || n != takes {
				t.Errorf("%d commands and %d takes, want %d and %d", c, n, commands, takes)
			}
		}
		want(0, 0)
		a := w.join(JoinRequest{UserID: "ann", DeviceType: "desktop"})
		soon, late := 5*time.Second, time.Minute
		cmd, err := a.Schedule(w.ctx, ScheduleRequest{Name: "flash", Delay: &soon})
		wantCode(t, err, "")
		_, err = a.Schedule(w.ctx, ScheduleRequest{Name: "flash", Delay: &late})
		wantCode(t, err, "")
		want(1, 0)
		wantCode(t, a.Cancel(w.ctx, cmd.CommandID), "")
		want(0, 0)
		_, err = a.StartRecording(w.ctx, StartRequest{})
		wantCode(t, err, "")
		want(1, 1) // its start lies ahead
		time.Sleep(20 * time.Second)
		want(0, 1)
		_, err = a.StopRecording(w.ctx)
		wantCode(t, err, "")
		want(1, 1)
		time.Sleep(5 * time.Second)
		want(0, 0)
	})
}
