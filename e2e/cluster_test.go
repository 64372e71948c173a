package e2e

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
)

// TestTwoInstances: two server processes on one NATS server are one service, and
// when one is killed the other goes on with what it had.
func TestTwoInstances(t *testing.T) {
	nats := newNATS(t).url()
	one, two := newInstance(t, "--nats", nats), newInstance(t, "--nats", nats)
	ann := one.join(signaling.JoinRequest{SessionID: "studio", UserID: "ann", DeviceType: "desktop"})
	bob := two.join(signaling.JoinRequest{SessionID: "studio", UserID: "bob", DeviceType: "mobile"})
	ann.await(t, "device_joined")
	if !ann.IsLeader || bob.IsLeader || len(bob.Session.Devices) != 2 {
		t.Fatalf("ann joined as %+v, bob as %+v", ann.SessionJoined, bob.SessionJoined)
	}

	t.Run("the same events in the same order", func(t *testing.T) {
		for i := range 20 {
			who, instance := ann, two
			if i%2 == 0 {
				instance = one
			}
			_, err := who.Call(t.Context(), "schedule", map[string]any{"name": "flash"})
			check(t, err)
			status, body, err := instance.do("POST", "/api/sessions/studio/commands", `{"name":"beep"}`)
			if err != nil || status != 202 {
				t.Fatalf("%d %s %v", status, body, err)
			}
		}
		if a, b := commands(t, ann, 40), commands(t, bob, 40); !slices.Equal(a, b) {
			t.Errorf("ann heard %v, bob %v", a, b)
		}
	})

	t.Run("a command acts on both", func(t *testing.T) {
		var cmd session.Scheduled
		m, err := ann.Call(t.Context(), "schedule", map[string]any{"name": "both"})
		check(t, err)
		check(t, json.Unmarshal(m.Data, &cmd))
		for _, c := range []*connected{ann, bob} {
			var got session.Command
			check(t, json.Unmarshal(c.await(t, "command").Data, &got))
			_, err := c.Call(t.Context(), "fired", map[string]any{"commandId": got.CommandID, "at": got.Timestamp})
			check(t, err)
		}
		eventually(t, "the other instance to know that both have acted", func() bool {
			var report session.Report
			two.get("/api/sessions/studio/commands/"+cmd.CommandID, &report)
			return len(report.Devices) == 2 && report.Devices[0].At != nil && report.Devices[1].At != nil
		})
	})

	t.Run("a take that the dead one began is stopped by the other", func(t *testing.T) {
		_, err := ann.Call(t.Context(), "start_recording", map[string]any{"duration": 3000})
		check(t, err)
		var start, stop session.StartRecording
		check(t, json.Unmarshal(bob.await(t, "start_recording").Data, &start))
		one.kill()
		check(t, json.Unmarshal(bob.await(t, "stop_recording").Data, &stop))
		if d := stop.Timestamp.Sub(start.Timestamp); d != 3*time.Second {
			t.Errorf("stopped %v after the start", d)
		}
	})

	t.Run("members of the dead one are marked, and come back as themselves", func(t *testing.T) {
		var gone session.DeviceDisconnected
		check(t, json.Unmarshal(bob.await(t, "device_disconnected").Data, &gone))
		if gone.DeviceID != ann.DeviceID {
			t.Errorf("%s is marked, want %s", gone.DeviceID, ann.DeviceID)
		}
		back := two.join(signaling.JoinRequest{SessionID: "studio", ResumeToken: ann.ResumeToken})
		if back.DeviceID != ann.DeviceID || back.UserID != "ann" || !back.IsLeader {
			t.Errorf("came back as %+v", back.SessionJoined)
		}
		_, err := back.Call(t.Context(), "schedule", map[string]any{"name": "again"})
		check(t, err)
	})

	t.Run("the leadership passes on when the leader's instance is dead", func(t *testing.T) {
		one.start()
		back := one.join(signaling.JoinRequest{SessionID: "studio", ResumeToken: ann.ResumeToken})
		if !back.IsLeader {
			t.Fatal("ann doesn't lead any more")
		}
		one.kill()
		var changed session.LeadershipChanged
		check(t, json.Unmarshal(bob.await(t, "leadership_changed").Data, &changed))
		if changed.NewLeaderID != "bob" {
			t.Errorf("%s leads", changed.NewLeaderID)
		}
	})
}

// TestNATSAway: while the NATS server is away an instance isn't ready, refuses changes with
// a code, and answers what it knows; afterwards it goes on.
func TestNATSAway(t *testing.T) {
	nats := newNATS(t)
	server := newInstance(t, "--nats", nats.url())
	ann := server.join(signaling.JoinRequest{SessionID: "studio"})
	nats.kill()
	eventually(t, "the instance to say that it isn't ready", func() bool {
		status, _, err := server.do("GET", "/readyz", "")
		return err == nil && status == 503
	})
	if status, _, err := server.do("GET", "/livez", ""); err != nil || status != 200 {
		t.Errorf("not alive: %d, %v", status, err)
	}
	var refused *session.Error
	if _, err := ann.Call(t.Context(), "schedule", map[string]any{"name": "flash"}); !errors.As(err, &refused) || refused.Code != "unavailable" || !refused.Retry {
		t.Errorf("a change was answered by %v", err)
	}
	server.get("/api/sessions/studio", &struct{}{})
	_, err := ann.Call(t.Context(), "request_session_state", nil)
	check(t, err)
	nats.start()
	eventually(t, "changes to be taken again", func() bool {
		_, err := ann.Call(t.Context(), "schedule", map[string]any{"name": "flash"})
		status, _, _ := server.do("GET", "/readyz", "")
		return err == nil && status == 200
	})
}

// commands returns the ids of the next n commands that a member hears of.
func commands(t *testing.T, c *connected, n int) (ids []string) {
	for range n {
		var cmd session.Command
		check(t, json.Unmarshal(c.await(t, "command").Data, &cmd))
		ids = append(ids, cmd.CommandID)
	}
	return ids
}
