package main

import (
	"os"
	"os/exec"
	"testing"

	"github.com/downbeat-sync/downbeat/internal/testutil"
)

// asDownbeat makes the test's binary behave as the program: a real child process
// without another build.
const asDownbeat = "TEST_RUN_AS_DOWNBEAT"

func TestMain(m *testing.M) {
	if os.Getenv(asDownbeat) != "" {
		main()
		return
	}
	testutil.Main(m)
}

// downbeat returns the program as a child process that is yet to be started.
func downbeat(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	check(t, err)
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), asDownbeat+"=1")
	return cmd
}

// finish runs the program to its end.
func finish(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return testutil.Finish(t, downbeat(t, args...), stdin)
}
