package chronysock

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/beevik/ntp"

	"github.com/downbeat-sync/downbeat/device"
	"github.com/downbeat-sync/downbeat/internal/testutil"
	"github.com/downbeat-sync/downbeat/server"
)

// TestDeviceFeedsChronyd: a chronyd that is fed by a device has the server's session time, and is no farther from it than
// it says.
func TestDeviceFeedsChronyd(t *testing.T) {
	binary := testutil.Chronyd(t)
	fast := func() time.Time { return time.Now().Add(2 * time.Millisecond) }
	s, err := server.New(t.Context(), server.Config{Log: testutil.Quiet(), Addr: "127.0.0.1:0", Now: fast})
	testutil.Check(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 3)
	go func() { ended <- s.Run(ctx) }()
	path := filepath.Join(t.TempDir(), "beat.sock")
	feeder, err := New(path, testutil.Quiet())
	testutil.Check(t, err)
	at := testutil.StartChronyd(t, binary, "refclock SOCK "+path+" refid BEAT delay 0.01 poll 0")
	go func() {
		cfg := device.Config{URL: s.URLs()[0], SessionID: "studio", Create: true}
		feeder.Configure(&cfg)
		d := device.New(cfg)
		go func() { ended <- feeder.Run(ctx, d) }()
		ended <- d.Run(ctx)
	}()
	defer func() {
		stop()
		for range cap(ended) {
			testutil.Check(t, <-ended)
		}
	}()
	now := func() time.Time { return time.Unix(0, int64(s.Clock().Now())) }
	var r *ntp.Response
	testutil.Eventually(t, "chronyd to follow", func() bool {
		r, err = ntp.QueryWithOptions(at, ntp.QueryOptions{Timeout: time.Second, GetSystemTime: now})
		return err == nil && r.Validate() == nil && r.ReferenceString() == ".BEAT."
	})
	if r.ClockOffset.Abs() > r.RootDistance {
		t.Errorf("chronyd is %v from session time, by its word at most %v", r.ClockOffset, r.RootDistance)
	}
}
