package ntpserver

import (
	"encoding/binary"
	"net"
	"syscall"
	"time"
)

// stampArrivals has the kernel say when each packet arrived. Where it doesn't, the moment of reading counts.
func stampArrivals(conn *net.UDPConn) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_TIMESTAMPNS, 1) })
}

// arrival reads the kernel's stamp, by the wall clock, from a packet's control messages; the zero time without one.
func arrival(control []byte) time.Time {
	messages, err := syscall.ParseSocketControlMessage(control)
	if err != nil {
		return time.Time{}
	}
	for _, m := range messages {
		if m.Header.Level != syscall.SOL_SOCKET || m.Header.Type != syscall.SO_TIMESTAMPNS {
			continue
		}
		switch order := binary.NativeEndian; len(m.Data) {
		case 16: // a timespec of 64 bits
			return time.Unix(int64(order.Uint64(m.Data)), int64(order.Uint64(m.Data[8:])))
		case 8: // of 32
			return time.Unix(int64(int32(order.Uint32(m.Data))), int64(order.Uint32(m.Data[4:])))
		}
	}
	return time.Time{}
}
