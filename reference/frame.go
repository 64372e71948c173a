package reference

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"math"
	"time"

	"github.com/downbeat-sync/downbeat/clock"
)

// FrameSize is the length of every frame between instances, in bytes: questions and answers
// are equally long, so that the two directions differ as little as may be.
const FrameSize = 160

// SecretSize is the length of the secret that frames are authenticated with, in bytes.
const SecretSize = 32

const (
	magic   = 0xdb // no first byte of STUN, DTLS, RTP or TURN's channels (RFC 7983)
	version = 1

	kindQuestion = 1
	kindAnswer   = 2

	macSize = 16
	lines   = 3 // of the reference's course that an answer takes along
)

var (
	errForeign = errors.New("reference: no frame between instances")
	errForged  = errors.New("reference: a frame that isn't authenticated by the secret of this store")
)

// Is reports whether a packet claims to be a frame between instances.
func Is(b []byte) bool { return len(b) == FrameSize && b[0] == magic && b[1] == version }

// frame is a question of an instance, or the reference's answer. Steady clocks are those of
// their own instances.
type frame struct {
	kind  byte
	path  byte   // of the asker's paths; an answer repeats it
	term  uint64 // of the lease that is asked, or answers
	nonce uint64 // unpredictable; an answer repeats it
	from  uint64 // the sender's instance

	// of a question
	bound, hard time.Duration // by how much the asker's session time may be off; negative: it doesn't know

	// of an answer
	t2, t3   clock.SessionTime // by the reference's steady clock
	course   [lines]clock.Line // session time over the reference's steady clock
	stratum  uint8             // the reference's
	distance time.Duration     // how far UTC may be; negative: not known
}

// append appends the frame, authenticated.
func (f *frame) append(b []byte, secret []byte) []byte {
	start := len(b)
	b = append(b, magic, version, f.kind, f.path, f.stratum, 0, 0, 0)
	b = binary.BigEndian.AppendUint64(b, f.term)
	b = binary.BigEndian.AppendUint64(b, f.nonce)
	b = binary.BigEndian.AppendUint64(b, f.from)
	if f.kind == kindQuestion {
		b = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, uint64(f.bound)), uint64(f.hard))
	} else {
		b = f.appendAnswer(b)
	}
	b = append(b, make([]byte, start+FrameSize-macSize-len(b))...)
	return append(b, mac(secret, b[start:])...)
}

func (f *frame) appendAnswer(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(f.t2))
	b = binary.BigEndian.AppendUint64(b, uint64(f.t3))
	b = binary.BigEndian.AppendUint64(b, uint64(f.distance))
	for _, l := range f.course {
		b = binary.BigEndian.AppendUint64(b, uint64(l.Steady))
		b = binary.BigEndian.AppendUint64(b, uint64(l.Session))
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(l.Rate))
	}
	return b
}

// parse reads a frame that was sent by an instance on the same store; any other is refused
// with errForeign or errForged.
func parse(b, secret []byte) (f frame, err error) {
	if !Is(b) || b[2] != kindQuestion && b[2] != kindAnswer {
		return f, errForeign
	}
	if !hmac.Equal(b[FrameSize-macSize:], mac(secret, b[:FrameSize-macSize])) {
		return f, errForged
	}
	f.kind, f.path, f.stratum = b[2], b[3], b[4]
	at := 8
	next := func() uint64 { at += 8; return binary.BigEndian.Uint64(b[at-8:]) }
	f.term, f.nonce, f.from = next(), next(), next()
	if f.kind == kindQuestion {
		f.bound, f.hard = time.Duration(next()), time.Duration(next())
		return f, nil
	}
	f.t2, f.t3, f.distance = clock.SessionTime(next()), clock.SessionTime(next()), time.Duration(next())
	for i := range f.course {
		f.course[i] = clock.Line{
			Steady: clock.SessionTime(next()), Session: clock.SessionTime(next()),
			Rate: math.Float64frombits(next()), Until: math.MaxInt64,
		}
		if i > 0 {
			f.course[i-1].Until = f.course[i].Steady
		}
	}
	if !f.sane() {
		return f, errForeign
	}
	return f, nil
}

// sane refuses a course that no instance can have. The comparison is false for NaN.
func (f *frame) sane() bool {
	for i, l := range f.course {
		if !(math.Abs(l.Rate) <= clock.MaxSteer) || i > 0 && l.Steady < f.course[i-1].Steady {
			return false
		}
	}
	return f.t3 >= f.t2
}

// over returns the line that holds when the reference's steady clock reads s.
func (f *frame) over(s clock.SessionTime) clock.Line {
	i := 0
	for i < lines-1 && s >= f.course[i].Until {
		i++
	}
	return f.course[i]
}

func mac(secret, b []byte) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write(b)
	return h.Sum(nil)[:macSize]
}
