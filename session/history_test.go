package session

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/wire"
)

// TestPagesKeepReports: what a report says is the same once the command is in a page,
// whatever an acknowledgement has.
func TestPagesKeepReports(t *testing.T) {
	b := studio(t)
	b.do(schedule(b.state, command{ID: "c", Event: wire.Command, Name: "flash", Payload: []byte(`{"n":1}`)}, when{lead: time.Second}, after(2*time.Second)))
	c := b.commands["c"]
	whole := ack{
		Armed: true, ArmedAt: after(time.Second), Fired: true, FiredAt: c.Timestamp.add(-1234 * time.Microsecond), Late: true,
		Bounded: true, Bound: 345_678, Missed: MissedOvertaken, MissedBy: 26 * time.Second,
	}
	for i := range reflect.TypeFor[ack]().NumField() {
		if reflect.ValueOf(whole).Field(i).IsZero() {
			t.Fatalf("the test doesn't set %s", reflect.TypeFor[ack]().Field(i).Name)
		}
	}
	for name, a := range map[string]*ack{
		"all": &whole, "nothing": nil, "armed": {Armed: true, ArmedAt: t0}, "in time": {Fired: true, FiredAt: c.Timestamp},
		"bounded": {Armed: true, Bounded: true, Bound: 1}, "missed": {Armed: true, Missed: MissedWoke, MissedBy: 1234 * time.Microsecond},
	} {
		b.acks["c"] = map[string]*ack{"d-gone": &whole}
		if a != nil {
			b.acks["c"]["d-bob"] = a
		}
		value, err := encode(newPage(b.state, []*command{c}))
		if err != nil {
			t.Fatal(err)
		}
		p, err := decode[page](entry{Value: value})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := asText(first(pagedCommand{p, &p.Commands[0]}.report())), asText(report(b.state, c)); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
		if i := withReports([]kept{{p.Commands[0].issued(), pagedCommand{p, &p.Commands[0]}}})[0]; string(i.Payload) != `{"n":1}` || i.Report == nil {
			t.Errorf("%s: issued as %+v", name, i)
		}
	}
}

func first(rep Report, _ int) Report { return rep }

// TestBrokenPages: rows that nobody could have written are passed over.
func TestBrokenPages(t *testing.T) {
	p := &page{Devices: []string{"d"}, Commands: []past{{}}}
	for rows, want := range map[string]int{"": 0, "\x00\x00": 1, "\x01\x00": 0, "\x00\x02": 1, "\x00\x0a\x01\x02\x00\x00": 2, "\xff": 1, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff": 1} {
		p.Commands[0].Rows = []byte(rows)
		if n := len(first(pagedCommand{p, &p.Commands[0]}.report()).Devices); n != want {
			t.Errorf("%q: %d devices, want %d", rows, n, want)
		}
	}
}

// TestPrune: commands beyond the latest go into pages; the start of the take that goes on
// stays as well, and no stop goes before its start.
func TestPrune(t *testing.T) {
	b := studio(t)
	b.do(start(b.state, command{ID: "take", Event: wire.StartRecording}, when{lead: time.Millisecond}, t0))
	for i := range maxCommands + pageLen {
		id := fmt.Sprintf("c%03d", i)
		now := after(time.Duration(i+1) * time.Second)
		b.do(schedule(b.state, command{ID: id, Event: wire.Command}, when{lead: time.Millisecond}, now))
		b.do(armed(b.state, "d-bob", id, now))
	}
	later := after(time.Hour)
	move := func() []string {
		p := newPage(b.state, overdue(b.state, maxCommands, pageLen, later))
		b.do(prune(b.state, p, later), nil)
		return []string{fmt.Sprint(len(p.Commands)), fmt.Sprint(len(b.commands)), fmt.Sprint(len(b.acks))}
	}
	if got := strings.Join(move(), " "); got != "32 130 129" {
		t.Errorf("moved, commands, acknowledgements: %s", got)
	}
	if !b.commands["take"].Paged || b.commands["c030"] != nil || b.commands["c031"] == nil {
		t.Errorf("the take: %+v", b.commands["take"])
	}
	if got := strings.Join(move(), " "); got != "0 130 129" {
		t.Errorf("moved, commands, acknowledgements: %s", got)
	}
	// An instance whose clock is behind gets a page that has the stop, which lies ahead to it.
	_, stopping, err := stop(b.state, "ann", time.Hour, later)
	b.do(stopping, err)
	both := newPage(b.state, []*command{b.commands["take"], b.commands["take-stop"]})
	if changes := prune(b.state, both, later.add(time.Minute)); len(changes) != 0 {
		t.Errorf("forgotten: %+v", changes)
	}
	// What is acknowledged meanwhile isn't forgotten with the stop.
	b.do(armed(b.state, "d-bob", "take-stop", later))
	changes := prune(b.state, both, later.add(2*time.Hour))
	if len(changes) != 1 || changes[0].key != keyOf("studio", kindCommand, "take") {
		t.Errorf("forgotten: %+v", changes)
	}
}

