package rules

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

// TestPagesKeepReports: what a report says is the same once the command is in a page,
// whatever an acknowledgement has.
func TestPagesKeepReports(t *testing.T) {
	b := studio(t)
	b.do(Schedule(b.State, CommandRecord{ID: "c", Event: wire.Command, Name: "flash", Payload: []byte(`{"n":1}`)}, When{Lead: time.Second}, after(2*time.Second)))
	c := b.Commands["c"]
	whole := Ack{
		Armed: true, ArmedAt: after(time.Second), Fired: true, FiredAt: c.Timestamp.Add(-1234 * time.Microsecond), Late: true,
		Bounded: true, Bound: 345_678, Common: 45_678, Instance: "one", Missed: MissedOvertaken, MissedBy: 26 * time.Second, Heard: true,
	}
	for i := range reflect.TypeFor[Ack]().NumField() {
		if reflect.ValueOf(whole).Field(i).IsZero() {
			t.Fatalf("the test doesn't set %s", reflect.TypeFor[Ack]().Field(i).Name)
		}
	}
	for name, a := range map[string]*Ack{
		"all": &whole, "nothing": nil, "armed": {Armed: true, ArmedAt: t0}, "in time": {Fired: true, FiredAt: c.Timestamp},
		"bounded":             {Armed: true, Bounded: true, Bound: 1},
		"of another instance": {Fired: true, FiredAt: c.Timestamp, Bounded: true, Bound: 9_000, Common: 5_000, Instance: "two"},
		"of the same":         {Fired: true, FiredAt: c.Timestamp, Bounded: true, Bound: 9_000, Common: 5_000, Instance: "one"},
		"missed":              {Armed: true, Missed: MissedWoke, MissedBy: 1234 * time.Microsecond},
	} {
		b.Acks["c"] = map[string]*Ack{"d-gone": &whole}
		if a != nil {
			b.Acks["c"]["d-bob"] = a
		}
		value, err := Encode(NewPage(b.State, []*CommandRecord{c}))
		if err != nil {
			t.Fatal(err)
		}
		p, err := Decode[Page](Entry{Value: value})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := asText(first(PagedCommand{p, &p.Commands[0]}.Report())), asText(ReportOn(b.State, c)); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
		if i := WithReports([]Kept{{p.Commands[0].Issued(), PagedCommand{p, &p.Commands[0]}}})[0]; string(i.Payload) != `{"n":1}` || i.Report == nil {
			t.Errorf("%s: issued as %+v", name, i)
		}
	}
}

func first(rep Report, _ int) Report { return rep }

// TestBrokenPages: rows that nobody could have written are passed over.
func TestBrokenPages(t *testing.T) {
	p := &Page{Devices: []string{"d"}, Commands: []Past{{}}}
	for rows, want := range map[string]int{"": 0, "\x00\x00": 1, "\x01\x00": 0, "\x00\x02": 1, "\x00\x0a\x01\x02\x00\x00": 2, "\xff": 1, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff": 1} {
		p.Commands[0].Rows = []byte(rows)
		if n := len(first(PagedCommand{p, &p.Commands[0]}.Report()).Devices); n != want {
			t.Errorf("%q: %d devices, want %d", rows, n, want)
		}
	}
}

// TestPrune: commands beyond the latest go into pages; the start of the take that goes on
// stays as well, and no stop goes before its start.
func TestPrune(t *testing.T) {
	b := studio(t)
	b.do(Start(b.State, CommandRecord{ID: "take", Event: wire.StartRecording}, When{Lead: time.Millisecond}, t0))
	for i := range MaxCommands + PageLen {
		id := fmt.Sprintf("c%03d", i)
		now := after(time.Duration(i+1) * time.Second)
		b.do(Schedule(b.State, CommandRecord{ID: id, Event: wire.Command}, When{Lead: time.Millisecond}, now))
		b.said("d-bob", id)(Armed(b.State, "d-bob", id, now))
	}
	later := after(time.Hour)
	move := func() []string {
		p := NewPage(b.State, Overdue(b.State, MaxCommands, PageLen, later))
		b.do(Prune(b.State, p, later), nil)
		return []string{fmt.Sprint(len(p.Commands)), fmt.Sprint(len(b.Commands)), fmt.Sprint(len(b.Acks))}
	}
	if got := strings.Join(move(), " "); got != "32 130 129" {
		t.Errorf("moved, commands, acknowledgements: %s", got)
	}
	if !b.Commands["take"].Paged || b.Commands["c030"] != nil || b.Commands["c031"] == nil {
		t.Errorf("the take: %+v", b.Commands["take"])
	}
	if got := strings.Join(move(), " "); got != "0 130 129" {
		t.Errorf("moved, commands, acknowledgements: %s", got)
	}
	// An instance whose clock is behind gets a page that has the stop, which lies ahead to it.
	_, stopping, err := Stop(b.State, "ann", time.Hour, later)
	b.do(stopping, err)
	both := NewPage(b.State, []*CommandRecord{b.Commands["take"], b.Commands["take-stop"]})
	if changes := Prune(b.State, both, later.Add(time.Minute)); len(changes) != 0 {
		t.Errorf("forgotten: %+v", changes)
	}
	// What is acknowledged meanwhile isn't forgotten with the stop.
	b.said("d-bob", "take-stop")(Armed(b.State, "d-bob", "take-stop", later))
	changes := Prune(b.State, both, later.Add(2*time.Hour))
	if len(changes) != 1 || changes[0].Key != KeyOf("studio", KindCommand, "take") {
		t.Errorf("forgotten: %+v", changes)
	}
}
