package session

import (
	"testing"

	"github.com/downbeat-sync/downbeat/wire"
)

// TestPagedStartIsPagedAgain: what is acknowledged of the start of a take that goes on,
// when the start is in a page already, isn't forgotten with it.
func TestPagedStartIsPagedAgain(t *testing.T) {
	b := studio(t)
	b.do(start(b.state, command{ID: "take", Event: wire.StartRecording, By: "ann"}, when{}, t0))
	b.do(armed(b.state, "d-bob", "take", after(1)))
	p := newPage(b.state, []*command{b.commands["take"]})
	b.do(prune(b.state, p, after(1000)), nil)
	if !b.commands["take"].Paged {
		t.Fatal("the start isn't marked")
	}
	b.do(fired(b.state, "d-bob", "take", act{at: t0.time()}))
	if b.commands["take"].Paged {
		t.Error("the start isn't to be paged again")
	}
	_, changes, err := stop(b.state, "ann", 0, after(2000))
	b.do(changes, err)
	b.do(prune(b.state, p, after(3000)), nil)
	if a := b.acks["take"]["d-bob"]; a == nil || !a.Fired {
		t.Errorf("forgotten: %+v", a)
	}
}
