package rules

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/wire"
)

func at(d time.Duration) *clock.SessionTime {
	t := after(d).Time()
	return &t
}

func TestScheduleInstant(t *testing.T) {
	const lead = 120 * time.Millisecond
	for name, c := range map[string]struct {
		w    When
		want time.Duration // from now
		code string
	}{
		"by lead":               {w: When{Lead: lead}, want: lead},
		"a longer delay":        {w: When{Delay: new(time.Second), Lead: lead}, want: time.Second},
		"a delay too short":     {w: When{Delay: new(time.Duration(0)), Lead: lead}, want: lead},
		"at":                    {w: When{At: at(time.Minute), Lead: lead}, want: time.Minute},
		"at, to a microsecond":  {w: When{At: at(time.Second + 1499)}, want: time.Second + 1000},
		"at within the lead":    {w: When{At: at(time.Millisecond), Lead: lead}, want: time.Millisecond},
		"at now":                {w: When{At: at(0)}, code: wire.CodeAtInPast},
		"at in the past":        {w: When{At: at(-time.Hour)}, code: wire.CodeAtInPast},
		"at a day and more on":  {w: When{At: at(maxAhead + 1000)}, code: wire.CodeAtTooFar},
		"at and delay together": {w: When{At: at(time.Second), Delay: new(time.Duration(0))}, code: wire.CodeAmbiguousTime},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.w.instant(t0)
			if codeOf(err) != c.code || err == nil && got != after(c.want) {
				t.Errorf("got now + %v, %v", got.Sub(t0), err)
			}
		})
	}
}

func TestScheduleAndCancel(t *testing.T) {
	b := studio(t)
	now := after(10 * time.Second)
	c := CommandRecord{ID: "c1", Event: wire.Command, Name: "flash", By: "ann"}
	told := b.do(Schedule(b.State, c, When{Lead: time.Second}, now))
	if !slices.Equal(told, []string{"command"}) || b.Commands["c1"].Timestamp != now.Add(time.Second) {
		t.Errorf("told %v, command %+v", told, b.Commands["c1"])
	}
	if changes, err := Schedule(b.State, c, When{}, now); changes != nil || err != nil {
		t.Errorf("scheduled twice: %v, %v", changes, err)
	}
	_, err := Schedule(b.State, CommandRecord{ID: "c2", By: "bob"}, When{}, now)
	b.want(err, wire.CodeNotLeader)
	_, err = Cancel(b.State, "bob", "c1", now)
	b.want(err, wire.CodeNotLeader)
	_, err = Cancel(b.State, "ann", "c9", now)
	b.want(err, wire.CodeUnknownCommand)
	_, err = Cancel(b.State, "ann", "c1", now.Add(time.Second))
	b.want(err, wire.CodeCommandPast)
	if told := b.do(Cancel(b.State, "ann", "c1", now.Add(time.Second-1000))); !slices.Equal(told, []string{"cancelled"}) {
		t.Errorf("told %v", told)
	}
	if changes, err := Cancel(b.State, "ann", "c1", now.Add(time.Hour)); changes != nil || err != nil {
		t.Errorf("cancelled twice: %v, %v", changes, err)
	}
	_, err = Armed(b.State, "d-bob", "c1", now)
	b.want(err, wire.CodeCommandCancelled)
}

func TestTooManyCommands(t *testing.T) {
	b := studio(t)
	for i := range maxPending {
		b.do(Schedule(b.State, CommandRecord{ID: "c" + strings.Repeat("x", i), Event: wire.Command}, When{Lead: time.Second}, t0))
	}
	_, err := Schedule(b.State, CommandRecord{ID: "more", Event: wire.Command}, When{Lead: time.Second}, t0)
	b.want(err, wire.CodeTooManyCommands)
	b.do([]Change{b.Put(false, &CommandRecord{ID: "take", Event: wire.StartRecording}, KindCommand, "take")}, nil)
	if _, _, err := Stop(b.State, "", time.Second, t0); err != nil {
		t.Errorf("the take can't be stopped: %v", err)
	}
	if _, err := Schedule(b.State, CommandRecord{ID: "more", Event: wire.Command}, When{Lead: time.Second}, after(time.Second)); err != nil {
		t.Errorf("once they are past: %v", err)
	}
}

