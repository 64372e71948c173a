package session

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/store"
)

// knowCommon sets how well a device's clock is known from an instant on, and what of that is the instance's.
func (w *world) knowCommon(deviceID string, bound, common time.Duration, since clock.SessionTime) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clocks[deviceID] = Quality{
		Estimate: clock.Estimate{State: clock.Tracking, Bound: bound}, Shared: common, Common: common, Since: since,
	}
}

// TestWhatDevicesHaveInCommon: reports and recordings leave out of a difference what the devices of one
// instance share, and nothing where they are of two or where a reading was made before the device came.
func TestWhatDevicesHaveInCommon(t *testing.T) {
	const ms = time.Millisecond
	bubble(t, Config{Store: store.NewMemory(), Instance: "one"}, func(w *world) {
		there := w.second()
		there.svc.cfg.Instance, there.svc.cfg.Clocks = "two", there
		a, b := w.join(JoinRequest{UserID: "ann", DeviceType: "desktop"}), w.join(JoinRequest{UserID: "bob", DeviceType: "mobile"})
		c := there.join(JoinRequest{UserID: "cy", DeviceType: "mobile"})
		synctest.Wait()
		w.knowCommon(a.DeviceID(), 5*ms, 4*ms, epoch)
		w.knowCommon(b.DeviceID(), 6*ms, 4*ms, epoch)
		there.knowCommon(c.DeviceID(), 3*ms, 2*ms, epoch)
		ids := w.take(a, a, b, c)
		at := epoch.Add(103 * ms)
		bounds := func() (bounds []float64) {
			for i, r := range w.recordings() {
				if i > 0 && r.DiffBoundMs != nil {
					bounds = append(bounds, math.Round(*r.DiffBoundMs*1000)/1000)
				}
			}
			return bounds
		}
		wantCode(t, a.RecordingStarted(w.ctx, ids[0], at, 7*ms), "")
		wantCode(t, b.RecordingStarted(w.ctx, ids[1], at.Add(ms), 8*ms), "")
		wantCode(t, c.RecordingStarted(w.ctx, ids[2], at.Add(2*ms), 5*ms), "")
		synctest.Wait()
		if got := bounds(); len(got) != 2 || got[0] != 7.0 || got[1] != 13 {
			t.Errorf("between recordings ± %v ms, want 7 (15 less 4 and 4, and 0.2 µs) and 13", got)
		}

		for _, test := range []struct {
			name  string
			since clock.SessionTime // that the second one's readings have a common part
			who   []*part
			want  float64
		}{
			{"of one instance", epoch, []*part{a, b}, 3},
			{"one came since", epoch.Add(time.Hour), []*part{a, b}, 11},
			{"of two", epoch, []*part{a, c}, 8},
		} {
			w.knowCommon(b.DeviceID(), 6*ms, 4*ms, test.since)
			cmd, err := a.Schedule(w.ctx, ScheduleRequest{Name: "flash"})
			wantCode(t, err, "")
			for _, p := range test.who {
				synctest.Wait()
				wantCode(t, p.Fired(w.ctx, cmd.CommandID, cmd.Timestamp, false), "")
			}
			time.Sleep(sayWithin) // the instances have heard each other's devices
			synctest.Wait()
			report, err := w.svc.Report(w.ctx, "studio", cmd.CommandID)
			if err != nil || report.SpreadBoundMs == nil || *report.SpreadBoundMs != test.want {
				t.Errorf("%s: %+v, %v; want ± %v ms", test.name, report, err, test.want)
			}
		}
	})
}