// flashes schedules n commands, on which everybody acts 1 ms late.
func (w *world) flashes(leader *part, n int, devices ...*part) (ids []string) {
	w.t.Helper()
	for range n {
		cmd, err := leader.Schedule(w.ctx, ScheduleRequest{Name: "flash"})
		if err != nil {
			w.t.Fatal(err)
		}
		ids = append(ids, cmd.CommandID)
		time.Sleep(200 * time.Millisecond)
		for _, d := range devices {
			if err := d.Fired(w.ctx, cmd.CommandID, cmd.Timestamp.Add(time.Millisecond), false); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	return ids
}

func (w *world) list(limit int, before string) ([]Issued, bool) {
	w.t.Helper()
	list, more, err := w.svc.Commands(w.ctx, "studio", limit, before)
	if err != nil {
		w.t.Fatal(err)
	}
	return list, more
}

// TestHistory: a session's commands can be listed with their reports as long as it
// lasts, also by a service that was started anew; pending ones too.
func TestHistory(t *testing.T) {
	store := store.NewMemory()
	bubble(t, Config{Store: store}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann", DeviceType: "desktop"})
		b := w.join(JoinRequest{UserID: "bob", DeviceType: "mobile"})
		ids := w.flashes(a, 300, a, b)
		ahead, err := a.Schedule(w.ctx, ScheduleRequest{Name: "later", Delay: new(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, ahead.CommandID)
		w.wantHistory(ids)
		rep, err := w.svc.Report(w.ctx, "studio", ids[0])
		if err != nil || len(rep.Devices) != 2 || *rep.Devices[1].ErrorMs != 1 || *rep.SpreadMs != 0 {
			t.Errorf("the report of the first: %+v, %v", rep, err)
		}
		_, err = w.svc.Report(w.ctx, "studio", "nothing")
		wantCode(t, err, wire.CodeUnknownCommand)
		_, _, err = w.svc.Commands(w.ctx, "studio", 10, "nothing")
		wantCode(t, err, wire.CodeUnknownCommand)
		live, err := store.List(w.ctx, "s.>")
		if err != nil || len(live) > 3*(maxCommands+pageLen)+10 {
			t.Errorf("%d entries that every scan reads, %v", len(live), err)
		}

		anew, err := New(Config{Store: store, Now: w.svc.cfg.Now})
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = anew.Run(w.ctx) }()
		w.svc = anew
		w.wantHistory(ids)
	})
}

// wantHistory reads the history at once and in parts.
func (w *world) wantHistory(ids []string) {
	w.t.Helper()
	all, more := w.list(MaxListed, "")
	if len(all) != len(ids) || more {
		w.t.Fatalf("%d commands of %d, more %v", len(all), len(ids), more)
	}
	for i, c := range all {
		acted := c.Report != nil && len(c.Report.Devices) == 2 && c.Report.Devices[0].At != nil
		if c.CommandID != ids[len(ids)-1-i] || acted != (i > 0) {
			w.t.Fatalf("command %d is %+v", i, c)
		}
	}
	var parts []Issued
	for before, more := "", true; more; before = parts[len(parts)-1].CommandID {
		var part []Issued
		part, more = w.list(7, before)
		parts = append(parts, part...)
	}
	if asText(parts) != asText(all) {
		w.t.Errorf("in parts the history is %s", asText(parts))
	}
}

// TestHistoryIsBounded: by the number of commands, and by the devices of one answer.
func TestHistoryIsBounded(t *testing.T) {
	store := store.NewMemory()
	bubble(t, Config{Store: store}, func(w *world) {
		w.svc.keepCommands = 8
		a := w.join(JoinRequest{UserID: "ann"})
		w.flashes(a, keptHistory+300)
		synctest.Wait()
		pages, err := store.List(w.ctx, allPages)
		if most := keptHistory/pageLen + 2; err != nil || len(pages) > most {
			t.Errorf("%d pages, want at most %d (%v)", len(pages), most, err)
		}
		if list, more := w.list(MaxListed, ""); len(list) != MaxListed || !more {
			t.Errorf("%d commands, more %v", len(list), more)
		}
	})
	many := &Report{Devices: make([]DeviceReport, maxRows-1)}
	all := []kept{
		{Issued: Issued{CommandID: "a", Report: many}}, {Issued: Issued{CommandID: "b"}}, {paged: pagedCommand{nil, &past{Count: maxRows}}},
	}
	if list, more, found := choose(all, MaxListed, ""); len(list) != 2 || !more || !found {
		t.Errorf("%d commands, more %v", len(list), more)
	}
	if list, more, found := choose(all, MaxListed, "b"); len(list) != 1 || more || !found {
		t.Errorf("%d commands, more %v", len(list), more)
	}
}

// TestHistoryGoesWithItsSession: nothing stays of one that is removed, not even of a
// page that was written at that moment.
func TestHistoryGoesWithItsSession(t *testing.T) {
	store := store.NewMemory()
	bubble(t, Config{Store: store, KeepIdle: time.Hour}, func(w *world) {
		w.svc.keepCommands = 8
		a := w.join(JoinRequest{UserID: "ann"})
		w.flashes(a, 100)
		_ = a.Leave(w.ctx)
		p := &page{Commands: []past{{command: command{ID: "x"}}}}
		value, _ := encode(p)
		if _, err := store.Put(w.ctx, p.key("gone", value), value, 0); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		if left, err := store.List(context.Background(), ">"); err != nil || len(left) != 0 {
			t.Errorf("left are %d entries, %v", len(left), err)
		}
		a = w.join(JoinRequest{UserID: "ann"})
		if list, more := w.list(10, ""); len(list) != 0 || more {
			t.Errorf("a new session has %+v", list)
		}
		w.flashes(a, 100)
		wantCode(t, a.End(w.ctx), "")
		if left, err := store.List(context.Background(), ">"); err != nil || len(left) != 0 {
			t.Errorf("left of one that was ended are %d entries, %v", len(left), err)
		}
	})
}

// TestTakeUnderWay: who comes later finds the take in the session, until its stop's instant.
func TestTakeUnderWay(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann", DeviceType: "desktop"})
		if take := a.State().Take; take != nil {
			t.Errorf("before any: %+v", take)
		}
		cmd, err := a.StartRecording(w.ctx, StartRequest{PostureLabel: "plank", Delay: new(time.Minute)})
		if err != nil {
			t.Fatal(err)
		}
		want := Take{TakeID: cmd.CommandID, PostureLabel: "plank", Timestamp: cmd.Timestamp}
		if take := w.join(JoinRequest{}).joined.SessionJoined.Session.Take; take == nil || asText(take) != asText(want) {
			t.Errorf("scheduled: %s, want %s", asText(take), asText(want))
		}
		time.Sleep(2 * time.Minute)
		stop, err := a.StopRecording(w.ctx)
		if err != nil {
			t.Fatal(err)
		}
		want.StopTimestamp, want.StopCommandID = &stop.Timestamp, &stop.CommandID
		if take := a.State().Take; take == nil || asText(take) != asText(want) {
			t.Errorf("being stopped: %s, want %s", asText(take), asText(want))
		}
		time.Sleep(time.Second)
		if take := a.State().Take; take != nil {
			t.Errorf("after its stop: %+v", take)
		}
	})
}

