package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/session"
)

// TestNATSAwayForLong: while NATS is away for ten seconds devices stay, and act on what was scheduled; what they said
// meanwhile is in the report afterwards.
func TestNATSAwayForLong(t *testing.T) {
	nats := newNATS(t)
	server := newInstance(t, "--nats", nats.url())
	var joins atomic.Int32
	acts := make(chan device.Act, 8)
	d := device.New(device.Config{
		URL: server.url, SessionID: "studio", Create: true, TCPOnly: true,
		OnJoined: func(session.SessionJoined) { joins.Add(1) }, Act: func(a device.Act) { acts <- a },
	})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	defer func() { stop(); <-ended }()
	eventually(t, "session time", func() bool { _, ok := d.Clock().Now(); return ok })
	cmd := server.schedule(`{"name":"flash","delay":5000}`)
	eventually(t, "the device to be armed", func() bool {
		r := server.reported(cmd.CommandID, d.Seat().DeviceID)
		return r != nil && r.Armed
	})
	nats.kill()
	away := time.Now()
	if a := <-acts; a.CommandID != cmd.CommandID || a.Late {
		t.Errorf("acted on %+v", a)
	}
	pause(t.Context(), 10*time.Second-time.Since(away))
	nats.start()
	eventually(t, "the instance to be ready again", func() bool {
		status, _, err := server.do("GET", "/readyz", "")
		return err == nil && status == http.StatusOK
	})
	eventually(t, "the report", func() bool {
		r := server.reported(cmd.CommandID, d.Seat().DeviceID)
		return r != nil && r.At != nil
	})
	if n := joins.Load(); n != 1 {
		t.Errorf("the device joined %d times", n)
	}
	again := server.schedule(`{"name":"flash"}`)
	if a := <-acts; a.CommandID != again.CommandID {
		t.Errorf("acted on %+v", a)
	}
}

// TestEmptyStore: an instance whose store comes back empty says so and ends, rather than go on with what nobody
// else has; started again it begins anew.
func TestEmptyStore(t *testing.T) {
	nats := newNATS(t)
	said := &written{}
	server := (&instance{t: t, errs: said}).begin("--nats", nats.url())
	status, b, err := server.do("POST", "/api/sessions", `{"creatorId":"ann"}`)
	if err != nil || status != http.StatusCreated {
		t.Fatal(status, string(b), err)
	}
	var was struct{ SessionID string }
	check(t, json.Unmarshal(b, &was))
	nats.kill()
	check(t, os.RemoveAll(nats.args[len(nats.args)-1]))
	nats.start()
	ended := make(chan error, 1)
	go func() { ended <- server.cmd.Wait() }()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatal("a minute after its store was emptied the instance goes on")
	}
	if code := server.cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(said.String(), "the store was replaced or has lost changes") {
		t.Errorf("status %d, said\n%s", code, said.String())
	}
	server.start()
	if status, _, err := server.do("GET", "/api/sessions/"+was.SessionID, ""); err != nil || status != http.StatusNotFound {
		t.Errorf("the session: %d %v", status, err)
	}
}

// TestNATSCredentials: wrong ones are said at the start; where they become wrong the instance says so, and goes on as
// soon as they are right again.
func TestNATSCredentials(t *testing.T) {
	nats := newNATS(t, "--user", "beat", "--pass", "right-secret")
	_, stderr, code := finish(t, "", "serve", "--addr", "127.0.0.1:0", "--nats", "nats://beat:wrong-secret@"+nats.addr)
	if code != 1 || !strings.Contains(stderr, "Authorization Violation") || strings.Contains(stderr, "secret") {
		t.Errorf("status %d, said %q", code, stderr)
	}
	said := &written{}
	server := (&instance{t: t, errs: said}).begin("--nats", "nats://beat:right-secret@"+nats.addr)
	with := func(secret string) {
		nats.kill()
		nats.args[len(nats.args)-1] = secret
		nats.start()
	}
	with("other-secret")
	eventually(t, "the instance to say that it is refused", func() bool { return strings.Contains(said.String(), "store_refuses") })
	pause(t.Context(), time.Second) // in which it tries several times
	if n := strings.Count(said.String(), "store_refuses"); n != 1 || strings.Contains(said.String(), "right-secret") {
		t.Errorf("it says so %d times:\n%s", n, said.String())
	}
	with("right-secret")
	eventually(t, "the instance to be ready again", func() bool {
		status, _, err := server.do("GET", "/readyz", "")
		return err == nil && status == http.StatusOK
	})
}
