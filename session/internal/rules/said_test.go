package rules

import (
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

// TestReportKeepsAll: a command's report has all that the devices have said, and who reads it finds nothing unsaved.
func TestReportKeepsAll(t *testing.T) {
	b := studio(t)
	b.do(Schedule(b.State, CommandRecord{ID: "c", Event: wire.Command}, When{Lead: time.Second}, after(time.Second)))
	at := b.Commands["c"].Timestamp
	said := map[string]*Ack{
		"d-all": {Armed: true, ArmedAt: after(-time.Second), Fired: true, FiredAt: at.Add(-1234 * time.Microsecond), Late: true, Bounded: true, Bound: 345_678, Common: 45_678, Instance: "one"},
		"d-bob": {Armed: true, ArmedAt: at.Add(time.Hour), Missed: MissedWoke, MissedBy: 26 * time.Second}, "d-ann": {Fired: true, FiredAt: at, Heard: true},
		"d-cy": {Fired: true, FiredAt: at, Bounded: true, Bound: 9, Common: 9, Instance: "two"}, "d-new": {Armed: true, ArmedAt: at},
	}
	everybody := map[string]bool{}
	for id, a := range said {
		everybody[id] = true
		b.Hear("c", id, a, false)
	}
	if n := len(b.Unsaved("c", everybody)); n != len(said) {
		t.Errorf("%d are unsaved", n)
	}
	b.do(Save(b.State, "c"), nil)
	there := newBench(t) // another instance, which has heard nothing
	for _, c := range []Change{b.Put(true, b.Commands["c"], KindCommand, "c"), b.Put(true, b.reports["c"], KindReport, "c")} {
		there.apply(c)
	}
	for id, want := range said {
		if got := there.Acks["c"][id]; got == nil || *got != *want {
			t.Errorf("%s: got %+v, want %+v", id, got, want)
		}
	}
	if left := b.Unsaved("c", everybody); len(left) != 0 || len(Save(b.State, "c")) != 0 {
		t.Errorf("unsaved are %v", left)
	}
}

// TestTwoWords: of two answers the one that is stored counts; being armed is added.
func TestTwoWords(t *testing.T) {
	b := studio(t)
	b.do(Schedule(b.State, CommandRecord{ID: "c", Event: wire.Command}, When{Lead: time.Second}, after(time.Second)))
	b.Hear("c", "d-bob", &Ack{Armed: true, ArmedAt: after(1), Missed: MissedWoke, MissedBy: 1}, false)
	if b.Hear("c", "d-bob", &Ack{Fired: true, FiredAt: after(2)}, false) {
		t.Error("the second answer is news")
	}
	if !b.Hear("c", "d-bob", &Ack{Fired: true, FiredAt: after(2)}, true) {
		t.Error("what is stored isn't news")
	}
	if got, want := *b.Acks["c"]["d-bob"], (Ack{Armed: true, ArmedAt: after(1), Fired: true, FiredAt: after(2)}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
