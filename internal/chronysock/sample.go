package chronysock

import (
	"encoding/binary"
	"math"
	"strconv"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// Size is the length of a sample in bytes, on machines of 64 bits.
const Size = 40

// supported says whether this machine's struct timeval is the one that samples are written with.
const supported = strconv.IntSize == 64

const magic = 0x534f434b // "SOCK"

// appendSample appends what chronyd reads as a struct: the system's time as a timeval, the true time less the
// system's in seconds, whether that is a bare pulse, announced leap seconds, padding, and a number that says that
// this is a sample.
func appendSample(b []byte, system time.Time, offset time.Duration) []byte {
	order := binary.NativeEndian
	b = order.AppendUint64(b, uint64(system.Unix()))
	b = order.AppendUint64(b, uint64(system.Nanosecond()/1000))
	b = order.AppendUint64(b, math.Float64bits(offset.Seconds()))
	b = order.AppendUint32(b, 0) // no pulse
	b = order.AppendUint32(b, 0) // session time has no leap seconds
	b = order.AppendUint32(b, 0)
	return order.AppendUint32(b, magic)
}

// tries is how often the two clocks are compared for a sample: the comparison that took least counts.
const tries = 8

// compare reads session time between two readings of the system's clock, and returns the time of both and by how much
// session time is ahead; ok is false while session time isn't known.
func compare(session func() (clock.SessionTime, bool), now func() time.Time) (system time.Time, offset time.Duration, ok bool) {
	least := time.Duration(math.MaxInt64)
	for range tries {
		before := now()
		s, known := session()
		took := now().Sub(before) // on the monotonic clock
		if !known {
			return system, 0, false
		}
		if took < least {
			least, system = took, before.Round(0).Add(took/2)
			offset = s.Sub(clock.SessionTime(system.UnixNano()))
		}
	}
	return system, offset, true
}
