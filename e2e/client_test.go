package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
)

// studio is a server with keys, a session on it, its leader and a camera.
type studio struct {
	*instance
	created
	leader *connected
	camera *device.Device
	acts   chan device.Act
}

const studioKey = "the-admin-key-of-the-studio"

func newStudio(t *testing.T) *studio {
	t.Helper()
	s := &studio{instance: newInstance(t, "--access", "link", "--admin-key", studioKey, "--data", t.TempDir(), "--disk-reserve", "0", "--no-qr"), acts: make(chan device.Act, 16)}
	d := &day{t: t, i: s.instance, admin: studioKey, secrets: map[string]string{}}
	s.created = d.create()
	s.leader = s.join(signaling.JoinRequest{SessionID: s.SessionID, UserID: "ann", Username: "Ann", Token: s.Token})
	s.camera = device.New(device.Config{URL: s.url, SessionID: s.SessionID, Key: s.Keys.Device, Username: "Cam", ViewType: "front", Act: func(a device.Act) { s.acts <- a }})
	ctx, leave := context.WithCancel(context.Background())
	var gone sync.WaitGroup
	gone.Go(func() { _ = s.camera.Run(ctx) })
	t.Cleanup(func() { leave(); gone.Wait() })
	<-s.camera.Connected()
	return s
}

// link is a page's link with a key, as the console has it.
func (s *studio) link(page, key string) string {
	return s.url + page + "?session=" + s.SessionID + "#key=" + key
}

// leads says who leads the session.
func (s *studio) leads() string {
	s.t.Helper()
	var got struct{ Session session.Snapshot }
	d := &day{t: s.t.(*testing.T), i: s.instance}
	if status := d.call("GET", "/api/sessions/"+s.SessionID, s.Token, "", &got); status != http.StatusOK {
		s.t.Fatalf("the session: %d", status)
	}
	return got.Session.LeaderID
}

// TestClientCommands: the program against a real server with keys, as people in a shell use it.
func TestClientCommands(t *testing.T) {
	s := newStudio(t)
	admin := s.url + "/#admin=" + studioKey
	run := func(want int, args ...string) (out, errs string) {
		t.Helper()
		out, errs, code := finish(t, "", args...)
		if code != want || strings.Contains(errs, studioKey) || strings.Contains(errs, s.Keys.Direct) || strings.Count(errs, "\n") > 1 {
			t.Errorf("%v: status %d, %q and %q", args, code, out, errs)
		}
		return out, errs
	}

	out, _ := run(0, "sessions", "--url", admin)
	if !strings.Contains(out, s.SessionID) || !strings.Contains(out, "Ann") || strings.Count(out, "\n") != 2 {
		t.Errorf("sessions: %s", out)
	}
	var list []session.Summary
	out, _ = run(0, "sessions", "--url", s.url, "--key", studioKey, "--json")
	if err := json.Unmarshal([]byte(out), &list); err != nil || len(list) != 1 {
		t.Errorf("sessions: %v %s", err, out)
	}
	_, errs := run(1, "sessions", "--url", s.url)
	if !strings.Contains(errs, "key_needed") {
		t.Errorf("without a key: %s", errs)
	}
	out, _ = run(0, "status", "--url", s.url)
	if !strings.Contains(out, "ready    true") || !strings.Contains(out, "access   link") {
		t.Errorf("status of the server: %s", out)
	}
	out, _ = run(0, "status", "--url", s.link("/", s.Keys.Direct))
	if !strings.Contains(out, "leader   Ann") || !strings.Contains(out, "front") || !strings.Contains(out, "tracking") && !strings.Contains(out, "settling") {
		t.Errorf("status of the session: %s", out)
	}

	out, _ = run(0, "flash", "--url", s.link("/", s.Keys.Direct))
	if !strings.HasPrefix(out, "1 of 1 acted, 0 late, 0 missed, 0 silent") || !strings.Contains(out, "Cam, front") {
		t.Errorf("flash: %s", out)
	}
	if a := <-s.acts; a.Name != "flash" {
		t.Errorf("the camera acted on %+v", a)
	}
	var o struct {
		session.Report
		Acted int
	}
	out, _ = run(0, "flash", "--url", s.url, "--token", s.Token, "--session", s.SessionID, "--name", "pulse", "--payload", `{"a":1}`, "--json")
	if err := json.Unmarshal([]byte(out), &o); err != nil || o.Acted != 1 || len(o.Devices) != 1 || o.Devices[0].ErrorMs == nil {
		t.Errorf("flash: %v %s", err, out)
	}
	<-s.acts
	_, errs = run(1, "flash", "--url", s.link("/device", s.Keys.Device))
	if !strings.Contains(errs, "not_allowed") {
		t.Errorf("with the devices' key: %s", errs)
	}
	_, errs = run(1, "flash", "--url", s.url, "--key", studioKey, "--session", "nosuch")
	if !strings.Contains(errs, "session_not_found") {
		t.Errorf("without a session: %s", errs)
	}
	run(2, "flash", "--url", s.url)
	run(2, "flash", "--url", "ftp://x", "--session", "x")
	run(2, "flash", "--url", s.url, "--session", "x", "--payload", "{")
	run(2, "record", "--url", s.url, "--session", "x", "--duration", "-1s")
	run(1, "status", "--url", "http://127.0.0.1:1")

	_, errs = run(1, "record", "--url", s.link("/", s.Keys.Direct), "--duration", "300ms")
	if !strings.Contains(errs, "Ann leads the session") {
		t.Errorf("record beside a leader: %s", errs)
	}
	out, _ = run(0, "record", "--url", admin, "--session", s.SessionID, "--duration", "300ms", "--label", "plank")
	if !strings.HasPrefix(out, "1 of 1 acted") || s.leads() != "ann" {
		t.Errorf("record: %s, led by %s", out, s.leads())
	}
	if a := <-s.acts; a.Event != "start_recording" || a.RecordingID == "" {
		t.Errorf("the camera acted on %+v", a)
	}
	if a := <-s.acts; a.Event != "stop_recording" {
		t.Errorf("the camera acted on %+v", a)
	}
	_, errs = run(1, "stop", "--url", admin, "--session", s.SessionID)
	if !strings.Contains(errs, "not_recording") {
		t.Errorf("stop of nothing: %s", errs)
	}
	run(0, "record", "--url", admin, "--session", s.SessionID)
	run(0, "stop", "--url", admin, "--session", s.SessionID)
	if s.leads() != "ann" {
		t.Errorf("led by %s", s.leads())
	}
}

// TestClientIsInterrupted: Ctrl-C while it waits ends it with a word, and the lead is where it was.
func TestClientIsInterrupted(t *testing.T) {
	s := newStudio(t)
	cmd := downbeat(t, "record", "--url", s.url+"/#admin="+studioKey, "--session", s.SessionID, "--duration", "10m")
	var errs strings.Builder
	cmd.Stderr = &errs
	check(t, cmd.Start())
	<-s.acts
	time.Sleep(100 * time.Millisecond)
	check(t, cmd.Process.Signal(os.Interrupt))
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(errs.String(), "interrupted: ") || strings.Count(errs.String(), "\n") != 1 {
		t.Errorf("status %d: %s", code, errs.String())
	}
	if s.leads() != "ann" {
		t.Errorf("led by %s", s.leads())
	}
}
