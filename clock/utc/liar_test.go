package utc

import (
	"encoding/binary"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"
)

// packet is an NTP answer in the making: 48 bytes.
type packet []byte

const (
	atStratum  = 1
	atDelay    = 4
	atOrigin   = 24
	atReceive  = 32
	atTransmit = 40
)

// stamp is t as NTP writes it.
func stamp(t time.Time) uint64 {
	const since1900 = 2208988800
	return uint64(t.Unix()+since1900)<<32 | uint64(t.Nanosecond())<<32/1e9
}

// serveNTP answers NTP queries on loopback until the test ends; script changes each answer, or
// returns none.
func serveNTP(t *testing.T, ahead time.Duration, script func(packet) packet) string {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for buf := make([]byte, 512); ; {
			n, from, err := conn.ReadFromUDP(buf)
			if err != nil {
				return
			}
			p := honest(buf[:n], time.Now().Add(ahead))
			if script != nil {
				p = script(p)
			}
			if p != nil {
				_, _ = conn.WriteToUDP(p, from)
			}
		}
	})
	t.Cleanup(func() { _ = conn.Close(); serving.Wait() })
	return conn.LocalAddr().String()
}

// honest is the answer of a stratum 2 server whose clock reads now.
func honest(query []byte, now time.Time) packet {
	p := make(packet, 48)
	p[0] = 4<<3 | 4
	p[atStratum], p[2], p[3] = 2, 6, 0xec
	binary.BigEndian.PutUint32(p[atDelay:], 66)
	binary.BigEndian.PutUint32(p[8:], 66)
	binary.BigEndian.PutUint64(p[16:], stamp(now.Add(-time.Minute)))
	copy(p[atOrigin:], query[atTransmit:])
	binary.BigEndian.PutUint64(p[atReceive:], stamp(now))
	binary.BigEndian.PutUint64(p[atTransmit:], stamp(now))
	return p
}

// put32 returns a script that writes a word.
func put32(at int, word uint32) func(packet) packet {
	return func(p packet) packet { binary.BigEndian.PutUint32(p[at:], word); return p }
}

// liars are servers of which nothing may be used, and the reason that is counted.
var liars = []struct {
	name   string
	reason Reason
	script func(packet) packet
}{
	{"wrong origin timestamp", ReasonMismatch, put32(atOrigin, 1)},
	{"kiss of death", ReasonKiss, func(p packet) packet { p[atStratum] = 0; return put32(12, 0x52415445)(p) }},
	{"silent", ReasonTimeout, func(packet) packet { return nil }},
	{"stratum 16", ReasonUnsynchronised, func(p packet) packet { p[atStratum] = 16; return p }},
	{"stratum 0 without a code", ReasonUnsynchronised, func(p packet) packet { p[atStratum] = 0; return p }},
	{"leap indicator 3", ReasonUnsynchronised, func(p packet) packet { p[0] |= 0xc0; return p }},
	{"root delay without end", ReasonDistance, put32(atDelay, 0xffffffff)},
	{"root delay of 4 s", ReasonDistance, put32(atDelay, 4<<16)},
	{"garbage", ReasonMalformed, func(packet) packet {
		p := make(packet, rand.IntN(48))
		for i := range p {
			p[i] = byte(rand.Uint32())
		}
		return p
	}},
	{"a query sent back", ReasonMalformed, func(p packet) packet { p[0] = 4<<3 | 3; return p }},
	{"ticks backwards", ReasonMalformed, put32(atReceive, 0xffffffff)},
	{"stays longer than the trip", ReasonExchange, func(p packet) packet {
		return put32(atReceive, binary.BigEndian.Uint32(p[atReceive:])-5)(p)
	}},
}
