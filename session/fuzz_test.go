package session

import (
	"encoding/json"
	"testing"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/store"
)

// FuzzCursor: a place in the list that is accepted is written as one that is the same place.
func FuzzCursor(f *testing.F) {
	for _, s := range []string{"", "0.studio", "-1y2p0ij32e8e8.a", "1y2p0ij32e8e7.studio", "1y2p0ij32e8e8.studio", "+A.b", "a.b.c", ".b", "a.", "a.\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, err := parseCursor(s)
		if err != nil || at == nil {
			return
		}
		if again, err := parseCursor(at.cursor()); err != nil || *again != *at {
			t.Fatalf("%q is %v, written as %q, which is %v, %v", s, at, at.cursor(), again, err)
		}
	})
}

// FuzzPage: no page that a store may hold breaks the list of commands.
func FuzzPage(f *testing.F) {
	f.Add([]byte(`{"devices":["d"],"commands":[{"id":"c","event":"command","timestamp":5,"rows":"AAsJBwAA"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := withPages(nil, []store.Entry{{Key: "h.s.0.1.x", Value: b}}, 0)
		if err != nil {
			return
		}
		if _, err := json.Marshal(rules.WithReports(list)); err != nil {
			t.Fatal(err)
		}
	})
}
