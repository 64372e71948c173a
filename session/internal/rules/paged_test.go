package rules

import (
	"testing"

	"github.com/downbeat-sync/downbeat/wire"
)

// TestPagedStartIsPagedAgain: what is acknowledged of the start of a take that goes on,
// when the start is in a page already, isn't forgotten with it.
func TestPagedStartIsPagedAgain(t *testing.T) {
	b := studio(t)
	b.do(Start(b.State, CommandRecord{ID: "take", Event: wire.StartRecording, By: "ann"}, When{}, t0))
	b.said("d-bob", "take")(Armed(b.State, "d-bob", "take", after(1)))
	p := NewPage(b.State, []*CommandRecord{b.Commands["take"]})
	b.do(Prune(b.State, p, after(1000)), nil)
	if !b.Commands["take"].Paged {
		t.Fatal("the start isn't marked")
	}
	b.said("d-bob", "take")(Fired(b.State, "d-bob", "take", Act{At: t0.Time()}))
	b.do(Save(b.State, "take"), nil)
	if b.Commands["take"].Paged {
		t.Error("the start isn't to be paged again")
	}
	_, changes, err := Stop(b.State, "ann", 0, after(2000))
	b.do(changes, err)
	b.do(Prune(b.State, p, after(3000)), nil)
	if a := b.Acks["take"]["d-bob"]; a == nil || !a.Fired {
		t.Errorf("forgotten: %+v", a)
	}
}
