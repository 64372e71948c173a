package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/downbeat-sync/downbeat/internal/shell"
)

// modelOf returns the parser of the program's flags.
func modelOf(t *testing.T) *kong.Kong {
	t.Helper()
	return newParser(&cli{})
}

// TestOnlySettingsComeFromTheEnvironment: a variable sets what serve is to be like, and never
// makes it do something else.
func TestOnlySettingsComeFromTheEnvironment(t *testing.T) {
	for _, name := range shell.Variables(modelOf(t)) {
		for _, deed := range []string{"VERSION", "HELP", "VERBOSE", "RECORD", "JSON", "CREATE"} {
			if name == shell.EnvPrefix+deed {
				t.Errorf("%s sets a flag", name)
			}
		}
	}
	t.Setenv("DOWNBEAT_VERSION", "1.2.3")
	t.Setenv("DOWNBEAT_HELP", "true")
	t.Setenv("DOWNBEAT_VERBOSE", "yes please")
	t.Setenv("DOWNBEAT_DURATION", "never")
	if got := shell.IgnoredVariables(modelOf(t)); strings.Join(got, " ") != "DOWNBEAT_DURATION DOWNBEAT_HELP DOWNBEAT_VERBOSE DOWNBEAT_VERSION" {
		t.Errorf("ignored are %v", got)
	}
	var c cli
	_, err := newParser(&c).Parse([]string{"serve"})
	check(t, err)
	if c.Verbose || c.Serve.MaxDevices != 1000 {
		t.Errorf("read %+v", c)
	}
	t.Setenv("DOWNBEAT_MAX_DEVICES", "7")
	t.Setenv("DOWNBEAT_UPLOAD_MAX", "2GiB")
	t.Setenv("DOWNBEAT_LOG_FORMAT", "json")
	_, err = newParser(&c).Parse([]string{"serve"})
	check(t, err)
	if c.Serve.MaxDevices != 7 || c.Serve.UploadMax != 2<<30 || c.LogFormat != "json" {
		t.Errorf("read %+v", c)
	}
}

// TestUsage: a mistake on the command line is one line, and status 2.
func TestUsage(t *testing.T) {
	for _, c := range []struct{ args, says string }{
		{"", "expected one of"},
		{"serv", "unexpected argument serv"},
		{"serve --no-such", "unknown flag --no-such"},
		{"serve --addr", "--addr"},
		{"serve --min-lead 2s --max-lead 1s", "--min-lead 2s and --max-lead 1s"},
		{"serve --advertise here", "--advertise here"},
		{"serve --upload-max 64gigs", `"64gigs" is no size: write bytes (1073741824) or a unit: KiB,`},
		{"serve --disk-reserve -1", "--disk-reserve"},
		{"serve --upload-max 0", "--upload-max 0"},
		{"serve --origin nowhere", "--origin nowhere"},
		{"serve --trusted-proxy nowhere", "--trusted-proxy nowhere"},
		{"serve --addr 127.0.0.1:0 --tls files", "--tls files needs"},
		{"serve --addr 127.0.0.1:0 --access link --admin-key short", "at least 16 bytes"},
		{"serve --log-level loud", "--log-level must be one of"},
		{"serve --addr 127.0.0.1:0 --ntp a:b:c", "not a host or host:port"},
		{"serve --addr 127.0.0.1:0 --ntp one.example,one.example", "is there twice"},
		{"serve --media /nonexistent", "--media"},
		{"serve --addr 127.0.0.1:0 --jwt-key-file /nonexistent --access token", "--jwt-key-file"},
		{"demo --devices 0", "--devices must be"},
		{"help nothing", "unexpected argument nothing"},
		{"completion tcsh", "must be one of"},
	} {
		out, errs, code := finish(t, "", strings.Fields(c.args)...)
		if code != 2 || out != "" || !strings.Contains(errs, c.says) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%s: status %d, %q and %q", c.args, code, out, errs)
		}
	}
}