// TestAskerIsGone: a take that its asker is to stop is stopped by the service once the asker is away.
func TestAskerIsGone(t *testing.T) {
	const lead = 100 * time.Millisecond
	b := studio(t)
	c := CommandRecord{ID: "t1", Event: wire.StartRecording, By: "ann", Duration: 3 * time.Second, Unended: true}
	b.do(Start(b.State, c, When{Lead: time.Second}, t0))
	if _, due := autoStopDue(b.State, lead, after(time.Hour)); due != 0 {
		t.Errorf("it is stopped at %v, though its asker is there", due)
	}
	gone := b.Users["ann"].copy()
	for i := range gone.Devices {
		gone.Devices[i].Connected = false
	}
	for changed, end := range map[Instant]Instant{after(2 * time.Second): after(4 * time.Second), after(time.Minute): after(time.Minute)} {
		gone.Changed = changed
		b.Users["ann"] = gone
		if take, due := autoStopDue(b.State, lead, changed); take == nil || due != end.Add(goneFor-lead) {
			t.Errorf("gone at %v: it is stopped at %v", changed, due)
		}
	}
	b.do(autoStop(b.State, lead, after(time.Minute).Add(goneFor)), nil)
	if stop := b.StopOf("t1"); stop == nil || stop.Timestamp != after(time.Minute).Add(goneFor) {
		t.Errorf("its stop is %+v", stop)
	}
	delete(b.Users, "ann")
	delete(b.Commands, "t1-stop")
	if _, due := autoStopDue(b.State, lead, after(0)); due != after(4*time.Second).Add(goneFor-lead) {
		t.Errorf("who isn't in the session any more: it is stopped at %v", due)
	}
}

func TestTakes(t *testing.T) {
	b := studio(t)
	_, _, err := Stop(b.State, "ann", 0, t0)
	b.want(err, wire.CodeNotRecording)
	c := CommandRecord{ID: "t1", Event: wire.StartRecording, By: "ann", Duration: 3 * time.Second}
	b.do(Start(b.State, c, When{Lead: time.Second}, t0))
	_, err = Start(b.State, CommandRecord{ID: "t2", Event: wire.StartRecording, By: "ann"}, When{}, t0)
	b.want(err, wire.CodeRecordingInProgress)
	_, err = Start(b.State, CommandRecord{ID: "t2", Event: wire.StartRecording, By: "bob"}, When{}, t0)
	b.want(err, wire.CodeNotLeader)

	const lead = 100 * time.Millisecond
	end := after(4 * time.Second)
	if c := autoStop(b.State, lead, end.Add(-lead-1000)); c != nil {
		t.Error("stopped too soon")
	}
	if told := b.do(autoStop(b.State, lead, end.Add(-lead)), nil); !slices.Equal(told, []string{"stop_recording"}) {
		t.Errorf("told %v", told)
	}
	if got := b.StopOf("t1"); got.Timestamp != end || got.ID != "t1-stop" {
		t.Errorf("stop %+v", got)
	}
	if c := autoStop(b.State, lead, end); c != nil {
		t.Error("stopped twice")
	}
	id, changes, err := Stop(b.State, "ann", lead, end.Add(-time.Millisecond))
	if id != "t1-stop" || changes != nil || err != nil {
		t.Errorf("a second stop: %s, %v, %v", id, changes, err)
	}
	// A stop that is cancelled leaves the take going, and is not repeated by the service.
	b.do(Cancel(b.State, "ann", "t1-stop", end.Add(-time.Millisecond)))
	if c := autoStop(b.State, lead, end); c != nil || b.activeTake(end) == nil {
		t.Error("the cancelled stop came back")
	}
	id, changes, err = Stop(b.State, "ann", lead, end)
	b.do(changes, err)
	if id != "t1-stop2" || b.activeTake(end.Add(lead)) != nil {
		t.Errorf("stop %s, take %v", id, b.activeTake(end.Add(lead)))
	}
}

func TestCancelledStartTakesItsStopAlong(t *testing.T) {
	b := studio(t)
	b.do(Start(b.State, CommandRecord{ID: "t1", Event: wire.StartRecording, By: "ann"}, When{Lead: time.Second}, t0))
	_, changes, err := Stop(b.State, "ann", time.Millisecond, t0)
	b.do(changes, err)
	if got := b.StopOf("t1").Timestamp; got != after(time.Second) {
		t.Errorf("stops at %v, before the start", got.Sub(t0))
	}
	if told := b.do(Cancel(b.State, "ann", "t1", t0)); !slices.Equal(told, []string{"cancelled", "cancelled"}) {
		t.Errorf("told %v", told)
	}
	if b.activeTake(t0) != nil {
		t.Error("the take goes on")
	}
}

