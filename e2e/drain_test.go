package e2e

import (
	"context"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
)

// TestDrain: an instance that is told to end isn't ready any more, waits for the countdown, and sends its devices to
// the instance that it was told.
func TestDrain(t *testing.T) {
	nats := newNATS(t).url()
	two := newInstance(t, "--nats", nats)
	one := newInstance(t, "--nats", nats, "--drain", "20s", "--drain-to", two.url)
	joined, acts := make(chan session.SessionJoined, 8), make(chan device.Act, 8)
	d := device.New(device.Config{
		URL: one.url, SessionID: "studio", Create: true, TCPOnly: true,
		OnJoined: func(s session.SessionJoined) { joined <- s }, Act: func(a device.Act) { acts <- a },
	})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	defer func() { stop(); <-ended }()
	was := <-joined
	eventually(t, "session time", func() bool { _, ok := d.Clock().Now(); return ok })

	cmd := one.schedule(`{"name":"flash","delay":4000}`)
	check(t, one.cmd.Process.Signal(syscall.SIGTERM))
	eventually(t, "the instance not to be ready", func() bool {
		status, b, err := one.do("GET", "/readyz", "")
		return err == nil && status == http.StatusServiceUnavailable && strings.Contains(string(b), "this instance goes away")
	})
	if status, b, err := one.do("GET", "/ws", ""); err != nil || status != http.StatusServiceUnavailable || !strings.Contains(string(b), `"unavailable"`) {
		t.Errorf("a new device: %d %s %v", status, b, err)
	}
	select {
	case <-joined:
		t.Error("the device was sent away before the instant")
	case a := <-acts:
		if a.CommandID != cmd.CommandID || a.Late {
			t.Errorf("acted on %+v", a)
		}
	}
	if is := <-joined; is.DeviceID != was.DeviceID {
		t.Errorf("came to the other as %+v, was %+v", is, was)
	}
	if err := one.cmd.Wait(); err != nil {
		t.Errorf("it ended with %v\n%s", err, one.said.String())
	}
	if said := one.said.String(); !strings.Contains(said, "server_draining") || !strings.Contains(said, "commands=1 takes=0 uploads=0 limit_s=20") {
		t.Errorf("it said\n%s", said)
	}
	if r := two.reported(cmd.CommandID, was.DeviceID); r == nil || r.At == nil {
		t.Errorf("the report has %+v", r)
	}
}

// TestDrainTwice: a take that goes on is waited for up to the limit; a second signal ends at once.
func TestDrainTwice(t *testing.T) {
	take := func(flags ...string) *instance {
		i := newInstance(t, flags...)
		ann := i.join(signaling.JoinRequest{SessionID: "studio", DeviceType: "desktop"})
		_, err := ann.Call(t.Context(), "start_recording", map[string]any{})
		check(t, err)
		check(t, i.cmd.Process.Signal(syscall.SIGTERM))
		return i
	}
	short := take("--drain", "300ms")
	if err := short.cmd.Wait(); err != nil || !strings.Contains(short.said.String(), "takes=1") {
		t.Errorf("it ended with %v\n%s", err, short.said.String())
	}
	long := take("--drain", "10m")
	eventually(t, "the instance to drain", func() bool {
		status, _, err := long.do("GET", "/readyz", "")
		return err == nil && status == http.StatusServiceUnavailable
	})
	check(t, long.cmd.Process.Signal(syscall.SIGTERM))
	done := make(chan error, 1)
	go func() { done <- long.cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(30 * time.Second):
		t.Error("30 s after the second signal it runs")
	}
}
