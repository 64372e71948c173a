package server

import (
	"context"
	"net/http"
	"testing"

	"go.uber.org/goleak"

	"github.com/downbeat-sync/downbeat/internal/testutil"
)

func TestMain(m *testing.M) {
	testutil.Main(m,
		// certmagic's, which it never joins: the first ends within seconds, the second is one for each authority.
		goleak.IgnoreAnyFunction("github.com/caddyserver/certmagic.keepLockfileFresh"),
		goleak.IgnoreAnyFunction("github.com/caddyserver/certmagic.(*RingBufferRateLimiter).loop"))
}

// started runs a server until the test ends, and returns where it is.
func started(t *testing.T, cfg Config) (*Server, string) {
	t.Helper()
	cfg.Log = testutil.Quiet()
	s, err := New(t.Context(), cfg)
	testutil.Check(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		stop()
		testutil.Check(t, <-ended)
	})
	return s, s.URLs()[0]
}
