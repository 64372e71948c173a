package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
	"github.com/downbeat-sync/downbeat/clock/trace"
	"github.com/downbeat-sync/downbeat/internal/lab"
	"github.com/downbeat-sync/downbeat/internal/shell"
	"github.com/downbeat-sync/downbeat/peer"
	"github.com/downbeat-sync/downbeat/server"
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
	r, err := lab.NewRig(t.Context(), server.Config{Log: quiet()}, nil)
	check(t, err)
	name := filepath.Join(t.TempDir(), "run.csv")
	ctx, leave := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() {
		ran <- shell.Device{Create: true, Record: name}.Run(ctx, shell.Address{URL: r.URL, Session: "record"}, os.Stdout, quiet())
	}()
	same, last := 0, "there is no one device over UDP with 20 exchanges"
	for deadline := time.Now().Add(20 * time.Second); same < 3; pause(ctx, 50*time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the file never was as long as the server's memory: %s", last)
		}
		s, ok := theOnly(t, r.Server)
		if !ok || s.Path != peer.PathUDP || s.Estimate.Exchanges < 20 {
			continue
		}
		again := relearn(t, name).Estimate(s.Estimate.Map.Session)
		if again.Exchanges != s.Estimate.Exchanges || again.Rejected != s.Estimate.Rejected {
			last = fmt.Sprintf("%d exchanges, %d rejected; the server has %d, %d",
				again.Exchanges, again.Rejected, s.Estimate.Exchanges, s.Estimate.Rejected)
			continue // the next exchange is under way to the file
		}
		if same++; again.Offset != s.Estimate.Offset || again.Bound != s.Estimate.Bound {
			t.Errorf("replayed %v ± %v, the server has %v ± %v", again.Offset, again.Bound, s.Estimate.Offset, s.Estimate.Bound)
		}
	}
	leave()
	check(t, <-ran)
	check(t, r.Close())

	rows, says, code := finish(t, "", "replay", name)
	if n := strings.Count(rows, "\n") - 1; code != 0 || n < 20 {
		t.Errorf("replay: %d rows, code %d, %s", n, code, says)
	}
}

// theOnly returns the status of the session's device if there is one.
func theOnly(t *testing.T, s *server.Server) (status peer.Status, ok bool) {
	t.Helper()
	now, err := s.Sessions().Snapshot(t.Context(), "record")
	if err != nil || len(now.Devices) != 1 {
		return status, false
	}
	return s.Device(now.Devices[0].DeviceID)
}

// TestRecordNowhere: the file is made first of all.
func TestRecordNowhere(t *testing.T) {
	_, says, code := finish(t, "", "device", "--url=http://127.0.0.1:1", "--session=x", "--record=/nonexistent/x.csv")
	if code != 2 || !strings.Contains(says, "--record: open /nonexistent/x.csv") {
		t.Errorf("code %d, says %q", code, says)
	}
}
