package testutil

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"testing"
)

// Chronyd returns where chronyd is, and ends the test where there is none; tools/setup.sh brings it.
func Chronyd(t testing.TB) string {
	t.Helper()
	for _, path := range []string{"chronyd", "/usr/sbin/chronyd", filepath.Join(Root(), "bin/chrony/usr/sbin/chronyd")} {
		if found, err := exec.LookPath(path); err == nil {
			found, _ = filepath.Abs(found)
			return found
		}
	}
	Missing(t, "chronyd")
	return ""
}

// StartChronyd runs a chronyd that doesn't touch the system's clock (-x) and answers on a free port of loopback until
// the test ends, with further lines of configuration. It returns that port's address.
func StartChronyd(t testing.TB, binary, config string) string {
	t.Helper()
	free, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	Check(t, err)
	port := free.LocalAddr().(*net.UDPAddr).Port
	_ = free.Close()
	dir := t.TempDir()
	path := filepath.Join(dir, "chrony.conf")
	config += fmt.Sprintf("\nport %d\nbindaddress 127.0.0.1\ncmdport 0\nallow 127.0.0.1\npidfile %s\n", port, filepath.Join(dir, "pid"))
	Check(t, os.WriteFile(path, []byte(config), 0o600))
	me, err := user.Current()
	Check(t, err)
	cmd := exec.Command(binary, "-x", "-d", "-U", "-u", me.Username, "-f", path)
	log, err := os.Create(filepath.Join(dir, "log"))
	Check(t, err)
	cmd.Stdout, cmd.Stderr = log, log
	Check(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = log.Close()
		if said, _ := os.ReadFile(log.Name()); t.Failed() {
			t.Logf("chronyd said:\n%s", said)
		}
	})
	return fmt.Sprintf("127.0.0.1:%d", port)
}
