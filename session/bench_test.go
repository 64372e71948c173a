package session

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/wire"
)

// BenchmarkCommand1000 is a command to 1000 devices that all arm and fire.
func BenchmarkCommand1000(b *testing.B) {
	svc, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = svc.Run(ctx) })
	defer running.Wait()
	defer stop()
	var members []*Member
	for i := range 1000 {
		m, _, err := svc.Join(ctx, JoinRequest{SessionID: "s", UserID: fmt.Sprint("u", i), DeviceType: "native"}, func(Event) {})
		if err != nil {
			b.Fatal(err)
		}
		members = append(members, m)
	}
	for b.Loop() {
		cmd, err := members[0].Schedule(ctx, ScheduleRequest{Name: "flash"})
		if err != nil {
			b.Fatal(err)
		}
		var acting sync.WaitGroup
		for _, m := range members {
			acting.Go(func() {
				if err := m.Armed(ctx, cmd.CommandID); err != nil {
					b.Error(err)
				}
				if err := m.Fired(ctx, cmd.CommandID, cmd.Timestamp, false); err != nil {
					b.Error(err)
				}
			})
		}
		acting.Wait()
	}
}

// BenchmarkHistory reads a session's whole history of 1000 commands that 20 devices acted on.
func BenchmarkHistory(b *testing.B) {
	var pages []store.Entry
	bytes := 0
	for i := 0; i < rules.KeptHistory; i += rules.PageLen {
		p := &rules.Page{}
		for d := range 20 {
			p.Devices = append(p.Devices, fmt.Sprintf("%08d-0000-0000-0000-000000000000", d))
		}
		for n := range rules.PageLen {
			at := t0.Add(time.Duration(i+n) * time.Second)
			over := rules.Past{CommandRecord: rules.CommandRecord{ID: fmt.Sprintf("%08d-0000-0000-0000-000000000000", i+n), Event: wire.Command, Name: "flash", IssuedAt: at, Timestamp: at}}
			for d := range 20 {
				a := rules.Ack{Armed: true, Fired: true, FiredAt: at.Add(time.Duration(d*37) * time.Microsecond), Bounded: true, Bound: 123_456}
				over.Rows = a.AppendRow(over.Rows, d, 0, at)
			}
			p.Commands = append(p.Commands, over)
		}
		value, err := rules.Encode(p)
		if err != nil {
			b.Fatal(err)
		}
		bytes += len(value)
		pages = append(pages, store.Entry{Key: p.Key("studio", value), Value: value})
	}
	for b.Loop() {
		if list, err := withPages(nil, pages, 0); err != nil || len(rules.WithReports(list)) < rules.KeptHistory {
			b.Fatal(len(list), err)
		}
	}
	b.ReportMetric(float64(bytes)/1024, "KiB")
}
