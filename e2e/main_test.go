package e2e

import (
	"os/exec"
	"testing"

	"github.com/downbeat-sync/downbeat/internal/testutil"
)

func TestMain(m *testing.M) { testutil.Main(m) }

// downbeat returns the program as a child process that is yet to be started.
func downbeat(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	binary, err := downbeatBinary()
	check(t, err)
	return exec.CommandContext(t.Context(), binary, args...)
}

// finish runs the program to its end.
func finish(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return testutil.Finish(t, downbeat(t, args...), stdin)
}
