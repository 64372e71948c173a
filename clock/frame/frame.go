// Package frame is the wire form of clock frames, the ping and the pong of docs/protocol.md, for any
// transport that keeps frames whole. docs/vectors.json has examples of all of them.
//
//go:generate go test -count 1 -run ^TestVectorsAreCurrent$ . -update
package frame

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// Size is the length of every clock frame in bytes. Pings and pongs are equally long, so
// that the two directions of a path differ as little as possible.
const Size = 60

const (
	kindPing = 1
	kindPong = 2

	flagValid    = 1 // ping: the map is valid
	flagHoldover = 2 // ping: the session clock is in holdover
	flagHidden   = 1 // pong: the page is hidden
	flagStopped  = 2 // pong: the device's clock may have stopped
)

// ErrBad says that bytes are no clock frame of the kind expected.
var ErrBad = errors.New("bad clock frame")

// refusal says what is wrong with a frame, "it".
type refusal string

func refuse(format string, args ...any) error { return refusal(fmt.Sprintf(format, args...)) }

func (r refusal) Error() string { return ErrBad.Error() + ": " + string(r) }

// Is reports whether target is ErrBad.
func (r refusal) Is(target error) bool { return target == ErrBad }

// ForDevice returns what a device may be told about the frame that it sent.
func (r refusal) ForDevice() string { return string(r) }

// Ping is what the server sends: a nonce to be answered, and the device's map
// as the server knows it.
type Ping struct {
	Nonce    uint64    // unpredictable; the pong repeats it
	Holdover bool      // the session clock itself is in holdover
	Map      clock.Map // its Valid and Epoch travel too
}

// Append appends the frame, Size bytes, to b: kind, flags, epoch, nonce, and the rest of
// the map in its wire form.
func (p Ping) Append(b []byte) []byte {
	var buf [clock.MapSize]byte
	m := p.Map.Append(buf[:0])
	b = append(b, kindPing, flags(p.Map.Valid, p.Holdover), m[1], m[2])
	b = binary.BigEndian.AppendUint64(b, p.Nonce)
	return append(b, m[3:]...)
}

// ParsePing reads a ping. Errors wrap ErrBad: another length or kind, or
// a map that no clock can have (clock.Map.Possible).
func ParsePing(b []byte) (Ping, error) {
	if err := checkFrame(b, kindPing); err != nil {
		return Ping{}, err
	}
	var buf [clock.MapSize]byte
	m, err := clock.ParseMap(append(append(buf[:0], b[1]&flagValid, b[2], b[3]), b[12:]...))
	if err != nil {
		return Ping{}, refuse("its map is impossible")
	}
	if !m.Valid {
		m = clock.Map{} // its fields don't count
	}
	return Ping{Nonce: binary.BigEndian.Uint64(b[4:]), Holdover: b[1]&flagHoldover != 0, Map: m}, nil
}

// Pong is a device's answer.
type Pong struct {
	Nonce      uint64           // of the ping
	Hidden     bool             // the page is hidden: its timers are throttled
	Stopped    bool             // the device's clock may have stopped since its last pong
	Resolution time.Duration    // of the device's clock; whole µs up to 65535 µs travel
	T2         clock.DeviceTime // when the ping arrived
	T3         clock.DeviceTime // when this leaves
}

// Append appends the frame, Size bytes, to b.
func (p Pong) Append(b []byte) []byte {
	us := min(max(p.Resolution/time.Microsecond, 0), math.MaxUint16)
	b = append(b, kindPong, flags(p.Hidden, p.Stopped))
	b = binary.BigEndian.AppendUint16(b, uint16(us))
	b = binary.BigEndian.AppendUint64(b, p.Nonce)
	b = binary.BigEndian.AppendUint64(b, uint64(p.T2))
	b = binary.BigEndian.AppendUint64(b, uint64(p.T3))
	var padding [Size - 28]byte
	return append(b, padding[:]...)
}

// ParsePong reads a pong. Errors wrap ErrBad: another length or kind, or
// a T3 before its T2.
func ParsePong(b []byte) (Pong, error) {
	if err := checkFrame(b, kindPong); err != nil {
		return Pong{}, err
	}
	p := Pong{
		Nonce:      binary.BigEndian.Uint64(b[4:]),
		Hidden:     b[1]&flagHidden != 0,
		Stopped:    b[1]&flagStopped != 0,
		Resolution: time.Duration(binary.BigEndian.Uint16(b[2:])) * time.Microsecond,
		T2:         clock.DeviceTime(binary.BigEndian.Uint64(b[12:])),
		T3:         clock.DeviceTime(binary.BigEndian.Uint64(b[20:])),
	}
	if p.T3 < p.T2 {
		return Pong{}, refuse("the pong leaves before its ping arrives")
	}
	return p, nil
}

func checkFrame(b []byte, kind byte) error {
	if len(b) != Size {
		return refuse("it has %d bytes", len(b))
	}
	if b[0] != kind {
		return refuse("it is of kind %d", b[0])
	}
	return nil
}

// flags packs two booleans as the bits 1 and 2.
func flags(one, two bool) (f byte) {
	if one {
		f |= 1
	}
	if two {
		f |= 2
	}
	return f
}
