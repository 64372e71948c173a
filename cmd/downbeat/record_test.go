package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/trace"
	"github.com/downbeat-sync/downbeat/peer"
)

// relearn gives the exchanges of a file to an estimator. The last row may be half written.
func relearn(t *testing.T, name string) *clock.Estimator {
	t.Helper()
	f, err := os.Open(name)
	check(t, err)
	defer f.Close()
	e := clock.NewEstimator(clock.Config{})
	for rows := trace.NewReader(f); ; {
		x, err := rows.Read()
		if err != nil {
			return e
		}
		_ = e.Add(x)
	}
}

// TestRecordingIsTheRun: an estimator that reads the file of a real run believes
// what the server's does.
func TestRecordingIsTheRun(t *testing.T) {
	r, err := newRig(t.Context(), quiet(), nil)
	check(t, err)
	name := filepath.Join(t.TempDir(), "run.csv")
	ctx, leave := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() {
		ran <- (&deviceCmd{targetFlags: targetFlags{URL: r.url, Session: "record"}, Create: true, Record: name}).Run(ctx, quiet())
	}()
	var of *peer.Device
	same := 0
	for deadline := time.Now().Add(20 * time.Second); same < 3; pause(ctx, 50*time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the file never was as long as the server's memory")
		}
		if of = theOnly(r.service.devices); of == nil {
			continue
		}
		s := of.Status()
		if s.Path != peer.PathUDP || s.Estimate.Exchanges < 20 {
			continue
		}
		again := relearn(t, name).Estimate(s.Estimate.Map.Session)
		if again.Exchanges != s.Estimate.Exchanges || again.Rejected != s.Estimate.Rejected {
			continue // the next exchange is under way to the file
		}
		if same++; again.Offset != s.Estimate.Offset || again.Bound != s.Estimate.Bound {
			t.Errorf("replayed %v ± %v, the server has %v ± %v", again.Offset, again.Bound, s.Estimate.Offset, s.Estimate.Bound)
		}
	}
	leave()
	check(t, <-ran)
	check(t, r.close())

	rows, says, code := finish(t, "", "replay", name)
	if n := strings.Count(rows, "\n") - 1; code != 0 || n < 20 {
		t.Errorf("replay: %d rows, code %d, %s", n, code, says)
	}
}

// theOnly returns the device if there is one.
func theOnly(d *devices) *peer.Device {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, p := range d.byID {
		return p
	}
	return nil
}

// TestRecordNowhere: the file is made first of all.
func TestRecordNowhere(t *testing.T) {
	_, says, code := finish(t, "", "device", "--url=http://127.0.0.1:1", "--session=x", "--record=/nonexistent/x.csv")
	if code != 1 || !strings.Contains(says, "--record: open /nonexistent/x.csv") {
		t.Errorf("code %d, says %q", code, says)
	}
}