func TestRecorded(t *testing.T) {
	b := studio(t)
	b.do(Start(b.State, CommandRecord{ID: "t1", Event: wire.StartRecording, By: "ann", Label: "plank"}, When{Lead: time.Second}, t0))
	id := RecordingID("t1", "d-bob")
	first, last := after(time.Second).Time(), after(5*time.Second).Time()

	_, err := Recorded(b.State, "d-ann", id, true, Reading{At: InstantOf(first), Bound: 0})
	b.want(err, wire.CodeUnknownRecording)
	_, err = Recorded(b.State, "d-bob", id, false, Reading{At: InstantOf(last), Bound: 0})
	b.want(err, wire.CodeRecordingNotStarted)
	_, err = Recorded(b.State, "d-bob", id, true, Reading{At: InstantOf(0), Bound: 0})
	b.want(err, wire.CodeBadTime)
	_, err = Recorded(b.State, "d-bob", id, true, Reading{At: InstantOf(first), Bound: -1})
	b.want(err, wire.CodeBadTime)
	b.do(Recorded(b.State, "d-bob", id, true, Reading{At: InstantOf(first), Bound: time.Millisecond}))
	b.do(Recorded(b.State, "d-bob", id, false, Reading{At: InstantOf(last), Bound: 2 * time.Millisecond}))
	if changes, err := Recorded(b.State, "d-bob", id, true, Reading{At: InstantOf(last), Bound: 0}); changes != nil || err != nil {
		t.Errorf("the first word doesn't count: %v, %v", changes, err)
	}
	_, bob := b.Device("d-bob")
	want := RecordingRecord{
		ID: id, Take: "t1", Label: "plank", DeviceID: "d-bob", Owner: bob.TokenHash, Type: "mobile", TakeAt: after(time.Second),
		Started: true, Start: after(time.Second), StartBound: time.Millisecond,
		Stopped: true, Stop: after(5 * time.Second), StopBound: 2 * time.Millisecond,
	}
	if got := *b.Recordings[id]; !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAcknowledgements(t *testing.T) {
	b := studio(t)
	b.do(Schedule(b.State, CommandRecord{ID: "c1", Event: wire.Command}, When{Lead: time.Second}, after(2*time.Second)))
	_, err := Armed(b.State, "d-bob", "c9", t0)
	b.want(err, wire.CodeUnknownCommand)
	_, err = Armed(b.State, "d-cy", "c1", t0)
	b.want(err, wire.CodeNotJoined)
	_, err = Fired(b.State, "d-bob", "c1", Act{At: 0})
	b.want(err, wire.CodeBadTime)

	b.said("d-bob", "c1")(Fired(b.State, "d-bob", "c1", Act{At: after(3 * time.Second).Time(), Bound: 5, Bounded: true}))
	b.said("d-bob", "c1")(Armed(b.State, "d-bob", "c1", after(4*time.Second)))
	want := Ack{Armed: true, ArmedAt: after(4 * time.Second), Fired: true, FiredAt: after(3 * time.Second), Bounded: true, Bound: 5}
	if got := *b.Acks["c1"]["d-bob"]; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for range 2 {
		if c, err := Armed(b.State, "d-bob", "c1", t0); c != nil || err != nil {
			t.Errorf("armed again: %v, %v", c, err)
		}
		if c, err := Fired(b.State, "d-bob", "c1", Act{At: *at(5 * time.Second)}); c != nil || err != nil {
			t.Errorf("fired again: %v, %v", c, err)
		}
	}
}

func TestComplete(t *testing.T) {
	for name, c := range map[string]struct {
		types []string // of the devices, by user
		armed string   // the users that armed
		fired string
		want  bool
	}{
		"nobody has fired":             {types: []string{"desktop", "mobile"}, armed: "ab"},
		"one of two":                   {types: []string{"desktop", "mobile"}, armed: "ab", fired: "a"},
		"both":                         {types: []string{"desktop", "mobile"}, fired: "ab", want: true},
		"an onlooker isn't waited for": {types: []string{"", "mobile"}, armed: "b", fired: "b", want: true},
		"unless it has armed":          {types: []string{"", "mobile"}, armed: "ab", fired: "b"},
		"an onlooker isn't enough":     {types: []string{"", "mobile"}, fired: "a"},
		"users alone: one of two":      {types: []string{"", ""}, fired: "a"},
		"users alone: both":            {types: []string{"", ""}, fired: "ab", want: true},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			for i, deviceType := range c.types {
				b.join(string(rune('a'+i)), deviceType, t0)
			}
			b.do(Schedule(b.State, CommandRecord{ID: "c", Event: wire.Command}, When{Lead: time.Second}, t0))
			for _, u := range c.armed {
				b.said("d-"+string(u), "c")(Armed(b.State, "d-"+string(u), "c", t0))
			}
			for _, u := range c.fired {
				b.said("d-"+string(u), "c")(Fired(b.State, "d-"+string(u), "c", Act{At: *at(time.Second)}))
			}
			b.join("late", "mobile", after(2*time.Second)) // has nothing to do with it
			if got := Complete(b.State, b.Commands["c"]); got != c.want {
				t.Errorf("complete is %v", got)
			}
		})
	}
}

