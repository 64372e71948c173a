package testutil

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Missing ends a test that needs what isn't on this machine: it is skipped, but where CI is set, as in `make
// test`, which installs what tests need, it fails.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("%s isn't on this machine: run `make setup`", what)
	}
	t.Skipf("%s isn't on this machine: `make test` installs it and runs this", what)
}

// Chromium returns the browser's program, and ends the test where there is none.
func Chromium(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "google-chrome"} {
		if binary, err := exec.LookPath(name); err == nil {
			return binary
		}
	}
	Missing(t, "Chromium")
	return ""
}

// Modules ends a test that needs npm and the packages of the lock file, where they aren't installed.
func Modules(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		Missing(t, "npm")
	}
	if _, err := os.Stat(filepath.Join(Root(), "web", "node_modules")); err != nil {
		Missing(t, "web/node_modules")
	}
}

// Whole is for the tests of the whole program, which take long: they are for machines that have what tests
// need, of which the browser is the sign.
func Whole(t testing.TB) {
	t.Helper()
	Chromium(t)
}

// Finish runs a program to its end.
func Finish(t testing.TB, cmd *exec.Cmd, stdin string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}
