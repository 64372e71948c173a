package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/session"
	"github.com/downbeat-sync/downbeat/signaling"
)

// witness is a device in this process that notes what it did.
type witness struct {
	*device.Device
	mu     sync.Mutex
	acts   []device.Act
	missed []string
}

// witness joins a session of an instance, and returns when session time is known.
func (i *instance) witness() *witness {
	i.t.Helper()
	w := &witness{}
	w.Device = device.New(device.Config{
		URL: i.url, SessionID: "studio", TCPOnly: true,
		Act: func(a device.Act) { w.mu.Lock(); w.acts = append(w.acts, a); w.mu.Unlock() },
		OnMissed: func(_ device.Act, _ time.Duration, why string) {
			w.mu.Lock()
			w.missed = append(w.missed, why)
			w.mu.Unlock()
		},
	})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	i.t.Cleanup(func() { stop(); <-done })
	eventually(i.t, "a device to know session time", func() bool { return w.known() })
	return w
}

func (w *witness) known() bool {
	_, ok := w.Clock().Now()
	return ok
}

func (w *witness) count() (acts, missed int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.acts), len(w.missed)
}

// waitUntil returns at a session time by this device's clock.
func (w *witness) waitUntil(t clock.SessionTime) { _, _ = w.Wait(context.Background(), t) }

// stopped stops a process for as long as f takes.
func stopped(t *testing.T, cmd *exec.Cmd, f func()) {
	t.Helper()
	check(t, cmd.Process.Signal(syscall.SIGSTOP))
	f()
	check(t, cmd.Process.Signal(syscall.SIGCONT))
}

// schedule schedules a flash over HTTP.
func (i *instance) schedule(body string) (cmd session.Scheduled) {
	i.t.Helper()
	status, b, err := i.do("POST", "/api/sessions/studio/commands", body)
	check(i.t, err)
	if status != http.StatusAccepted {
		i.t.Fatalf("%d %s", status, b)
	}
	check(i.t, json.Unmarshal(b, &cmd))
	return cmd
}

// reported returns what a command's report says of a device, nil before it says anything.
func (i *instance) reported(commandID, deviceID string) *session.DeviceReport {
	i.t.Helper()
	var report session.Report
	i.get("/api/sessions/studio/commands/"+commandID, &report)
	for _, d := range report.Devices {
		if d.DeviceID == deviceID {
			return &d
		}
	}
	return nil
}

// TestDeviceStops: a device whose process stood still over the instant doesn't act when it
// goes on; it and the report say that it missed the command.
func TestDeviceStops(t *testing.T) {
	server := newInstance(t)
	server.join(signaling.JoinRequest{SessionID: "studio"})
	awake := server.witness()
	binary, err := downbeatBinary()
	check(t, err)
	child := exec.Command(binary, "device", "--url", server.url, "--session", "studio")
	out, err := child.StdoutPipe()
	check(t, err)
	check(t, child.Start())
	t.Cleanup(func() { _ = child.Process.Kill(); _ = child.Wait() })
	lines := make(chan string, 100)
	go func() {
		for s := bufio.NewScanner(out); s.Scan(); {
			lines <- s.Text()
		}
	}()
	joined := strings.Fields(<-lines)
	id := joined[len(joined)-1]
	eventually(t, "its clock to be known", func() bool {
		var sync struct{ Devices []session.DeviceSync }
		server.get("/api/sessions/studio/sync", &sync)
		return slices.ContainsFunc(sync.Devices, func(d session.DeviceSync) bool { return d.DeviceID == id && d.State == "tracking" })
	})

	cmd := server.schedule(`{"name":"flash","delay":5000}`)
	eventually(t, "the device to be armed", func() bool {
		d := server.reported(cmd.CommandID, id)
		return d != nil && d.Armed
	})
	stopped(t, child, func() { awake.waitUntil(cmd.Timestamp.Add(session.DefaultMaxLate + 500*time.Millisecond)) })
	if line := <-lines; !strings.Contains(line, "flash  missed: ") || !strings.Contains(line, session.MissedWoke) {
		t.Errorf("the device said %q", line)
	}
	var d *session.DeviceReport
	eventually(t, "the report", func() bool { d = server.reported(cmd.CommandID, id); return d.Missed != nil })
	if d.At != nil || d.Missed.Reason != session.MissedWoke || d.Missed.LateMs < 1500 {
		t.Errorf("the report says %+v, missed %+v", d, d.Missed)
	}
	if acts, missed := awake.count(); acts != 1 || missed != 0 {
		t.Errorf("the device that ran acted %d times and missed %d", acts, missed)
	}
}

