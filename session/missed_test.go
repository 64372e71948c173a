package session

import (
	"slices"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

func TestMissed(t *testing.T) {
	b := studio(t)
	b.do(schedule(b.state, command{ID: "c", Event: wire.Command}, when{lead: time.Second}, after(2*time.Second)))
	_, err := missed(b.state, "d-bob", "c9", miss{0, MissedWoke})
	b.want(err, wire.CodeUnknownCommand)
	_, err = missed(b.state, "d-bob", "c", miss{0, "lazy"})
	b.want(err, wire.CodeBadReason)
	for _, late := range []time.Duration{-1, maxAhead + 1} {
		_, err = missed(b.state, "d-bob", "c", miss{late, MissedWoke})
		b.want(err, wire.CodeBadTime)
	}

	b.do(armed(b.state, "d-bob", "c", after(2*time.Second)))
	b.do(missed(b.state, "d-bob", "c", miss{26 * time.Second, MissedWoke}))
	want := ack{Armed: true, ArmedAt: after(2 * time.Second), Missed: MissedWoke, MissedBy: 26 * time.Second}
	for range 2 {
		if got := *b.acks["c"]["d-bob"]; got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		b.do(missed(b.state, "d-bob", "c", miss{time.Second, MissedArrived}))
		b.do(fired(b.state, "d-bob", "c", act{at: *at(3 * time.Second)}))
	}
	if complete(b.state, b.commands["c"]) {
		t.Error("ann has said nothing")
	}
	b.do(fired(b.state, "d-ann", "c", act{at: *at(3 * time.Second)}))
	b.do(missed(b.state, "d-ann", "c", miss{time.Second, MissedArrived}))
	rep := report(b.state, b.commands["c"])
	if !complete(b.state, b.commands["c"]) || *rep.SpreadMs != 0 || rep.Devices[0].Missed != nil || *rep.Devices[1].Missed != (MissReport{26_000, MissedWoke}) {
		t.Errorf("the report is %s", asText(rep))
	}
}

// TestMissedTake: nobody waits for the recording of a device that missed the start, unless
// it recorded all the same.
func TestMissedTake(t *testing.T) {
	b := studio(t)
	b.do(start(b.state, command{ID: "t", Event: wire.StartRecording, Duration: time.Second}, when{lead: time.Second}, after(time.Second)))
	b.do(plan(b.state, after(2*time.Second)), nil)
	recorded := func(id string) *recording { return b.recordings[recordingID("t", id)] }
	b.do(missed(b.state, "d-bob", "t", miss{6 * time.Second, MissedWoke}))
	r := *recorded("d-ann")
	r.Started = true
	b.do(b.putRecording(&r), nil)
	b.do(missed(b.state, "d-ann", "t", miss{6 * time.Second, MissedWoke}))
	if recorded("d-bob").Upload != uploadFailed || recorded("d-ann").Upload != "" {
		t.Errorf("bob's %+v, ann's %+v", recorded("d-bob"), recorded("d-ann"))
	}
	// His page was held up, and the worker that records was not.
	b.do(recordedAt(b, "d-bob", after(2*time.Second)))
	if r := recorded("d-bob"); r.Upload != "" || !r.Started {
		t.Errorf("bob's is %+v", r)
	}
}

func recordedAt(b *bench, deviceID string, at instant) ([]change, error) {
	return recorded(b.state, deviceID, recordingID("t", deviceID), true, at.time(), 0)
}

func TestPointless(t *testing.T) {
	const s = time.Second
	for name, c := range map[string]struct {
		c    command
		late time.Duration
		want bool
	}{
		"a command, at its limit":        {c: command{Event: wire.Command}, late: s},
		"a command, beyond it":           {c: command{Event: wire.Command}, late: s + 1000, want: true},
		"one that may be later":          {c: command{Event: wire.Command, MaxLate: time.Hour}, late: time.Hour},
		"the start of an open take":      {c: command{Event: wire.StartRecording}, late: time.Hour},
		"a take that goes on":            {c: command{Event: wire.StartRecording, Duration: 5 * s}, late: 5 * s},
		"a take that is over":            {c: command{Event: wire.StartRecording, Duration: 5 * s}, late: 6 * s, want: true},
		"a take that was stopped":        {c: command{Event: wire.StartRecording, ID: "stopped"}, late: 3 * s, want: true},
		"a take that is stopped shortly": {c: command{Event: wire.StartRecording, ID: "stopped"}, late: 3*s - 1000},
		"a stop":                         {c: command{Event: wire.StopRecording}, late: time.Hour},
		"playback":                       {c: command{Event: wire.PlaybackSync}, late: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			b := studio(t)
			b.do([]change{b.put(false, &command{ID: "x", Event: wire.StopRecording, Take: "stopped", Timestamp: after(3 * s)}, kindCommand, "x")}, nil)
			c.c.Timestamp = t0
			if got := b.pointless(&c.c, after(c.late)); got != c.want {
				t.Errorf("pointless: %v", got)
			}
		})
	}
}

// TestWhoIsBackIsToldInTime: a device that comes back is told what it can still do, and
// nothing that it is too late for.
func TestWhoIsBackIsToldInTime(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann"})
		b := w.join(JoinRequest{UserID: "bob", DeviceType: "mobile"})
		_ = b.Disconnect(w.ctx)
		for range 13 {
			_, err := a.Schedule(w.ctx, ScheduleRequest{Name: "flash"})
			wantCode(t, err, "")
			time.Sleep(2 * time.Second)
		}
		_, err := a.Schedule(w.ctx, ScheduleRequest{Name: "scene", MaxLate: new(time.Minute)})
		wantCode(t, err, "")
		take, err := a.StartRecording(w.ctx, StartRequest{Duration: 500 * time.Millisecond})
		wantCode(t, err, "")
		time.Sleep(1500 * time.Millisecond)
		back := w.join(JoinRequest{ResumeToken: b.joined.SessionJoined.ResumeToken})
		var told []string
		for _, e := range back.heard() {
			switch d := e.Data.(type) {
			case Command:
				told = append(told, d.Name)
			case StartRecording:
				told = append(told, d.CommandID)
			}
		}
		if !slices.Equal(told, []string{"scene"}) {
			t.Errorf("told %v, the take is %s", told, take.CommandID)
		}
	})
}