func TestHelp(t *testing.T) {
	all, _, code := finish(t, "", "help")
	if code != 0 || !strings.Contains(all, "serve") || strings.Contains(all, "accuracy") {
		t.Errorf("help: %d\n%s", code, all)
	}
	serve, _, code := finish(t, "", "help", "serve")
	flagged, _, _ := finish(t, "", "serve", "--help")
	if code != 0 || serve != flagged {
		t.Errorf("help serve: %d\n%s", code, serve)
	}
	for _, name := range shell.Variables(modelOf(t)) {
		if strings.HasPrefix(name, "DOWNBEAT_") && !strings.Contains(serve, name) {
			// of the client's commands, which serve doesn't have
			if client, _, _ := finish(t, "", "help", "device"); !strings.Contains(client, name) {
				t.Errorf("no help names %s", name)
			}
		}
	}
}

// TestCompletion: each shell's script is one that this shell reads, as far as it is here, and
// the program says what may come next.
func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		script, errs, code := finish(t, "", "completion", shell)
		if code != 0 || !strings.Contains(script, "downbeat") {
			t.Errorf("%s: %d %s%s", shell, code, script, errs)
		}
		if _, err := exec.LookPath(shell); err == nil {
			cmd := exec.Command(shell, "-n")
			cmd.Stdin = strings.NewReader(script)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v: %s", shell, err, out)
			}
		}
	}
	for line, want := range map[string]string{
		"downbeat ser":              "serve",
		"downbeat serve --disk-res": "--disk-reserve",
		"downbeat --log-format ":    "json",
		"downbeat completion ":      "fish",
	} {
		cmd := downbeat(t)
		cmd.Env = append(cmd.Env, "COMP_LINE="+line)
		out, err := cmd.Output()
		check(t, err)
		if !strings.Contains("\n"+string(out), "\n"+want+"\n") {
			t.Errorf("%q is completed by %q", line, out)
		}
	}
}

// TestVersion: a build says from which sources it is, and a release says what it was told.
func TestVersion(t *testing.T) {
	dir := t.TempDir()
	build := func(name string, flags ...string) string {
		file := filepath.Join(dir, name)
		cmd := exec.Command("go", append(append([]string{"build"}, flags...), "-o", file, ".")...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return file
	}
	binary := build("downbeat", "-buildvcs=auto")
	out, err := exec.Command(binary, "version", "--json").Output()
	check(t, err)
	var is shell.Build
	check(t, json.Unmarshal(out, &is))
	// The Go command looks for a directory of that name, which further work trees don't have.
	if git, err := os.Stat(filepath.Join("..", "..", ".git")); err == nil && git.IsDir() {
		head, err := exec.Command("git", "rev-parse", "HEAD").Output()
		check(t, err)
		if is.Revision != strings.TrimSpace(string(head)) || is.Version == "dev" {
			t.Errorf("the build is of %+v, the sources of %s", is, head)
		}
	}
	cmd := exec.Command(binary, "--version")
	cmd.Env = append(os.Environ(), "DOWNBEAT_VERSION=1.2.3")
	if out, err := cmd.Output(); err != nil || strings.TrimSpace(string(out)) != is.Version {
		t.Errorf("--version prints %q, %v", out, err)
	}
	released := build("released", "-ldflags", "-X main.version=v9.8.7")
	if out, err := exec.Command(released, "--version").Output(); err != nil || string(out) != "v9.8.7\n" {
		t.Errorf("a release prints %q, %v", out, err)
	}
}

// TestDocsListTheFlags: each flag that has a variable has its row in the document, with its default.
func TestDocsListTheFlags(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "operating.md"))
	check(t, err)
	k := modelOf(t)
	rows, seen := 0, map[string]bool{}
	for _, node := range append([]*kong.Node{k.Model.Node}, k.Model.Children...) {
		for _, flag := range node.Flags {
			if len(flag.Envs) == 0 || seen[flag.Envs[0]] {
				continue
			}
			seen[flag.Envs[0]] = true
			rows++
			def := ""
			if flag.Default != "" {
				def = "`" + flag.Default + "`"
			}
			row := "\n| `--" + flag.Name + "` | `" + flag.Envs[0] + "` | " + def + " | "
			if !strings.Contains(string(doc), row) {
				t.Errorf("docs/operating.md lacks a row that begins %q", row[1:])
			}
		}
	}
	if listed := strings.Count(string(doc), "| `DOWNBEAT_"); listed != rows || rows < 30 {
		t.Errorf("%d flags, %d rows", rows, listed)
	}
}
