package rules

import (
	"strconv"
	"strings"
	"testing"
)

// TestPiecesAreShared: snapshots share what is the same in them.
func TestPiecesAreShared(t *testing.T) {
	b := newBench(t)
	join := func(id string) {
		_, changes, err := Join(b.State, Newcomer{
			JoinRequest: JoinRequest{Avatar: strings.Repeat("x", MaxAvatar)}, NewUserID: id, NewDeviceID: "d-" + id, MaxDevices: 100,
		}, t0)
		b.do(changes, err)
	}
	for i := range 51 {
		join(strconv.Itoa(i))
	}
	one, same := b.Snapshot(t0).roster, b.Snapshot(t0).roster
	if one != same {
		t.Error("two snapshots of one state are made twice")
	}
	join("another")
	snap := b.Snapshot(t0)
	next, kept := snap.roster, 0
	for key, piece := range one.pieces {
		if other := next.pieces[key]; len(other) > 0 && &other[0] == &piece[0] {
			kept++
		}
	}
	if kept != len(one.pieces) || len(next.pieces) != kept+2 {
		t.Errorf("%d of %d pieces are kept; there are %d", kept, len(one.pieces), len(next.pieces))
	}
	hollow, err := Encode(snap.Hollow())
	if err != nil {
		t.Fatal(err)
	}
	if j := snap.Fill(hollow); j.Cost() > j.Len()/10 {
		t.Errorf("%d bytes cost %d", j.Len(), j.Cost())
	}
}
