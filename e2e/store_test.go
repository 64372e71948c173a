package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// files returns the content of all files below a directory.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	check(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all[path] = string(b)
		return err
	}))
	return all
}

// TestBadStores: a store that can't be used is said so in one line, and left as it is.
func TestBadStores(t *testing.T) {
	write := func(name, content string) func(t *testing.T, dir string) []string {
		return func(t *testing.T, dir string) []string {
			check(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
			return []string{"--data", dir}
		}
	}
	for name, test := range map[string]struct {
		prepare func(t *testing.T, dir string) []string
		want    string
	}{
		"newer":     {write("downbeat.json", `{"format":2}`), "use a newer one"},
		"damaged":   {write("downbeat.json", `{"form`), "is damaged"},
		"foreign":   {write("thesis.doc", "x"), "isn't a data directory of Downbeat"},
		"idle":      {func(*testing.T, string) []string { return []string{"--session-idle", "720h"} }, "--session-idle"},
		"no server": {func(*testing.T, string) []string { return []string{"--nats", "nats://u:secret@127.0.0.1:1"} }, "connect to the NATS server at nats://127.0.0.1:1"},
		"in use": {func(t *testing.T, dir string) []string {
			newInstance(t, "--data", dir, "--access", "link")
			return []string{"--data", dir}
		}, "in use by another process"},
		"in use beside NATS": {func(t *testing.T, dir string) []string {
			nats := newNATS(t).url()
			newInstance(t, "--data", dir, "--nats", nats, "--access", "link")
			return []string{"--data", dir, "--nats", nats}
		}, "in use by another process"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			flags := test.prepare(t, dir)
			before := files(t, dir)
			_, stderr, code := finish(t, "", append([]string{"serve", "--addr", "127.0.0.1:0", "--access", "link"}, flags...)...)
			status := 1
			if name == "idle" {
				status = 2 // a flag is wrong
			}
			if code != status || !strings.Contains(stderr, test.want) || strings.Count(stderr, "\n") != 1 || strings.Contains(stderr, "secret") {
				t.Errorf("status %d, said %q", code, stderr)
			}
			if after := files(t, dir); len(after) != len(before) {
				t.Errorf("%d files before, %d after", len(before), len(after))
			} else {
				for path, content := range before {
					if after[path] != content {
						t.Errorf("%s has changed", path)
					}
				}
			}
		})
	}
}

// TestFirstStart: a directory that isn't there yet is made, with an admin key that the next start knows.
func TestFirstStart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "data")
	said := func() string {
		i := newInstance(t, "--data", dir, "--access", "link")
		i.kill()
		_, key, _ := strings.Cut(i.said.String(), "/#admin=")
		key, _, _ = strings.Cut(key, "\n")
		return key
	}
	if first, second := said(), said(); len(first) < 16 || first != second {
		t.Errorf("the admin key was %q, then %q", first, second)
	}
}

// TestLostStore: a server whose store was taken away doesn't start as if nothing had been there, until somebody
// says so.
func TestLostStore(t *testing.T) {
	dir := t.TempDir()
	i := newInstance(t, "--data", dir)
	if status, b, err := i.do("POST", "/api/sessions", `{"creatorId":"ann"}`); err != nil || status != http.StatusCreated {
		t.Fatal(status, string(b), err)
	}
	i.kill()
	check(t, os.RemoveAll(filepath.Join(dir, "store")))
	_, stderr, code := finish(t, "", "serve", "--addr", "127.0.0.1:0", "--data", dir)
	if code != 1 || !strings.Contains(stderr, "has lost 1 of 1 entries") || !strings.Contains(stderr, "--accept-data-loss") {
		t.Errorf("status %d, said %q", code, stderr)
	}
	i.args = append(i.args, "--accept-data-loss")
	i.start()
	i.kill()
	i.args = i.args[:len(i.args)-1]
	i.start()
}
