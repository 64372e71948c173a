package session

import (
	"context"
	"fmt"
	"sync"
	"testing"
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
