package e2e

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/downbeat-sync/downbeat/internal/testutil"
)

// proxyProgram finds a proxy that is installed, or that make setup has unpacked.
func proxyProgram(t *testing.T, name, unpacked string) string {
	t.Helper()
	for _, at := range []string{name, "/usr/sbin/" + name, "../bin/" + name + unpacked} {
		if binary, err := exec.LookPath(at); err == nil {
			return binary
		}
	}
	testutil.Missing(t, name)
	return ""
}

// runNginx runs nginx until the test ends; servers are what its http block has, and listen on addr.
func runNginx(t *testing.T, addr, servers string) {
	t.Helper()
	binary, dir := proxyProgram(t, "nginx", "/usr/sbin/nginx"), t.TempDir()
	conf := filepath.Join(dir, "nginx.conf")
	check(t, os.WriteFile(conf, fmt.Appendf(nil, `daemon off; pid %[1]s/pid; error_log stderr warn;
	events {}
	http {
		access_log off; client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy;
		fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
		%[2]s
	}`, dir, servers), 0o644))
	runProxy(t, addr, exec.Command(binary, "-p", dir, "-c", conf, "-e", "stderr"))
}

// runCaddy runs Caddy until the test ends; sites are what its Caddyfile has, for port of 127.0.0.1.
func runCaddy(t *testing.T, addr, sites string) {
	t.Helper()
	binary, dir := proxyProgram(t, "caddy", "/usr/bin/caddy"), t.TempDir()
	_, port, err := net.SplitHostPort(addr)
	check(t, err)
	file := filepath.Join(dir, "Caddyfile")
	check(t, os.WriteFile(file, fmt.Appendf(nil, `{
		admin off
		auto_https off
		default_bind 127.0.0.1
		https_port %s
	}
	%s`, port, sites), 0o644))
	cmd := exec.Command(binary, "run", "--config", file, "--adapter", "caddyfile")
	cmd.Env = []string{"HOME=" + dir, "XDG_DATA_HOME=" + dir, "XDG_CONFIG_HOME=" + dir}
	runProxy(t, addr, cmd)
}

// runProxy runs a proxy until the test ends, and returns once it listens on addr.
func runProxy(t *testing.T, addr string, cmd *exec.Cmd) {
	t.Helper()
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	check(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s: %s", cmd.Path, said.String())
		}
	})
	eventually(t, cmd.Path, func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}
