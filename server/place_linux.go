package server

import (
	"crypto/sha256"
	"fmt"
	"net"
	"os"
)

// place names a socket among all of the world's: the machine since it was started, its network namespace and the
// address. While one process has the socket no other gets it, and the system closes it with the process.
// It is empty where that can't be told.
func place(at net.Addr) string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	space, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%s %s %s %s", boot, space, at.Network(), at)))
}
