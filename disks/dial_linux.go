package disks

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// sendTime is how long what is sent may go without being acknowledged, in milliseconds: a machine that
// has lost its power says nothing.
const sendTime = 15_000

func boundSends(_, _ string, c syscall.RawConn) error {
	return c.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, sendTime)
	})
}
