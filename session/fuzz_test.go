package session

import (
	"encoding/json"
	"testing"

	"github.com/downbeat-sync/downbeat/session/internal/rules"

	"github.com/downbeat-sync/downbeat/store"
)

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