// TestStoreStops: a command that is issued while the store's process stands still acts at
// an instant after it goes on, once.
func TestStoreStops(t *testing.T) {
	nats := newNATS(t)
	server := newInstance(t, "--nats", nats.url())
	ann := server.join(signaling.JoinRequest{SessionID: "studio"})
	device := server.witness()
	var cmd session.Scheduled
	var wentOn clock.SessionTime
	answered := make(chan error, 1)
	stopped(t, nats.cmd, func() {
		go func() {
			m, err := ann.Call(t.Context(), "schedule", map[string]any{"name": "flash", "payload": "x"})
			if err == nil {
				err = json.Unmarshal(m.Data, &cmd)
			}
			answered <- err
		}()
		pause(t.Context(), 3*time.Second)
		wentOn, _ = device.Clock().Now()
	})
	check(t, <-answered)
	if cmd.Timestamp < wentOn {
		t.Errorf("answered with an instant %v before the store went on", wentOn.Sub(cmd.Timestamp))
	}
	eventually(t, "the device to act", func() bool { acts, missed := device.count(); return acts+missed > 0 })
	device.mu.Lock()
	if len(device.acts) != 1 || device.acts[0].CommandID != cmd.CommandID || len(device.missed) > 0 {
		t.Errorf("acted %+v, missed %v", device.acts, device.missed)
	}
	device.mu.Unlock()
	var list struct{ Commands []session.Issued }
	server.get("/api/sessions/studio/commands", &list)
	for _, c := range list.Commands {
		if c.Cancelled != (c.CommandID != cmd.CommandID) {
			t.Errorf("command %s is cancelled: %v", c.CommandID, c.Cancelled)
		}
	}
}

// TestInstanceStops: what was issued by another instance while this one's process stood
// still isn't carried out in a heap by its devices: they say that they missed it.
func TestInstanceStops(t *testing.T) {
	nats := newNATS(t).url()
	one, two := newInstance(t, "--nats", nats), newInstance(t, "--nats", nats)
	one.join(signaling.JoinRequest{SessionID: "studio"})
	near, far := one.witness(), two.witness()
	var ids []string
	stopped(t, two.cmd, func() {
		var last session.Scheduled
		for n := range 5 {
			last = one.schedule(fmt.Sprintf(`{"name":"flash","payload":%d}`, n))
			ids = append(ids, last.CommandID)
		}
		near.waitUntil(last.Timestamp.Add(session.DefaultMaxLate + 200*time.Millisecond))
	})
	eventually(t, "the devices of the instance that stood still to be told", func() bool {
		acts, missed := far.count()
		return acts+missed == len(ids)
	})
	if acts, _ := far.count(); acts != 0 {
		t.Errorf("%d of %d were carried out late", acts, len(ids))
	}
	if acts, _ := near.count(); acts != len(ids) {
		t.Errorf("of %d only %d were carried out in time", len(ids), acts)
	}
	eventually(t, "the reports", func() bool {
		for _, id := range ids {
			if d := one.reported(id, far.Seat().DeviceID); d == nil || d.Missed == nil || d.Missed.Reason != session.MissedArrived {
				return false
			}
		}
		return true
	})
}
