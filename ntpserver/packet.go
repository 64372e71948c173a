package ntpserver

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// Size is the length of queries and answers in bytes.
const Size = 48

// Quality is how good session time is.
type Quality struct {
	Stratum    uint8         // 1 to 15; 0: session time isn't known yet
	Reference  [4]byte       // reference identifier
	Dispersion time.Duration // most that the time told may be off, 0 or more
}

// Outcome is what became of a packet.
type Outcome string

// The outcomes; Outcomes lists them.
const (
	Answered     Outcome = "answered"
	Short        Outcome = "short"        // fewer than 48 bytes
	Extended     Outcome = "extended"     // more: extension fields or an authenticator, which aren't understood
	OtherVersion Outcome = "version"      // not 1 to 4
	OtherMode    Outcome = "mode"         // no client's query
	Limited      Outcome = "rate_limited" // too many from that address
	Unsent       Outcome = "unsent"       // the system didn't take the answer
)

// Outcomes are all there are.
var Outcomes = []Outcome{Answered, Short, Extended, OtherVersion, OtherMode, Limited, Unsent}

const (
	modeClient = 3
	modeServer = 4

	precision   = -23 // log₂ s: what reading the clock takes, some 100 ns
	leapUnknown = 3   // leap indicator of one that isn't synchronised
	since1900   = 2208988800
)

// check returns why a packet is no query to answer; empty if it is one.
func check(query []byte) Outcome {
	switch {
	case len(query) < Size:
		return Short
	case version(query) < 1 || version(query) > 4:
		return OtherVersion
	case query[0]&7 != modeClient:
		return OtherMode
	case len(query) > Size:
		return Extended
	}
	return ""
}

func version(query []byte) byte { return query[0] >> 3 & 7 }

// answer makes the answer to a query that check lets through, in b; stampSent completes it.
func answer(b *[Size]byte, query []byte, q Quality, received clock.SessionTime) {
	leap := byte(0) // session time has no leap seconds
	if q.Stratum == 0 {
		leap, q.Reference = leapUnknown, [4]byte{'I', 'N', 'I', 'T'}
	}
	clear(b[:])
	b[0] = leap<<6 | version(query)<<3 | modeServer
	b[1] = q.Stratum
	b[2] = query[2] // poll
	b[3] = byte(precision & 0xff)
	binary.BigEndian.PutUint32(b[8:], short(q.Dispersion))
	copy(b[12:], q.Reference[:])
	if q.Stratum != 0 {
		binary.BigEndian.PutUint64(b[16:], stamp(received)) // the quality is that of this moment
	}
	copy(b[24:32], query[40:48]) // origin: the query's transmit timestamp
	binary.BigEndian.PutUint64(b[32:], stamp(received))
}

func stampSent(b *[Size]byte, at clock.SessionTime) { binary.BigEndian.PutUint64(b[40:], stamp(at)) }

// stamp is a time as NTP writes it: seconds since 1900 modulo 2³², and a fraction of 32 bits.
func stamp(t clock.SessionTime) uint64 {
	seconds, rest := int64(t)/1e9, int64(t)%1e9
	if rest < 0 {
		seconds, rest = seconds-1, rest+1e9
	}
	return uint64(seconds+since1900)<<32 | uint64(rest)<<32/1e9
}

// short is a duration in NTP's short format, 16 bits of seconds and 16 of their fraction, rounded up.
func short(d time.Duration) uint32 {
	if d <= 0 {
		return 1 // the precision rounded up
	}
	units := math.Ceil(d.Seconds()*65536) + 1
	return uint32(min(units, math.MaxUint32))
}
