package server

import (
	"net"

	"github.com/pion/transport/v5"
)

// On lets WebRTC have a network that isn't the machine's.
func (c *Config) On(udp net.PacketConn, n transport.Net, seed func() uint64) {
	c.fake = fake{udp, n, seed}
}
