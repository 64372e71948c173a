package session

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/wire"
)

// TestOneTakeHoweverTheyRace: of starts at the same moment, by several devices of
// the leader on two instances, one begins a take.
func TestOneTakeHoweverTheyRace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		store := store.NewMemory()
		var members []*Member
		var info Info
		for i := range 2 {
			svc, err := New(Config{Store: store, Now: clock.NewSource(time.Now).Now})
			wantCode(t, err, "")
			running.Go(func() { _ = svc.Run(ctx) })
			if i == 0 {
				info, err = svc.Create(ctx, CreateRequest{})
				wantCode(t, err, "")
			}
			for range 3 {
				q := JoinRequest{SessionID: info.SessionID, CreatorToken: info.Token}
				m, _, err := svc.Join(ctx, q, func(Event) {})
				wantCode(t, err, "")
				members = append(members, m)
			}
		}
		started := make(chan error, len(members))
		for _, m := range members {
			go func() {
				_, err := m.StartRecording(ctx, StartRequest{})
				started <- err
			}()
		}
		takes := 0
		for range members {
			if err := <-started; err == nil {
				takes++
			} else {
				wantCode(t, err, wire.CodeRecordingInProgress)
			}
		}
		if takes != 1 {
			t.Errorf("%d takes at once", takes)
		}
		synctest.Wait() // the take may be the other service's: this one hears of it
		_, err := members[0].StopRecording(ctx)
		wantCode(t, err, "")
		time.Sleep(time.Second)
		_, err = members[5].StartRecording(ctx, StartRequest{})
		wantCode(t, err, "")
		stop()
		running.Wait()
	})
}
