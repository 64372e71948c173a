package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestVerifySaysWhy: a file that can't be placed is named with the reason, and the status is 1; flags that are wrong: 2.
func TestVerifySaysWhy(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.mp4")
	check(t, os.WriteFile(empty, nil, 0o600))
	out, errs, code := finish(t, "", "verify", empty)
	if code != 1 || !strings.Contains(out, "not placed: it is empty") || !strings.Contains(errs, "not all of the films") {
		t.Errorf("%d %q %q", code, out, errs)
	}
	for _, flag := range []string{"--emission=-1", "--near=NaN"} {
		if _, errs, code := finish(t, "", "verify", flag, empty); code != 2 {
			t.Errorf("%s: %d %q", flag, code, errs)
		}
	}
}
