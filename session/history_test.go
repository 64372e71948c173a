package session

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/wire"
)

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
		if err != nil || len(live) > 3*(rules.MaxCommands+rules.PageLen)+10 {
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
		w.flashes(a, rules.KeptHistory+300)
		synctest.Wait()
		pages, err := store.List(w.ctx, rules.AllPages)
		if most := rules.KeptHistory/rules.PageLen + 2; err != nil || len(pages) > most {
			t.Errorf("%d pages, want at most %d (%v)", len(pages), most, err)
		}
		if list, more := w.list(MaxListed, ""); len(list) != MaxListed || !more {
			t.Errorf("%d commands, more %v", len(list), more)
		}
	})
	many := &Report{Devices: make([]DeviceReport, rules.MaxRows-1)}
	all := []rules.Kept{
		{Issued: Issued{CommandID: "a", Report: many}}, {Issued: Issued{CommandID: "b"}}, {Paged: rules.PagedCommand{Page: nil, Past: &rules.Past{Count: rules.MaxRows}}},
	}
	if list, more, found := rules.Choose(all, MaxListed, ""); len(list) != 2 || !more || !found {
		t.Errorf("%d commands, more %v", len(list), more)
	}
	if list, more, found := rules.Choose(all, MaxListed, "b"); len(list) != 1 || more || !found {
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
		p := &rules.Page{Commands: []rules.Past{{CommandRecord: rules.CommandRecord{ID: "x"}}}}
		value, _ := rules.Encode(p)
		if _, err := store.Put(w.ctx, p.Key("gone", value), value, 0); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		if left, err := store.List(context.Background(), "s.>", "h.>", "x.>"); err != nil || len(left) != 0 {
			t.Errorf("left are %d entries, %v", len(left), err)
		}
		a = w.join(JoinRequest{UserID: "ann"})
		if list, more := w.list(10, ""); len(list) != 0 || more {
			t.Errorf("a new session has %+v", list)
		}
		w.flashes(a, 100)
		wantCode(t, a.End(w.ctx), "")
		if left, err := store.List(context.Background(), "s.>", "h.>", "x.>"); err != nil || len(left) != 0 {
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
		want := rules.Take{TakeID: cmd.CommandID, PostureLabel: "plank", Timestamp: cmd.Timestamp}
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
			{}: wire.CodeBadDevices, {"nobody"}: wire.CodeUnknownDevice, new(make([]string, rules.MaxListed+1)): wire.CodeBadDevices,
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
		id := rules.RecordingID(a.State().SessionID, a.DeviceID())
		wantCode(t, a.RecordingStarted(w.ctx, id, clock.SessionTime(time.Now().UnixNano()), 0), wire.CodeUnknownRecording)
	})
}
