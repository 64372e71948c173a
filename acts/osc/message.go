package osc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// Message is one of OSC. Args are int32, float32, string, []byte, int64, float64, TimeTag, bool or nil.
type Message struct {
	Address string
	Args    []any
	At      TimeTag // of the bundle that it came in; Immediately without one
}

// TimeTag is an instant as NTP has it: seconds since 1900, 32 bits, and a fraction of 32 bits.
type TimeTag uint64

// Immediately is the time tag of what has no other instant than now.
const Immediately TimeTag = 1

// toUnix is from 1900 to 1970.
const toUnix = 2_208_988_800 * time.Second

// TagOf returns the time tag of a session time, which is UTC as far as the server knows that.
func TagOf(t clock.SessionTime) TimeTag {
	sinceEpoch := time.Duration(t) % time.Second
	seconds := uint64(t)/uint64(time.Second) + uint64(toUnix/time.Second)
	return TimeTag(seconds<<32 | uint64(sinceEpoch)<<32/uint64(time.Second))
}

// Session returns the session time at a time tag, rounded to nanoseconds. The seconds are of the era that began in 1900 or,
// with their first bit clear, of that which begins in 2036.
func (t TimeTag) Session() clock.SessionTime {
	seconds := int64(t >> 32)
	if seconds < 1<<31 {
		seconds += 1 << 32
	}
	fraction := (uint64(uint32(t))*uint64(time.Second) + 1<<31) >> 32
	return clock.SessionTime((seconds-int64(toUnix/time.Second))*int64(time.Second) + int64(fraction))
}

// Append appends the message to a packet.
func (m Message) Append(b []byte) []byte {
	tags, args := []byte{','}, []byte(nil)
	for _, arg := range m.Args {
		tag, data := encode(arg)
		tags, args = append(tags, tag), append(args, data...)
	}
	b = appendString(b, m.Address)
	b = appendString(b, string(tags))
	return append(b, args...)
}

// AppendBundle appends a bundle of one message to a packet.
func (m Message) AppendBundle(b []byte, at TimeTag) []byte {
	b = appendString(b, bundle)
	b = binary.BigEndian.AppendUint64(b, uint64(at))
	body := m.Append(nil)
	b = binary.BigEndian.AppendUint32(b, uint32(len(body)))
	return append(b, body...)
}

const bundle = "#bundle"

// encode returns an argument's type tag and data.
func encode(arg any) (tag byte, data []byte) {
	switch v := arg.(type) {
	case int32:
		return 'i', binary.BigEndian.AppendUint32(nil, uint32(v))
	case float32:
		return 'f', binary.BigEndian.AppendUint32(nil, math.Float32bits(v))
	case string:
		return 's', appendString(nil, v)
	case []byte:
		return 'b', pad(append(binary.BigEndian.AppendUint32(nil, uint32(len(v))), v...))
	case int64:
		return 'h', binary.BigEndian.AppendUint64(nil, uint64(v))
	case float64:
		return 'd', binary.BigEndian.AppendUint64(nil, math.Float64bits(v))
	case TimeTag:
		return 't', binary.BigEndian.AppendUint64(nil, uint64(v))
	case bool:
		if v {
			return 'T', nil
		}
		return 'F', nil
	}
	return 'N', nil
}

// appendString appends a string, which ends at its first zero byte, since OSC's do.
func appendString(b []byte, s string) []byte {
	if end := bytes.IndexByte([]byte(s), 0); end >= 0 {
		s = s[:end]
	}
	return append(append(b, s...), make([]byte, 4-len(s)%4)...)
}

func pad(b []byte) []byte { return append(b, make([]byte, -len(b)&3)...) }

// mostNested is how deep bundles may be in bundles.
const mostNested = 8

// Parse returns the messages of a packet, those of bundles with their time tags.
func Parse(packet []byte) ([]Message, error) { return parse(packet, Immediately, 0) }

var errShort = errors.New("the packet ends early")

func parse(b []byte, at TimeTag, depth int) (list []Message, err error) {
	r := reader{b: b}
	address := r.string()
	if r.err == nil && address != bundle {
		m, err := r.message(address, at)
		return []Message{m}, err
	}
	at = TimeTag(r.uint64())
	if r.err == nil && depth >= mostNested {
		return nil, fmt.Errorf("more than %d bundles are in each other", mostNested)
	}
	for r.err == nil && len(r.b) > 0 {
		element := r.bytes(int(r.uint32()), 0)
		if r.err != nil {
			break
		}
		inner, err := parse(element, at, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, inner...)
	}
	return list, r.err
}

// reader reads a packet from its beginning; after an error it returns zeros.
type reader struct {
	b   []byte
	err error
}

func (r *reader) message(address string, at TimeTag) (Message, error) {
	m := Message{Address: address, At: at}
	if address == "" || address[0] != '/' {
		return m, fmt.Errorf("%q is no address", address)
	}
	if len(r.b) == 0 {
		return m, nil // older senders leave empty type tags out
	}
	tags := r.string()
	if r.err == nil && (tags == "" || tags[0] != ',') {
		return m, errors.New("there are no type tags")
	}
	for _, tag := range []byte(tags)[min(1, len(tags)):] {
		arg, err := r.arg(tag)
		if err != nil {
			return m, err
		}
		m.Args = append(m.Args, arg)
	}
	if r.err == nil && len(r.b) > 0 {
		return m, errors.New("there is more than the type tags say")
	}
	return m, r.err
}

func (r *reader) arg(tag byte) (arg any, err error) {
	switch tag {
	case 'i':
		arg = int32(r.uint32())
	case 'f':
		arg = math.Float32frombits(r.uint32())
	case 's', 'S':
		arg = r.string()
	case 'b':
		n := int(r.uint32())
		arg = r.bytes(n, -n&3)
	case 'h':
		arg = int64(r.uint64())
	case 'd':
		arg = math.Float64frombits(r.uint64())
	case 't':
		arg = TimeTag(r.uint64())
	case 'T', 'F':
		arg = tag == 'T'
	case 'N':
	default:
		return nil, fmt.Errorf("the type tag %q isn't known", tag)
	}
	return arg, r.err
}

// bytes returns the next n bytes, and passes over some more.
func (r *reader) bytes(n, over int) []byte {
	if r.err != nil || n < 0 || n+over > len(r.b) {
		r.err, r.b = errShort, nil
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n+over:]
	return b
}

func (r *reader) uint32() uint32 {
	if b := r.bytes(4, 0); r.err == nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *reader) uint64() uint64 {
	if b := r.bytes(8, 0); r.err == nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (r *reader) string() string {
	n := bytes.IndexByte(r.b, 0)
	if n < 0 {
		n = len(r.b)
	}
	return string(r.bytes(n, 4-n%4))
}
