package e2e

import (
	"strings"
	"syscall"
	"testing"
)

// TestServesWhateverTheEnvironment: variables that ask for other things change nothing but a
// line in the log, and SIGTERM ends the server well.
func TestServesWhateverTheEnvironment(t *testing.T) {
	t.Setenv("DOWNBEAT_VERSION", "1.2.3")
	t.Setenv("DOWNBEAT_HELP", "true")
	i := newInstance(t)
	check(t, i.cmd.Process.Signal(syscall.SIGTERM))
	if err := i.cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, i.said.String())
	}
	for _, line := range []string{"msg=env_ignored name=DOWNBEAT_HELP", "msg=env_ignored name=DOWNBEAT_VERSION", "msg=server_stopped"} {
		if !strings.Contains(i.said.String(), line) {
			t.Errorf("said nothing of %s: %s", line, i.said.String())
		}
	}
	if strings.Contains(i.said.String(), "1.2.3") {
		t.Error("said what a variable is set to")
	}
}
