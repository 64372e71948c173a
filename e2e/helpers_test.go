package e2e

import (
	"context"
	"net/http"
	"testing"

	"github.com/downbeat-sync/downbeat/internal/lab"
	"github.com/downbeat-sync/downbeat/internal/testutil"
	"github.com/downbeat-sync/downbeat/server"
)

// serving runs a server until the test ends; wrap goes around it, where there is one.
func serving(t testing.TB, cfg server.Config, wrap func(http.Handler) http.Handler) *lab.Rig {
	t.Helper()
	cfg.Log = quiet()
	r, err := lab.NewRig(context.WithoutCancel(t.Context()), cfg, wrap)
	check(t, err)
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		check(t, r.Close())
	})
	return r
}

var (
	check      = testutil.Check
	quiet      = testutil.Quiet
	pause      = testutil.Pause
	us         = testutil.Us
	ms         = testutil.Ms
	freeAddr   = testutil.FreeAddr
	eventually = testutil.Eventually
)
