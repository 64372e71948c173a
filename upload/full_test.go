//go:build linux

package upload_test

import (
	"bytes"
	"os/exec"
	"syscall"
	"testing"
)

// TestDiskFull fills a disk of 24 MiB: what doesn't fit is refused, what was
// acknowledged stays, and once there is room the upload goes on.
func TestDiskFull(t *testing.T) {
	c, want := newChild(t), random(16<<20)
	c.kill()
	if err := syscall.Mount("tmpfs", c.dir, "tmpfs", 0, "size=24m"); err != nil {
		t.Skip("mounting a small disk needs root:", err)
	}
	t.Cleanup(func() {
		c.kill()
		if err := syscall.Unmount(c.dir, 0); err != nil {
			t.Error(err)
		}
	})
	c.start("UPLOAD_TEST_PROMISE=1") // creations don't look at the free space: others may have filled it
	c.connect()
	path := c.create(len(want))
	c.patch(path, 0, want[:1<<20], 204, "")
	ballast(t, c.dir+"/ballast", "20M")
	c.patch(path, 1<<20, want[1<<20:], 507, "disk_full")
	at := c.offset(path)
	if at < 1<<20 || at > 4<<20 {
		t.Fatalf("offset %d", at)
	}
	c.wants("HEAD", path, nil, nil, 200, "")
	ballast(t, c.dir+"/ballast", "0")
	c.wants("PATCH", path, patchHeader(at), bytes.NewReader(want[at:]), 204, "")
	c.gather()
	c.arrived(want)
}

func ballast(t *testing.T, name, size string) {
	t.Helper()
	for _, args := range [][]string{{"truncate", "-s", "0", name}, {"fallocate", "-l", size, name}} {
		if size == "0" && args[0] == "fallocate" {
			return
		}
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
}

// TestFileSizeLimit: a write that the system refuses in the middle (RLIMIT_FSIZE)
// keeps what could be written, and the server goes on.
func TestFileSizeLimit(t *testing.T) {
	c, want := newChild(t), random(3<<20)
	c.kill()
	c.start("UPLOAD_TEST_FSIZE=1048576")
	c.connect()
	path := c.create(len(want))
	c.patch(path, 0, want, 507, "disk_full")
	at := c.offset(path)
	if at > 1<<20 || at <= 768<<10 {
		t.Fatalf("offset %d", at)
	}
	c.kill()
	c.start()
	c.connect()
	c.patch(path, at, want[at:], 204, "")
	c.gather()
	c.arrived(want)
}
