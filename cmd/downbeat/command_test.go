package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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
		{"serve --addr nonsense", "--addr nonsense: it must be"},
		{"serve --addr 127.0.0.1:99999", "--addr 127.0.0.1:99999: it must be"},
		{"serve --addr 127.0.0.1:no-such-service", "--addr 127.0.0.1:no-such-service: it must be"},
		{"serve --addr 127.0.0.1:0 --rtc-tcp-port 70000", "--rtc-tcp-port 70000"},
		{"serve --addr 127.0.0.1:0 --rtc-tcp-port=-1", "--rtc-tcp-port -1"},
		{"serve --addr 127.0.0.1:0 --host a/b", "--host a/b"},
		{"serve --addr 127.0.0.1:0 --base-path x", "--base-path x"},
		{"serve --min-lead 0", "--min-lead"},
		{"serve --min-lead=-1s", "--min-lead -1s"},
		{"serve --max-devices=-1", "--max-devices -1"},
		{"serve --max-connections=-1", "--max-connections -1"},
		{"serve --max-connections-per-address=-1", "--max-connections-per-address -1"},
		{"serve --session-idle 100h", "--session-idle 100h"},
		{"serve --jwt-leeway=-1s", "--jwt-leeway -1s"},
		{"serve --nats-replicas 6", "--nats-replicas 6: there can be 1 to 5"},
		{"serve --nats-replicas=-1", "--nats-replicas -1"},
		{"serve --nats nats://:::", "--nats nats://:::"},
		{"serve --nats nats://a,http://b", "--nats http://b"},
		{"serve --fake-clock soon", "--fake-clock"},
		{"serve --setup-addr nonsense", "--setup-addr nonsense: it must be"},
		{"serve --addr 127.0.0.1:0 --setup-addr :0", "--setup-addr belongs to --tls local"},
		{"serve --acme-http-port 99999", "--acme-http-port 99999"},
		{"serve --acme-http-port=-1", "--acme-http-port -1"},
		{"serve --addr 127.0.0.1:0 --acme-ca nowhere", "--acme-ca nowhere"},
		{"serve --addr 127.0.0.1:0 --acme-email nobody", "--acme-email nobody"},
		{"serve --addr 127.0.0.1:0 --tls files --tls-cert /nonexistent --tls-key /nonexistent", "/nonexistent"},
		{"serve --addr 127.0.0.1:0 --access token --jwks /nonexistent", "/nonexistent"},
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
		{"ca show", "--data"},
		{"device", "--session"},
		{"device --session a --record /nonexistent/file", "--record: open /nonexistent/file"},
		{"sessions --url nowhere", "--url"},
		{"sessions --ca /nonexistent", "--ca"},
		{"status --url http://", "--url"},
		{"flash", "--session"},
		{"flash --session a --payload {", "--payload"},
		{"flash --session a --name=", "--name"},
		{"flash --session a --delay=-1s", "--delay -1s"},
		{"flash --session a --wait=-1s", "--wait -1s"},
		{"record --session a --duration=-1s", "--duration -1s"},
		{"record --session a --delay=-1s", "--delay -1s"},
		{"record --session a --wait=-1s", "--wait -1s"},
		{"stop --session a --wait=-1s", "--wait -1s"},
		{"demo --devices 0", "--devices must be"},
		{"demo --commands=-1", "--commands"},
		{"export /nonexistent --otio", "/nonexistent"},
		{"export /nonexistent", "--otio or --ffmpeg"},
		{"replay /nonexistent", "/nonexistent"},
		{"replay --resolution=-1s", "--resolution -1s"},
		{"simulate --profile lan", "--profile lan: there is none of that name; there are all, wired, loopback,"},
		{"simulate --profile lte --runs 2 --plot file.svg", "one --profile and one run"},
		{"simulate --runs 0", "--runs must be"},
		{"simulate --duration 0s", "--duration 1s to"},
		{"simulate --schedule never", "--schedule must be"},
		{"simulate --plot file.svg", "--plot, --trace and --truth are for one --profile and one run"},
		{"simulate --profile wired --plot /nonexistent/file", "/nonexistent/file"},
		{"licenses of", "unexpected argument of"},
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

// TestDocsListTheFlags: each flag of serve, of every command and of the clients' addresses has its row in the document,
// with its variable and its default, and each row is of such a flag.
func TestDocsListTheFlags(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "operating.md"))
	check(t, err)
	rows := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| (?:`-.`, )?`--[a-z-]+` \\| [^|]*\\| [^|]*\\| ").FindAllString(string(doc), -1) {
		if rows[row] {
			t.Errorf("docs/operating.md has two rows that begin %q", row)
		}
		rows[row] = true
	}
	if len(rows) < 40 {
		t.Fatalf("docs/operating.md lists %d flags", len(rows))
	}
	model, listed := modelOf(t).Model, map[string]bool{}
	for _, node := range append([]*kong.Node{model.Node}, model.Children...) {
		for _, flag := range node.Flags {
			if flag.Name == "help" || flag.Name == "version" || node.Type == kong.CommandNode && node.Name != "serve" && len(flag.Envs) == 0 {
				continue // a command's own flags are explained by its help alone
			}
			row := rowOf(flag)
			if !rows[row] {
				t.Errorf("docs/operating.md lacks a row that begins %q", row)
			}
			listed[row] = true
		}
	}
	for row := range rows {
		if !listed[row] {
			t.Errorf("docs/operating.md lists what is no flag: %q", row)
		}
	}
}

// rowOf is how the row of a flag begins.
func rowOf(f *kong.Flag) string {
	name, variable, def := "`--"+f.Name+"`", "", ""
	if f.Short != 0 {
		name = "`-" + string(f.Short) + "`, " + name
	}
	if len(f.Envs) > 0 {
		variable = "`" + f.Envs[0] + "`"
	}
	if f.Default != "" {
		def = "`" + f.Default + "`"
	}
	return fmt.Sprintf("| %s | %s | %s | ", name, variable, def)
}
