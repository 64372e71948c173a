package session

import (
	"slices"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/wire"
)

// TestWaitHasALimit: in a running service the film goes on to the microsecond: without
// the one that takes too long, without the one that goes away, and with all who have loaded.
func TestWaitHasALimit(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a, b, c := w.join(JoinRequest{UserID: "ann"}), w.join(JoinRequest{UserID: "bob"}), w.join(JoinRequest{UserID: "cid"})
		ok := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		syncs := func() (list []PlaybackSync) {
			for _, e := range a.heard() {
				if s, is := e.Data.(PlaybackSync); is {
					list = append(list, s)
				}
			}
			return list
		}
		ok(a.LoadMedia(w.ctx, LoadRequest{MediaURL: "/film.mp4", MediaDuration: 600}))
		ok(a.PlaybackOptions(w.ctx, OptionsRequest{WaitForAll: new(true), WaitLimit: new(5 * time.Second)}))
		_, err := a.SyncPlayback(w.ctx, PlaybackRequest{IsPlaying: true})
		ok(err)
		time.Sleep(10 * time.Second)
		syncs()
		ok(b.Buffering(w.ctx, "/film.mp4", true))
		ok(c.Buffering(w.ctx, "/film.mp4", true))
		time.Sleep(time.Second)
		ok(c.Buffering(w.ctx, "/film.mp4", false))
		time.Sleep(10 * time.Second)
		list := syncs()
		if len(list) != 2 || list[0].IsPlaying || !list[1].IsPlaying || !slices.Equal(list[0].WaitingFor, []string{b.DeviceID()}) {
			t.Fatalf("told %+v", list)
		}
		lead := list[1].Timestamp.Sub(list[0].Timestamp) - 5*time.Second
		if lead < 100*time.Millisecond || lead > 101*time.Millisecond || list[1].Position != list[0].Position {
			t.Errorf("it went on %v after the limit, at %v, having stood at %v", lead, list[1].Position, list[0].Position)
		}
		ok(b.Buffering(w.ctx, "/film.mp4", true))
		if list := syncs(); len(list) != 0 {
			t.Errorf("waited again for one that took too long: %+v", list)
		}
		ok(b.Buffering(w.ctx, "/film.mp4", false))
		ok(b.Buffering(w.ctx, "/film.mp4", true))
		time.Sleep(time.Second)
		ok(b.Disconnect(w.ctx))
		time.Sleep(time.Second)
		if list := syncs(); len(list) != 2 || !list[1].IsPlaying {
			t.Errorf("after it went away: %+v", list)
		}
		ok(c.Buffering(w.ctx, "/film.mp4", true))
		time.Sleep(time.Second)
		ok(a.PlaybackOptions(w.ctx, OptionsRequest{WaitForAll: new(false)}))
		if list := syncs(); len(list) != 2 || !list[1].IsPlaying {
			t.Errorf("when nobody is to be waited for any more: %+v", list)
		}
		wantCode(t, a.PlaybackOptions(w.ctx, OptionsRequest{WaitLimit: new(time.Hour)}), wire.CodeBadPlayback)
		wantCode(t, b.Buffering(w.ctx, "/film.mp4", true), wire.CodeNotJoined)
		wantCode(t, c.Buffering(w.ctx, "", true), wire.CodeBadMedia)
		wantCode(t, c.MediaInfo(w.ctx, "/film.mp4", -1), wire.CodeBadMedia)
	})
}
