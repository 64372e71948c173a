package session

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

func TestCommandWholeWay(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann", DeviceType: "desktop"})
		b := w.join(JoinRequest{UserID: "bob", DeviceType: "mobile"})
		w.know(a.DeviceID(), 10*time.Millisecond, time.Millisecond, 40*time.Microsecond)
		w.know(b.DeviceID(), 200*time.Millisecond, 20*time.Millisecond, 90*time.Microsecond)
		if got := a.names(); !slices.Equal(got, []string{"user_joined", "device_joined"}) {
			t.Errorf("ann heard %v of bob's joining", got)
		}

		_, err := b.Schedule(w.ctx, ScheduleRequest{Name: "flash"})
		wantCode(t, err, wire.CodeNotLeader)
		cmd, err := a.Schedule(w.ctx, ScheduleRequest{Name: "flash", Payload: []byte(`{"c":"<red>"}`)})
		if err != nil {
			t.Fatal(err)
		}
		// Twice the slower one's delay and jitter, and two devices to tell.
		if got, want := cmd.Timestamp.Sub(epoch), 440*time.Millisecond+100*time.Microsecond; got != want {
			t.Errorf("lead is %v, want %v", got, want)
		}
		events := b.heard()
		if len(events) != 1 || events[0].Name != "command" {
			t.Fatalf("bob heard %v", events)
		}
		if got := events[0].Data.(Command); string(got.Payload) != `{"c":"<red>"}` || got.Timestamp != cmd.Timestamp {
			t.Errorf("bob got %+v", got)
		}
		if !slices.Equal(w.bursts, []string{a.DeviceID() + "@440.1ms", b.DeviceID() + "@440.1ms"}) &&
			!slices.Equal(w.bursts, []string{b.DeviceID() + "@440.1ms", a.DeviceID() + "@440.1ms"}) {
			t.Errorf("bursts %v", w.bursts)
		}

		for _, p := range []*part{a, b} {
			if err := p.Armed(w.ctx, cmd.CommandID); err != nil {
				t.Error(err)
			}
		}
		time.Sleep(500 * time.Millisecond)
		a.heard()
		if err := a.Fired(w.ctx, cmd.CommandID, cmd.Timestamp.Add(100*time.Microsecond), false); err != nil {
			t.Error(err)
		}
		if got := a.names(); len(got) != 0 {
			t.Errorf("heard %v before bob's word", got)
		}
		if err := b.Fired(w.ctx, cmd.CommandID, cmd.Timestamp.Add(-50*time.Microsecond), false); err != nil {
			t.Error(err)
		}
		reports := a.heard()
		if len(reports) != 1 || reports[0].Name != "command_report" {
			t.Fatalf("ann heard %v", reports)
		}
		got, err := json.Marshal(reports[0].Data)
		if err != nil {
			t.Fatal(err)
		}
		want := `{"commandId":"` + cmd.CommandID + `","event":"command","timestamp":946684800440.100,"spreadMs":0.15,"spreadBoundMs":0.13,"devices":[` +
			`{"deviceId":"` + a.DeviceID() + `","armed":true,"at":946684800440.200,"errorMs":0.1,"boundMs":0.04,"late":false,"missed":null},` +
			`{"deviceId":"` + b.DeviceID() + `","armed":true,"at":946684800440.050,"errorMs":-0.05,"boundMs":0.09,"late":false,"missed":null}]}`
		if string(got) != want {
			t.Errorf("report\n got %s\nwant %s", got, want)
		}
	})
}
