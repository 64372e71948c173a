package clock

import (
	"encoding/binary"
	"errors"
	"math"
	"time"
)

// MapSize is the length of a Map's wire form in bytes.
const MapSize = 51

// ErrBadMap says that bytes aren't the wire form of a map that a clock can have.
var ErrBadMap = errors.New("clock: not a map")

// Append appends the wire form of the map to b, MapSize bytes, big-endian:
//
//	valid (0 or 1)  uint8
//	Epoch           uint16
//	Device          int64    ns
//	Session         int64    ns
//	Rate            float64
//	Bound           int64    ns
//	Growth          float64  ns per ns
//	Hard            int64    ns
func (m Map) Append(b []byte) []byte {
	valid := byte(0)
	if m.Valid {
		valid = 1
	}
	b = append(b, valid)
	b = binary.BigEndian.AppendUint16(b, m.Epoch)
	b = binary.BigEndian.AppendUint64(b, uint64(m.Device))
	b = binary.BigEndian.AppendUint64(b, uint64(m.Session))
	b = binary.BigEndian.AppendUint64(b, math.Float64bits(m.Rate))
	b = binary.BigEndian.AppendUint64(b, uint64(m.Bound))
	b = binary.BigEndian.AppendUint64(b, math.Float64bits(m.Growth))
	return binary.BigEndian.AppendUint64(b, uint64(m.Hard))
}

// ParseMap reads the wire form of a map. It fails with ErrBadMap for another length, a
// valid that is neither 0 nor 1, and a map that isn't possible (Map.Possible).
func ParseMap(b []byte) (Map, error) {
	if len(b) != MapSize || b[0] > 1 {
		return Map{}, ErrBadMap
	}
	m := Map{
		Valid:   b[0] == 1,
		Epoch:   binary.BigEndian.Uint16(b[1:]),
		Device:  DeviceTime(binary.BigEndian.Uint64(b[3:])),
		Session: SessionTime(binary.BigEndian.Uint64(b[11:])),
		Rate:    math.Float64frombits(binary.BigEndian.Uint64(b[19:])),
		Bound:   time.Duration(binary.BigEndian.Uint64(b[27:])),
		Growth:  math.Float64frombits(binary.BigEndian.Uint64(b[35:])),
		Hard:    time.Duration(binary.BigEndian.Uint64(b[43:])),
	}
	if !m.Possible() {
		return Map{}, ErrBadMap
	}
	return m, nil
}
