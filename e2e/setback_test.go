package e2e

import (
	"encoding/json"
	"runtime"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
)

// schedules returns a command of the session studio, which is some 100 ms ahead of session time.
func (i *instance) schedules() (cmd session.Scheduled) {
	i.t.Helper()
	status, b, err := i.do("POST", "/api/sessions/studio/commands", `{"name":"flash"}`)
	if err != nil || status != 202 {
		i.t.Fatalf("a command: %d %s %v", status, b, err)
	}
	check(i.t, json.Unmarshal(b, &cmd))
	return cmd
}

// TestClockSetBack: the server of a data directory is killed, the machine's clock is set back by an hour, and it
// is started again. Session time goes on from where it was: a take that was running ends when it
// should, a film goes on, commands are answered for.
func TestClockSetBack(t *testing.T) {
	server := newInstance(t, "--data", t.TempDir(), "--fake-clock=+0s")
	ann := server.join(signaling.JoinRequest{SessionID: "studio", UserID: "ann", DeviceType: "desktop"})
	_, err := ann.Call(t.Context(), "sync_playback", map[string]any{"position": 100, "isPlaying": true})
	check(t, err)
	_, err = ann.Call(t.Context(), "start_recording", map[string]any{"duration": 8000})
	check(t, err)
	var take session.StartRecording
	check(t, json.Unmarshal(ann.await(t, "start_recording").Data, &take))
	time.Sleep(1100 * time.Millisecond) // session time is kept each second
	before, began := server.schedules(), time.Now()
	server.kill()

	server.args[len(server.args)-1] = "--fake-clock=-1h"
	server.start()
	back := server.join(signaling.JoinRequest{SessionID: "studio", ResumeToken: ann.ResumeToken})
	after, passed := server.schedules(), time.Since(began)
	if on := after.Timestamp.Sub(before.Timestamp); on <= 0 || on > passed+3*time.Second {
		t.Errorf("session time went on by %v while %v passed", on, passed)
	}
	var stop session.StopRecording
	check(t, json.Unmarshal(back.await(t, "stop_recording").Data, &stop))
	if d := stop.Timestamp.Sub(take.Timestamp); d != 8*time.Second {
		t.Errorf("the take was stopped %v after its start", d)
	}
	m, err := back.Call(t.Context(), "request_session_state", nil)
	check(t, err)
	var state session.Snapshot
	check(t, json.Unmarshal(m.Data, &state))
	film := state.PlaybackState
	if on := after.Timestamp.Sub(film.LastUpdateTime); !film.IsPlaying || film.Position != 100 || on <= 0 || on > time.Minute {
		t.Errorf("the film goes on %v after %+v", on, film)
	}
}

// TestOnlyInstanceKilled: the only instance on a NATS server is killed, and started again at the same address. It
// takes its predecessor's lease over, which would hold for 15 s, and goes on from there
// although its machine's clock has been set back.
func TestOnlyInstanceKilled(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("whose socket it was can be told on Linux alone")
	}
	server := newInstance(t, "--nats", newNATS(t).url(), "--fake-clock=+0s")
	server.join(signaling.JoinRequest{SessionID: "studio", UserID: "ann"})
	time.Sleep(4 * time.Second) // a renewal says that nobody follows it
	before, began := server.schedules(), time.Now()
	server.kill()
	server.args[len(server.args)-1] = "--fake-clock=-1h"
	ready := server.start()
	after, passed := server.schedules(), time.Since(began)
	t.Logf("ready after %v", ready)
	if ready > 12*time.Second {
		t.Errorf("ready after %v: it waited for its predecessor's lease", ready)
	}
	if on := after.Timestamp.Sub(before.Timestamp); on <= 0 || on > passed+5*time.Second {
		t.Errorf("session time went on by %v while %v passed", on, passed)
	}
}
