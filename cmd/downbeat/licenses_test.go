package main

import (
	"runtime/debug"
	"strings"
	"testing"
)

// TestLicenses: the program's own licence and that of each module in it are printed, each in
// the version that is linked.
func TestLicenses(t *testing.T) {
	var out strings.Builder
	check(t, printLicenses(&out))
	for _, text := range []string{"Copyright 2026 The Downbeat Authors", "\nThe Go standard library and runtime\n", "\nmediabunny, in the pages\n", "\ntus-js-client, in the pages\n"} {
		if !strings.Contains(out.String(), text) {
			t.Errorf("there is no %q", text)
		}
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		t.Fatal("the test has no build information")
	}
	tests := []string{"github.com/chromedp/", "github.com/gobwas/", "go.uber.org/goleak", "pgregory.net/rapid", "github.com/santhosh-tekuri/"}
	for _, m := range info.Deps {
		if testsOnly(m.Path, tests) {
			continue
		}
		if !strings.Contains(out.String(), "\n"+m.Path+" "+m.Version+"\n") {
			t.Errorf("%s %s is not listed: make licenses", m.Path, m.Version)
		}
	}
}

// testsOnly reports whether a module is linked into tests alone.
func testsOnly(path string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(path, p) {
			return true
		}
	}
	return false
}
