package utc

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"testing"
	"time"

	"github.com/downbeat-sync/downbeat/internal/testutil"
)

// findChronyd returns where chronyd is. Without it the test is skipped, but on CI, where
// tools/setup.sh has brought it.
func findChronyd(t *testing.T) string {
	t.Helper()
	for _, path := range []string{"chronyd", "/usr/sbin/chronyd", "../../bin/chrony/usr/sbin/chronyd"} {
		if found, err := exec.LookPath(path); err == nil {
			found, _ = filepath.Abs(found)
			return found
		}
	}
	testutil.Missing(t, "chronyd")
	return ""
}

// startChronyd runs a chronyd that doesn't touch the system's clock (-x) on a free
// port of loopback, with further lines of configuration.
func startChronyd(t *testing.T, binary, config string) string {
	t.Helper()
	free, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	port := free.LocalAddr().(*net.UDPAddr).Port
	_ = free.Close()
	dir := t.TempDir()
	path := filepath.Join(dir, "chrony.conf")
	config += fmt.Sprintf("\nport %d\nbindaddress 127.0.0.1\ncmdport 0\nallow 127.0.0.1\npidfile %s\n", port, filepath.Join(dir, "pid"))
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "-x", "-d", "-U", "-u", me.Username, "-f", path)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
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

// TestChrony follows four real servers, each a chronyd; one that knows no time
// is refused, and scripted liars are outvoted or refused.
func TestChrony(t *testing.T) {
	binary := findChronyd(t)
	var servers []string
	for range 4 {
		servers = append(servers, startChronyd(t, binary, "local stratum 3"))
	}
	servers = append(servers, startChronyd(t, binary, ""), serveNTP(t, 100*time.Second, nil),
		serveNTP(t, 400*ms, nil), serveNTP(t, 0, liars[0].script))
	b := newBehind(3 * time.Minute)
	d := b.on(t, true, servers...)
	until(t, d, "following four of eight", func(s Status) bool {
		answers := uint64(0)
		for _, server := range s.Servers[:4] {
			answers += server.Answers
		}
		return s.State == NTP && s.Used == 4 && answers > 100 && s.Servers[4].Refused[ReasonUnsynchronised] > 0 &&
			s.Servers[5].Falseticker && s.Servers[6].Falseticker && s.Servers[7].Refused[ReasonMismatch] > 0
	})
	for range 100 {
		if e, s := b.error().Abs(), d.Status(); e > s.RootDistance {
			t.Fatalf("error %v, root distance %v", e, s.RootDistance)
		}
		time.Sleep(10 * ms)
	}
	s := d.Status()
	t.Logf("error %v, root distance %v, delay %v", b.error(), s.RootDistance, s.Servers[0].Delay)
}
