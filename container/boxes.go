package container

import (
	"encoding/binary"
	"math"
)

// box is one in memory: its kind and what is in it.
type box struct {
	kind string
	body []byte
}

// boxes parses boxes in memory; what can't be parsed ends them.
func boxes(b []byte) (list []box) {
	for len(b) >= 8 {
		size, head := uint64(binary.BigEndian.Uint32(b)), uint64(8)
		switch {
		case size == 0:
			size = uint64(len(b))
		case size == 1 && len(b) >= 16:
			size, head = binary.BigEndian.Uint64(b[8:]), 16
		}
		if size < head || size > uint64(len(b)) {
			return list
		}
		list = append(list, box{string(b[4:8]), b[head:size]})
		b = b[size:]
	}
	return list
}

func makeBox(kind string, bodies ...[]byte) []byte {
	size := 8
	for _, b := range bodies {
		size += len(b)
	}
	out := append(binary.BigEndian.AppendUint32(make([]byte, 0, size), uint32(size)), kind...)
	for _, b := range bodies {
		out = append(out, b...)
	}
	return out
}

// fullBox is a box with a version and flags.
func fullBox(kind string, version byte, bodies ...[]byte) []byte {
	return makeBox(kind, append([][]byte{{version, 0, 0, 0}}, bodies...)...)
}

func u32(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }
func u64(v uint64) []byte { return binary.BigEndian.AppendUint64(nil, v) }

// movieHead is what mvhd and mdhd have in common: times, and what follows them.
type movieHead struct {
	scale uint32
	rest  []byte
}

func parseHead(b []byte) (h movieHead) {
	at := 12
	if len(b) > 0 && b[0] == 1 {
		at = 20
	}
	if len(b) < at+4 {
		return h
	}
	h.scale = binary.BigEndian.Uint32(b[at:])
	if after := at + 8 + (at-12)/2; len(b) >= after { // the duration has 4 or 8 bytes
		h.rest = b[after:]
	}
	return h
}

// make writes the head with a date and a duration, in 64 bits where 32 don't do.
func (h movieHead) make(kind string, date, duration uint64) []byte {
	if date > math.MaxUint32 || duration > math.MaxUint32 {
		return fullBox(kind, 1, u64(date), u64(date), u32(h.scale), u64(duration), h.rest)
	}
	return fullBox(kind, 0, u32(uint32(date)), u32(uint32(date)), u32(h.scale), u32(uint32(duration)), h.rest)
}

// trackHead is a tkhd.
type trackHead struct {
	flags []byte
	id    uint32
	rest  []byte
}

func parseTrackHead(b []byte) (h trackHead) {
	id, after := 12, 24
	if len(b) > 0 && b[0] == 1 {
		id, after = 20, 36
	}
	if len(b) < after {
		return h
	}
	return trackHead{b[1:4], binary.BigEndian.Uint32(b[id:]), b[after:]}
}

func (h trackHead) make(date, duration uint64) []byte {
	if date > math.MaxUint32 || duration > math.MaxUint32 {
		return makeBox("tkhd", append([]byte{1}, h.flags...), u64(date), u64(date), u32(h.id), u32(0), u64(duration), h.rest)
	}
	return makeBox("tkhd", append([]byte{0}, h.flags...), u32(uint32(date)), u32(uint32(date)), u32(h.id), u32(0), u32(uint32(duration)), h.rest)
}

// trackFragment is a tfhd: where its data is counted from, and what its samples are unless they say otherwise.
type trackFragment struct {
	sampleDefaults
	base int64
}

func parseTrackFragment(b []byte, defaults sampleDefaults, moof, next int64) (h trackFragment, ok bool) {
	flags := binary.BigEndian.Uint32(b) & 0xFFFFFF
	h = trackFragment{defaults, moof}
	rest := b[8:]
	take := func(flag uint32, n int) []byte {
		if flags&flag == 0 {
			return nil
		}
		if len(rest) < n {
			ok = false
			return nil
		}
		field := rest[:n]
		rest = rest[n:]
		return field
	}
	ok = true
	if v := take(0x1, 8); v != nil {
		at := binary.BigEndian.Uint64(v)
		if at > math.MaxInt64/2 {
			return h, false
		}
		h.base = int64(at)
	}
	if v := take(0x2, 4); v != nil && binary.BigEndian.Uint32(v) != 1 {
		return h, false // a second description of samples: nobody makes that while recording
	}
	if v := take(0x8, 4); v != nil {
		h.duration = binary.BigEndian.Uint32(v)
	}
	if v := take(0x10, 4); v != nil {
		h.size = binary.BigEndian.Uint32(v)
	}
	if v := take(0x20, 4); v != nil {
		h.flags = binary.BigEndian.Uint32(v)
	}
	return h, ok
}

// trackRun is a trun: samples that lie one after another.
type trackRun struct {
	sampleDefaults
	count      uint32
	from       int64
	flagsFirst uint32
	hasFirst   bool
	has        uint32 // which fields each sample has
	fields     []byte
	stride     int
	signed     bool
}

func parseRun(b []byte, head trackFragment, next int64) (r trackRun, ok bool) {
	if len(b) < 8 {
		return r, false
	}
	flags := binary.BigEndian.Uint32(b) & 0xFFFFFF
	r = trackRun{sampleDefaults: head.sampleDefaults, count: binary.BigEndian.Uint32(b[4:]), from: next, has: flags & 0xF00, signed: b[0] > 0}
	rest := b[8:]
	if flags&0x1 != 0 {
		if len(rest) < 4 {
			return r, false
		}
		r.from = head.base + int64(int32(binary.BigEndian.Uint32(rest)))
		rest = rest[4:]
	}
	if flags&0x4 != 0 {
		if len(rest) < 4 {
			return r, false
		}
		r.flagsFirst, r.hasFirst = binary.BigEndian.Uint32(rest), true
		rest = rest[4:]
	}
	for _, field := range []uint32{0x100, 0x200, 0x400, 0x800} {
		if r.has&field != 0 {
			r.stride += 4
		}
	}
	r.fields = rest
	return r, r.count <= limit && int64(r.count)*int64(r.stride) <= int64(len(rest))
}

// sample returns the i-th one.
func (r *trackRun) sample(i uint32) (s sample, ok bool) {
	fields := r.fields[int(i)*r.stride:]
	flags := r.flags
	s = sample{size: r.size, duration: r.duration}
	if i == 0 && r.hasFirst {
		flags = r.flagsFirst
	}
	take := func(field uint32) (v uint32, there bool) {
		if r.has&field == 0 {
			return 0, false
		}
		v = binary.BigEndian.Uint32(fields)
		fields = fields[4:]
		return v, true
	}
	if v, there := take(0x100); there {
		s.duration = v
	}
	if v, there := take(0x200); there {
		s.size = v
	}
	if v, there := take(0x400); there && !(i == 0 && r.hasFirst) {
		flags = v
	}
	if v, there := take(0x800); there {
		if v > math.MaxInt32 && !r.signed {
			return s, false
		}
		s.offset = int32(v)
	}
	s.sync = flags&notSync == 0
	return s, true
}