// TestTakeOfSomeDevices: only the ones that are named record.
func TestTakeOfSomeDevices(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann", DeviceType: "desktop"})
		b := w.join(JoinRequest{UserID: "bob", DeviceType: "mobile"})
		for devices, code := range map[*[]string]string{
			{}: wire.CodeBadDevices, {"nobody"}: wire.CodeUnknownDevice, new(make([]string, maxListed+1)): wire.CodeBadDevices,
		} {
			_, err := a.StartRecording(w.ctx, StartRequest{Devices: *devices})
			wantCode(t, err, code)
		}
		if _, err := a.StartRecording(w.ctx, StartRequest{Devices: []string{b.DeviceID()}, Duration: time.Second}); err != nil {
			t.Fatal(err)
		}
		first := func(p *part) StartRecording {
			for _, e := range p.heard() {
				if s, ok := e.Data.(StartRecording); ok {
					return s
				}
			}
			t.Fatal("not told")
			return StartRecording{}
		}
		if own, other := first(a), first(b); own.RecordingID != "" || other.RecordingID == "" {
			t.Errorf("told %+v and %+v", own, other)
		}
		if take := a.State().Take; take == nil || len(take.Devices) != 1 {
			t.Errorf("the take: %+v", take)
		}
		time.Sleep(2 * time.Second)
		if list := w.recordings(); len(list) != 1 || list[0].DeviceID != b.DeviceID() {
			t.Errorf("recordings %+v", list)
		}
		id := recordingID(a.State().SessionID, a.DeviceID())
		wantCode(t, a.RecordingStarted(w.ctx, id, clock.SessionTime(time.Now().UnixNano()), 0), wire.CodeUnknownRecording)
	})
}
