//go:build unix

package nats

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// takeLock takes a lock that ends with the process, however it ends.
func takeLock(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = errors.New("it is in use by another process")
		}
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// freeSpace returns the bytes that may still be written below a directory.
func freeSpace(dir string) (uint64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, fmt.Errorf("store: look at the disk: %w", err)
	}
	return s.Bavail * uint64(s.Bsize), nil
}
