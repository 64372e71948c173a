package store_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/downbeat-sync/downbeat/store"
)

func TestTableAwaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := store.NewTable()
		if !table.Apply(store.Entry{Key: "s.a.meta", Value: []byte("3"), Revision: 3}) || !table.Await(t.Context(), 3) {
			t.Error("what was applied is waited for")
		}
		if table.Apply(store.Entry{Key: "s.a.meta", Value: []byte("2"), Revision: 2}) || table.Seen() != 3 {
			t.Error("an older entry was applied")
		}
		if e, ok := table.Get("s.a.meta"); !ok || string(e.Value) != "3" {
			t.Errorf("got %+v", e)
		}
		ctx, stop := context.WithCancel(t.Context())
		met := make(chan bool, 2)
		go func() { met <- table.Await(t.Context(), 5) }()
		synctest.Wait()
		table.Apply(store.Entry{Key: "s.b.meta", Revision: 4})
		synctest.Wait()
		if len(met) > 0 {
			t.Error("revision 4 is taken for 5")
		}
		table.Apply(store.Entry{Key: "s.b.meta", Revision: 7})
		if !<-met {
			t.Error("revision 7 isn't past 5")
		}
		go func() { met <- table.Await(ctx, 8) }()
		synctest.Wait()
		stop()
		if <-met {
			t.Error("who gave up has it")
		}
	})
}
