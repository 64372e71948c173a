package store_test

import (
	"testing"

	"github.com/downbeat-sync/downbeat/store"
	"github.com/downbeat-sync/downbeat/store/storetest"
)

func TestMemoryConforms(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return store.NewMemory() })
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		filter, key string
		want        bool
	}{
		{"s.a.meta", "s.a.meta", true},
		{"s.a.meta", "s.a.metal", false},
		{"s.a.>", "s.a.meta", true},
		{"s.a.>", "s.a.ack.c.d", true},
		{"s.a.>", "s.a", false},
		{"s.a.>", "s.ab.meta", false},
		{"s.*.meta", "s.a.meta", true},
		{"s.*.meta", "s.a.user.meta", false},
		{"s.*", "s.a.b", false},
		{"s.a.b", "s.a", false},
	} {
		if got := store.Match(c.filter, c.key); got != c.want {
			t.Errorf("Match(%q, %q) = %v", c.filter, c.key, got)
		}
	}
}
