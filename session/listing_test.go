package session

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/wire"
)

// TestPagesOfSessions: pages follow one another in the order of creation, in either direction, whatever is
// created or ended meanwhile, and with members here or without.
func TestPagesOfSessions(t *testing.T) {
	store := store.NewMemory()
	bubble(t, Config{Store: store}, func(w *world) {
		var ids []string
		for i := range 10 {
			id := fmt.Sprintf("s%02d", i)
			p := w.join(JoinRequest{SessionID: id, Username: "Ann"})
			if i%2 == 0 {
				wantCode(t, p.Disconnect(w.ctx), "")
			}
			ids = append(ids, id)
			time.Sleep(time.Second)
		}
		for _, newest := range []bool{false, true} {
			want := slices.Clone(ids)
			if newest {
				slices.Reverse(want)
			}
			for limit := 1; limit <= 11; limit++ {
				var got []string
				q := ListRequest{Limit: limit, Newest: newest}
				for pages := 0; pages == 0 || q.Cursor != ""; pages++ {
					list, err := w.svc.List(w.ctx, q)
					wantCode(t, err, "")
					if list.Total != 10 || len(list.Sessions) > limit || pages > 10 {
						t.Fatalf("page %d of %d has %+v", pages, limit, list)
					}
					for _, s := range list.Sessions {
						got = append(got, s.SessionID)
						if s.UserCount != 1 || s.Status != "active" {
							t.Errorf("%+v", s)
						}
					}
					q.Cursor = list.Next
				}
				if !slices.Equal(got, want) {
					t.Errorf("pages of %d, newest first: %v: %v", limit, newest, got)
				}
			}
		}
		first, err := w.svc.List(w.ctx, ListRequest{Limit: 3})
		wantCode(t, err, "")
		wantCode(t, w.svc.End(w.ctx, ids[2]), "") // which the cursor names
		w.join(JoinRequest{SessionID: "new"})
		second, err := w.svc.List(w.ctx, ListRequest{Limit: 3, Cursor: first.Next})
		wantCode(t, err, "")
		if second.Sessions[0].SessionID != ids[3] || second.Total != 10 {
			t.Errorf("after an ended one: %+v", second)
		}
		if n, err := w.svc.Count(w.ctx); n != 10 || err != nil {
			t.Errorf("%d sessions, %v", n, err)
		}
		for _, cursor := range []string{"x", "1.", ".studio", "zzzzzzzzzzzzzzzzzzzzz.studio", "1.../x"} {
			_, err := w.svc.List(w.ctx, ListRequest{Cursor: cursor})
			wantCode(t, err, "bad_field")
		}
	})
}

// TestIndexTakesAnyOrder: the index comes to the same whether a room or its own watch tells it first.
func TestIndexTakesAnyOrder(t *testing.T) {
	put := func(revision uint64) store.Entry {
		b, err := rules.Encode(&rules.Meta{CreatedAt: rules.Instant(revision)})
		wantCode(t, err, "")
		return store.Entry{Key: "s.studio.meta", Value: b, Revision: revision}
	}
	gone := store.Entry{Key: "s.studio.meta", Revision: 2}
	x := newIndex()
	x.apply(put(1), false)
	x.apply(gone, false)
	x.apply(put(1), true) // late
	if x.count() != 0 || len(x.order) != 0 {
		t.Errorf("%+v", x.order)
	}
	x.apply(gone, true)
	if len(x.gone) != 0 {
		t.Errorf("%+v are kept", x.gone)
	}
	x.apply(put(3), true)
	x.apply(put(3), false)
	x.apply(gone, false)
	if x.count() != 1 || len(x.order) != 1 || x.order[0].created != 3 {
		t.Errorf("%+v", x.order)
	}
}

// TestListWaits: before it is known which sessions there are, the list isn't empty but waits.
func TestListWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		svc, err := New(Config{Now: func() clock.SessionTime { return epoch }})
		wantCode(t, err, "")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = svc.List(ctx, ListRequest{})
		wantCode(t, err, wire.CodeUnavailable)
	})
}

// BenchmarkList: a page of the list of 10,000 sessions, and their number.
func BenchmarkList(b *testing.B) {
	svc, err := New(Config{Now: clock.NewSource(time.Now).Now})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error)
	go func() { ended <- svc.Run(ctx) }()
	defer func() { cancel(); <-ended }()
	for range 10_000 {
		info, err := svc.Create(ctx, CreateRequest{})
		if err != nil {
			b.Fatal(err)
		}
		m, _, err := svc.Join(ctx, JoinRequest{SessionID: info.SessionID, Username: "Ann"}, func(Event) {})
		if err == nil {
			err = m.Disconnect(ctx)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if list, err := svc.List(ctx, ListRequest{}); err != nil || len(list.Sessions) != DefaultPage || list.Total != 10_000 {
			b.Fatal(list.Total, err)
		}
	}
}
