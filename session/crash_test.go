package session

import (
	"slices"
	"testing"

	"github.com/downbeat-sync/downbeat/store"
)

// TestMistakenForDead: members of an instance that was only slow are marked
// connected again by it, and those who have gone meanwhile stay gone.
func TestMistakenForDead(t *testing.T) {
	bubble(t, Config{Instance: "slow"}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann"})
		b := w.join(JoinRequest{UserID: "bob"})
		a.heard()
		all := func(string) bool { return true }
		if err := w.svc.MarkDisconnected(w.ctx, all); err != nil {
			t.Fatal(err)
		}
		names := a.names()
		slices.Sort(names)
		want := []string{
			"device_disconnected", "device_disconnected", "device_joined", "device_joined",
			"user_joined", "user_joined", "user_left", "user_left",
		}
		if !slices.Equal(names, want) {
			t.Errorf("heard %v", names)
		}
		if !a.IsLeader() {
			t.Error("the leader has changed")
		}
		if err := b.Disconnect(w.ctx); err != nil {
			t.Fatal(err)
		}
		if err := w.svc.MarkDisconnected(w.ctx, all); err != nil {
			t.Fatal(err)
		}
		a.heard()
		for _, d := range a.State().Devices {
			if d.IsConnected != (d.DeviceID == a.DeviceID()) {
				t.Errorf("device of %s: connected %v", d.UserID, d.IsConnected)
			}
		}
	})
}

// TestWrittenAnew: an entry that is stored again as it was tells nobody anything.
func TestWrittenAnew(t *testing.T) {
	store := store.NewMemory()
	bubble(t, Config{Store: store}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann"})
		if err := a.LoadMedia(w.ctx, LoadRequest{MediaURL: "/film.mp4", MediaID: "f"}); err != nil {
			t.Fatal(err)
		}
		a.heard()
		entries, err := store.List(w.ctx, "s.>")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if _, err := store.Put(w.ctx, e.Key, e.Value, e.Revision); err != nil {
				t.Fatal(err)
			}
		}
		if got := a.names(); len(got) != 0 {
			t.Errorf("heard %v", got)
		}
		if _, err := a.SyncPlayback(w.ctx, PlaybackRequest{}); err != nil {
			t.Error(err)
		}
	})
}
