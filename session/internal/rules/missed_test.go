package rules

import (
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

func TestMissed(t *testing.T) {
	b := studio(t)
	b.do(Schedule(b.State, CommandRecord{ID: "c", Event: wire.Command}, When{Lead: time.Second}, after(2*time.Second)))
	_, err := Missed(b.State, "d-bob", "c9", Miss{0, MissedWoke})
	b.want(err, wire.CodeUnknownCommand)
	_, err = Missed(b.State, "d-bob", "c", Miss{0, "lazy"})
	b.want(err, wire.CodeBadReason)
	for _, late := range []time.Duration{-1, maxAhead + 1} {
		_, err = Missed(b.State, "d-bob", "c", Miss{late, MissedWoke})
		b.want(err, wire.CodeBadTime)
	}

	b.said("d-bob", "c")(Armed(b.State, "d-bob", "c", after(2*time.Second)))
	b.said("d-bob", "c")(Missed(b.State, "d-bob", "c", Miss{26 * time.Second, MissedWoke}))
	want := Ack{Armed: true, ArmedAt: after(2 * time.Second), Missed: MissedWoke, MissedBy: 26 * time.Second}
	for range 2 {
		if got := *b.Acks["c"]["d-bob"]; got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		b.said("d-bob", "c")(Missed(b.State, "d-bob", "c", Miss{time.Second, MissedArrived}))
		b.said("d-bob", "c")(Fired(b.State, "d-bob", "c", Act{At: *at(3 * time.Second)}))
	}
	if Complete(b.State, b.Commands["c"]) {
		t.Error("ann has said nothing")
	}
	b.said("d-ann", "c")(Fired(b.State, "d-ann", "c", Act{At: *at(3 * time.Second)}))
	b.said("d-ann", "c")(Missed(b.State, "d-ann", "c", Miss{time.Second, MissedArrived}))
	rep := ReportOn(b.State, b.Commands["c"])
	if !Complete(b.State, b.Commands["c"]) || *rep.SpreadMs != 0 || rep.Devices[0].Missed != nil || *rep.Devices[1].Missed != (MissReport{26_000, MissedWoke}) {
		t.Errorf("the report is %s", asText(rep))
	}
}

// TestMissedTake: nobody waits for the recording of a device that missed the start, unless
// it recorded all the same.
func TestMissedTake(t *testing.T) {
	b := studio(t)
	b.do(Start(b.State, CommandRecord{ID: "t", Event: wire.StartRecording, Duration: time.Second}, When{Lead: time.Second}, after(time.Second)))
	b.do(plan(b.State, after(2*time.Second)), nil)
	recorded := func(id string) *RecordingRecord { return b.Recordings[RecordingID("t", id)] }
	b.said("d-bob", "t")(Missed(b.State, "d-bob", "t", Miss{6 * time.Second, MissedWoke}))
	b.do(NeverRecorded(b.State, "d-bob", "t"), nil)
	r := *recorded("d-ann")
	r.Started = true
	b.do(b.putRecording(&r), nil)
	b.said("d-ann", "t")(Missed(b.State, "d-ann", "t", Miss{6 * time.Second, MissedWoke}))
	b.do(NeverRecorded(b.State, "d-ann", "t"), nil)
	if recorded("d-bob").Upload != UploadFailed || recorded("d-ann").Upload != "" {
		t.Errorf("bob's %+v, ann's %+v", recorded("d-bob"), recorded("d-ann"))
	}
	// His page was held up, and the worker that records was not.
	b.do(recordedAt(b, "d-bob", after(2*time.Second)))
	if r := recorded("d-bob"); r.Upload != "" || !r.Started {
		t.Errorf("bob's is %+v", r)
	}
}

func recordedAt(b *bench, deviceID string, at Instant) ([]Change, error) {
	return Recorded(b.State, deviceID, RecordingID("t", deviceID), true, Reading{At: at})
}

func TestPointless(t *testing.T) {
	const s = time.Second
	for name, c := range map[string]struct {
		c    CommandRecord
		late time.Duration
		want bool
	}{
		"a command, at its limit":        {c: CommandRecord{Event: wire.Command}, late: s},
		"a command, beyond it":           {c: CommandRecord{Event: wire.Command}, late: s + 1000, want: true},
		"one that may be later":          {c: CommandRecord{Event: wire.Command, MaxLate: time.Hour}, late: time.Hour},
		"the start of an open take":      {c: CommandRecord{Event: wire.StartRecording}, late: time.Hour},
		"a take that goes on":            {c: CommandRecord{Event: wire.StartRecording, Duration: 5 * s}, late: 5 * s},
		"a take that is over":            {c: CommandRecord{Event: wire.StartRecording, Duration: 5 * s}, late: 6 * s, want: true},
		"a take that was stopped":        {c: CommandRecord{Event: wire.StartRecording, ID: "stopped"}, late: 3 * s, want: true},
		"a take that is stopped shortly": {c: CommandRecord{Event: wire.StartRecording, ID: "stopped"}, late: 3*s - 1000},
		"a stop":                         {c: CommandRecord{Event: wire.StopRecording}, late: time.Hour},
		"playback":                       {c: CommandRecord{Event: wire.PlaybackSync}, late: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			b := studio(t)
			b.do([]Change{b.Put(false, &CommandRecord{ID: "x", Event: wire.StopRecording, Take: "stopped", Timestamp: after(3 * s)}, KindCommand, "x")}, nil)
			c.c.Timestamp = t0
			if got := b.Pointless(&c.c, after(c.late)); got != c.want {
				t.Errorf("pointless: %v", got)
			}
		})
	}
}
