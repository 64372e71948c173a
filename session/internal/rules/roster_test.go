package rules

import (
	"strconv"
	"strings"
	"testing"
	"unsafe"
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
	before := map[*byte]bool{}
	for _, piece := range one.lists {
		before[unsafe.SliceData(piece)] = true
	}
	fresh := 0
	for _, piece := range snap.roster.lists {
		if !before[unsafe.SliceData(piece)] {
			fresh++
		}
	}
	if constant := 3; fresh != constant+2 {
		t.Errorf("%d pieces are new, want those of the user and the device that came", fresh-constant)
	}
	hollow, err := Encode(snap.Hollow())
	if err != nil {
		t.Fatal(err)
	}
	if j := snap.Fill(hollow); j.Cost() > j.Len()/10 {
		t.Errorf("%d bytes cost %d", j.Len(), j.Cost())
	}
}

// TestPiecesAreForgotten: what isn't true any more doesn't stay for ever.
func TestPiecesAreForgotten(t *testing.T) {
	p := pieces[int, int]{}
	for round := range 1000 {
		p.list(2)
		for _, key := range []int{0, round} {
			if got := p.of(key, func() int { return key }); got.is != key || string(got.json) != ","+strconv.Itoa(key) {
				t.Fatalf("%d is %+v", key, got)
			}
		}
	}
	if n := len(p.made); n > 2*2+16+2 {
		t.Errorf("%d pieces are kept of 2", n)
	}
}
