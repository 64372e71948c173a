package session

import (
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/session/internal/rules"
)

// TestLateWordsInService: a device that arms late, answers pings late or says nothing at all
// leaves the others' leads as they are, but for maxPull, and is named to the leader.
func TestLateWordsInService(t *testing.T) {
	bubble(t, Config{}, func(w *world) {
		a := w.join(JoinRequest{UserID: "ann", DeviceType: "desktop"})
		b := w.join(JoinRequest{UserID: "bob", DeviceType: "mobile"})
		bad := w.join(JoinRequest{UserID: "bad", DeviceType: "mobile"})
		for _, p := range []*part{a, b} {
			w.know(p.DeviceID(), 2*time.Millisecond, 0, time.Microsecond)
		}
		issue := func() (cmd Scheduled, lead time.Duration) {
			t.Helper()
			cmd, err := a.Schedule(w.ctx, ScheduleRequest{Name: "flash"})
			wantCode(t, err, "")
			wantCode(t, a.Armed(w.ctx, cmd.CommandID), "")
			wantCode(t, b.Armed(w.ctx, cmd.CommandID), "")
			return cmd, cmd.Timestamp.Sub(w.svc.now().Time())
		}
		named := func() []string {
			t.Helper()
			devices, err := w.svc.Sync(w.ctx, "studio")
			wantCode(t, err, "")
			for _, d := range devices {
				if d.DeviceID != bad.DeviceID() && len(d.LeftBehind) > 0 {
					t.Errorf("%s is left behind", d.DeviceID)
				}
			}
			return devices[2].LeftBehind
		}
		const usual = 100 * time.Millisecond
		cmd, lead := issue()
		if lead != usual || len(named()) > 0 {
			t.Errorf("with one that says nothing the lead is %v, named %v", lead, named())
		}
		time.Sleep(19 * time.Second)
		wantCode(t, bad.Armed(w.ctx, cmd.CommandID), "")
		if _, lead = issue(); lead > usual+rules.MaxPull {
			t.Errorf("after a late word the lead is %v", lead)
		}
		w.know(bad.DeviceID(), 1400*time.Millisecond, 0, time.Microsecond)
		if _, lead = issue(); lead > usual+rules.MaxPull {
			t.Errorf("with late pongs the lead is %v", lead)
		}
		if got := named(); len(got) != 1 || got[0] != behindLead {
			t.Errorf("with late pongs it is named %v", got)
		}
		w.know(bad.DeviceID(), 2*time.Millisecond, 0, time.Microsecond)
		for range rules.AnswersKept {
			time.Sleep(time.Second)
			_, lead = issue()
		}
		if lead != usual || len(named()) > 0 {
			t.Errorf("forgiven, the lead is %v, named %v", lead, named())
		}
	})
}

// TestOneDeviceDoesntStopTheFilm: where everybody is waited for, one device makes the others
// wait for waitLimit at once and for a tenth of the time after that, whatever it does.
func TestOneDeviceDoesntStopTheFilm(t *testing.T) {
	const limit, length = 5 * time.Second, 20 * time.Minute
	for name, step := range map[string]func(w *world, p *part) *part{
		"never loads": func(w *world, p *part) *part {
			_ = p.Buffering(w.ctx, "/film.mp4", true)
			time.Sleep(time.Second)
			return p
		},
		"loads and loads": func(w *world, p *part) *part {
			_ = p.Buffering(w.ctx, "/film.mp4", true)
			time.Sleep(50 * time.Millisecond)
			_ = p.Buffering(w.ctx, "/film.mp4", false)
			time.Sleep(50 * time.Millisecond)
			return p
		},
		"loads for seconds": func(w *world, p *part) *part {
			_ = p.Buffering(w.ctx, "/film.mp4", true)
			time.Sleep(3 * time.Second)
			_ = p.Buffering(w.ctx, "/film.mp4", false)
			time.Sleep(500 * time.Millisecond)
			return p
		},
		"goes and comes": func(w *world, p *part) *part {
			_ = p.Buffering(w.ctx, "/film.mp4", true)
			time.Sleep(2 * time.Second)
			_ = p.Disconnect(w.ctx)
			time.Sleep(time.Second)
			return w.join(JoinRequest{ResumeToken: p.joined.SessionJoined.ResumeToken})
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, Config{}, func(w *world) {
				a := w.join(JoinRequest{UserID: "ann"})
				bad := w.join(JoinRequest{UserID: "bad"})
				wantCode(t, a.LoadMedia(w.ctx, LoadRequest{MediaURL: "/film.mp4", MediaDuration: 1e6}), "")
				wantCode(t, a.PlaybackOptions(w.ctx, OptionsRequest{WaitForAll: new(true), WaitLimit: new(limit)}), "")
				play, err := a.SyncPlayback(w.ctx, PlaybackRequest{IsPlaying: true})
				wantCode(t, err, "")
				time.Sleep(time.Second)
				pauses := 0
				for w.svc.now().Time().Sub(play.Timestamp) < length {
					bad = step(w, bad)
					for _, e := range a.heard() {
						if s, is := e.Data.(PlaybackSync); is && !s.IsPlaying {
							pauses++
						}
					}
				}
				now := w.svc.now()
				state := a.State().PlaybackState
				position := rules.Timeline{Position: state.Position, IsPlaying: state.IsPlaying, Rate: 1, Since: rules.InstantOf(state.LastUpdateTime)}.At(now).Position
				stood := now.Time().Sub(play.Timestamp) - time.Duration(position*float64(time.Second))
				// Each wait ends a lead after the device was let go.
				if most := limit + length/rules.Regain + time.Duration(pauses)*a.svc.cfg.MinLead + 200*time.Millisecond; stood > most {
					t.Errorf("in %v the film stood still for %v, at %d pauses", length, stood, pauses)
				}
				if most := 1 + int((limit+length/rules.Regain)/rules.LeastWait); pauses > most {
					t.Errorf("%d pauses", pauses)
				}
				if pauses == 0 {
					t.Error("nobody waited at all")
				}
			})
		})
	}
}