func TestReportListsWhoHadReason(t *testing.T) {
	b := studio(t)
	b.join("cy", "native", after(2*time.Second))
	b.do(Schedule(b.State, CommandRecord{ID: "c", Event: wire.Command}, When{Lead: time.Second}, after(3*time.Second)))
	b.said("d-cy", "c")(Fired(b.State, "d-cy", "c", Act{At: *at(4 * time.Second), Late: true}))
	b.do(Disconnect(b.State, "d-bob", 1, after(3500*time.Millisecond)), nil)
	b.do(Leave(b.State, "d-cy", 1, after(5*time.Second)), nil)
	b.join("late", "mobile", after(6*time.Second))
	got, err := json.Marshal(ReportOn(b.State, b.Commands["c"]))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"commandId":"c","event":"command","timestamp":1700000004000,"spreadMs":0,"spreadBoundMs":null,"devices":[` +
		`{"deviceId":"d-ann","armed":false,"at":null,"errorMs":null,"boundMs":null,"late":false,"missed":null},` +
		`{"deviceId":"d-bob","armed":false,"at":null,"errorMs":null,"boundMs":null,"late":false,"missed":null},` +
		`{"deviceId":"d-cy","armed":false,"at":1700000004000,"errorMs":0,"boundMs":null,"late":true,"missed":null}]}`
	if string(got) != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestLead(t *testing.T) {
	const least, most = 100 * time.Millisecond, 5 * time.Second
	for name, c := range map[string]struct {
		links  map[string]Link
		users  int           // besides ann and bob
		answer time.Duration // bob's to the last command, whose lead is a second
		want   time.Duration
	}{
		"nothing known":      {want: least},
		"fast devices":       {links: map[string]Link{"d-ann": {time.Millisecond, 0}}, want: least},
		"the slowest":        {links: map[string]Link{"d-ann": {time.Millisecond, 0}, "d-bob": {100 * time.Millisecond, 25 * time.Millisecond}}, want: 250*time.Millisecond + 2*fanOut},
		"beyond all":         {links: map[string]Link{"d-ann": {time.Hour, 0}, "d-bob": {time.Hour, 0}}, want: most},
		"one of two, by far": {links: map[string]Link{"d-ann": {time.Hour, 0}}, want: maxPullOfTwo + 2*fanOut},
		"slow to prepare":    {links: map[string]Link{"d-ann": {time.Millisecond, 0}}, answer: 700 * time.Millisecond, want: 700*time.Millisecond + 2*fanOut},
		"late to prepare":    {links: map[string]Link{"d-ann": {100 * time.Millisecond, 0}}, answer: 19 * time.Second, want: time.Second + MaxPull + 2*fanOut},
		"one of three, slow": {links: map[string]Link{"d-ann": {100 * time.Millisecond, 0}}, users: 1, answer: 700 * time.Millisecond,
			want: 200*time.Millisecond + MaxPull + 3*fanOut},
		"one of three, by far":  {links: map[string]Link{"d-ann": {time.Hour, 0}}, users: 1, want: MaxPull + 3*fanOut},
		"one of three, frozen":  {users: 1, answer: 19 * time.Second, want: MaxPull + 3*fanOut},
		"two of three":          {links: map[string]Link{"d-ann": {time.Second, 0}, "d-bob": {time.Second, 0}}, users: 1, want: 2*time.Second + 3*fanOut},
		"one who only looks on": {links: map[string]Link{"d-0": {time.Second, 0}}, users: -1, want: least},
	} {
		t.Run(name, func(t *testing.T) {
			b := studio(t)
			for i := range max(c.users, -c.users) {
				deviceType := "native"
				if c.users < 0 {
					deviceType = ""
				}
				b.join(strconv.Itoa(i), deviceType, after(time.Second))
			}
			if c.answer > 0 {
				b.do(Schedule(b.State, CommandRecord{ID: "c", Event: wire.Command}, When{Lead: time.Second}, after(5*time.Second)))
				b.said("d-bob", "c")(Armed(b.State, "d-bob", "c", after(5*time.Second+c.answer)))
			}
			if got := Lead(b.State, c.links, least, most); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
			// Who is gone, or was away meanwhile, makes nobody wait.
			b.do(Disconnect(b.State, "d-bob", 1, after(6*time.Second)), nil)
			if got := b.answers(); len(got) != 0 {
				t.Errorf("bob is gone and takes %v", got)
			}
		})
	}
}
