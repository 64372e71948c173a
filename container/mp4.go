package container

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// fragmented is what a scan finds in a fragmented MP4 file.
type fragmented struct {
	ftyp   []byte // the whole box
	mvhd   movieHead
	tracks []*mp4Track
	kept   [][]byte // other boxes of the movie, whole
	runs   []run    // in the order of the file
	size   int64
	said   []box // what the file says of itself: tags
	user   []box // other user data
}

// mp4Track is a track of it. Times are in units of its timescale.
type mp4Track struct {
	id        uint32
	box       []box // of trak
	scale     uint32
	video     bool
	defaults  sampleDefaults
	samples   []sample
	edit      edit  // as the file had it
	start     int64 // when its first sample is decoded
	end       int64 // when the next one would be
	chunkLens []uint32
	chunks    []int64 // where each is in the data, from their beginning on
	composed  bool    // pictures are shown in another order than they are decoded
}

// sample is one picture, or a bit of sound.
type sample struct {
	size, duration uint32
	offset         int32 // from when it is decoded to when it is shown
	sync           bool
}

// run is a piece of data with samples of one track.
type run struct {
	track *mp4Track
	span
}

type sampleDefaults struct{ duration, size, flags uint32 }

// notSync is the flag of samples that one can't begin with (ISO/IEC 14496-12, 8.8.3.1).
const notSync = 1 << 16

func rewriteMP4(out io.Writer, in io.ReaderAt, size int64, info Info) error {
	f := &fragmented{size: size}
	if err := f.scan(in); err != nil {
		return err
	}
	f.tracks = keepSounding(f.tracks)
	if len(f.tracks) == 0 {
		return asItIs("no samples")
	}
	return f.write(out, in, info)
}

// keepSounding drops tracks without a sample, which no player likes.
func keepSounding(tracks []*mp4Track) (kept []*mp4Track) {
	for _, t := range tracks {
		if len(t.samples) > 0 {
			kept = append(kept, t)
		}
	}
	return kept
}

// scan reads all boxes; a tail that is cut off ends it.
func (f *fragmented) scan(in io.ReaderAt) error {
	for at := int64(0); at < f.size; {
		kind, body, end, err := boxAt(in, at, f.size)
		if err != nil {
			return err
		}
		switch kind {
		case "ftyp":
			if f.ftyp, err = head(in, span{at, min(end, f.size)}); err != nil {
				return err
			}
		case "moov":
			if end > f.size {
				return asItIs("it ends in its head")
			}
			b, err := head(in, span{body, end})
			if err != nil {
				return err
			}
			if err := f.takeMovie(b); err != nil {
				return err
			}
		case "moof":
			if end > f.size {
				return nil
			}
			b, err := head(in, span{body, end})
			if err != nil {
				return err
			}
			if !f.takeFragment(b, at) {
				return nil
			}
		}
		at = end
	}
	return nil
}

// boxAt reads the head of a box; end is where the next one begins, perhaps behind the file's.
func boxAt(in io.ReaderAt, at, size int64) (kind string, body, end int64, err error) {
	b := make([]byte, 16)
	n, err := in.ReadAt(b, at)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", 0, 0, err
	}
	if n < 8 {
		return "", 0, size, nil
	}
	length := int64(binary.BigEndian.Uint32(b))
	body = at + 8
	switch {
	case length == 0: // to the end of the file
		length = size - at
	case length == 1 && n == 16:
		length, body = int64(min(binary.BigEndian.Uint64(b[8:]), 1<<62)), at+16
	}
	if length < body-at {
		return "", 0, size, nil // no box: nothing of use comes behind it
	}
	return string(b[4:8]), body, at + length, nil
}

// takeMovie reads moov, which tells of the tracks.
func (f *fragmented) takeMovie(b []byte) error {
	if f.tracks != nil {
		return asItIs("two movies")
	}
	extends := map[uint32]sampleDefaults{}
	isFragmented := false
	for _, c := range boxes(b) {
		switch c.kind {
		case "mvhd":
			f.mvhd = parseHead(c.body)
		case "trak":
			f.takeTrack(c)
		case "mvex":
			isFragmented = true
			for _, x := range boxes(c.body) {
				if x.kind == "trex" && len(x.body) >= 24 {
					u := func(i int) uint32 { return binary.BigEndian.Uint32(x.body[i:]) }
					extends[u(4)] = sampleDefaults{duration: u(12), size: u(16), flags: u(20)}
				}
			}
		case "udta":
			f.takeUserData(c.body)
		default:
			f.kept = append(f.kept, makeBox(c.kind, c.body))
		}
	}
	if !isFragmented || len(f.tracks) == 0 || f.mvhd.scale == 0 || f.ftyp == nil {
		return asItIs("it isn't fragmented")
	}
	for _, t := range f.tracks {
		t.defaults = extends[t.id]
		if t.scale == 0 {
			return asItIs("a track without a timescale")
		}
	}
	return nil
}

// takeUserData reads what the file says of itself.
func (f *fragmented) takeUserData(b []byte) {
	for _, c := range boxes(b) {
		if c.kind != "meta" || len(c.body) < 4 {
			f.user = append(f.user, c)
			continue
		}
		for _, m := range boxes(c.body[4:]) {
			if m.kind == "ilst" {
				f.said = append(f.said, boxes(m.body)...)
			}
		}
	}
}

func (f *fragmented) takeTrack(trak box) {
	t := &mp4Track{box: boxes(trak.body)}
	for _, c := range t.box {
		switch c.kind {
		case "tkhd":
			t.id = parseTrackHead(c.body).id
		case "edts":
			t.edit = parseEdit(c.body)
		case "mdia":
			for _, m := range boxes(c.body) {
				switch {
				case m.kind == "mdhd":
					t.scale = parseHead(m.body).scale
				case m.kind == "hdlr" && len(m.body) >= 12:
					t.video = string(m.body[8:12]) == "vide"
				}
			}
		}
	}
	f.tracks = append(f.tracks, t)
}

func (f *fragmented) track(id uint32) *mp4Track {
	for _, t := range f.tracks {
		if t.id == id {
			return t
		}
	}
	return nil
}

// takeFragment reads a moof that begins at a place; false when its data isn't all there, or it makes no sense: what
// comes behind it isn't taken then.
func (f *fragmented) takeFragment(b []byte, at int64) bool {
	next := at // where the data of a run begins that doesn't say so
	for _, c := range boxes(b) {
		if c.kind != "traf" {
			continue
		}
		if !f.takeTrackFragment(c.body, at, &next) {
			return false
		}
	}
	return true
}

func (f *fragmented) takeTrackFragment(b []byte, moof int64, next *int64) bool {
	var t *mp4Track
	var head trackFragment
	for _, c := range boxes(b) {
		switch c.kind {
		case "tfhd":
			if len(c.body) < 8 {
				return false
			}
			if t = f.track(binary.BigEndian.Uint32(c.body[4:])); t == nil {
				return false
			}
			var ok bool
			if head, ok = parseTrackFragment(c.body, t.defaults, moof, *next); !ok {
				return false
			}
		case "tfdt":
			if t == nil || !t.begins(c.body) {
				return false
			}
		case "trun":
			if t == nil {
				return false
			}
			whole := f.takeRun(t, c.body, head, next)
			if !whole {
				return false
			}
		}
	}
	return true
}

// begins takes the time at which a fragment's samples begin: the sample before lasts until then.
func (t *mp4Track) begins(b []byte) bool {
	var at uint64
	switch {
	case len(b) >= 12 && b[0] == 1:
		at = binary.BigEndian.Uint64(b[4:])
	case len(b) >= 8 && b[0] == 0:
		at = uint64(binary.BigEndian.Uint32(b[4:]))
	default:
		return false
	}
	if at > 1<<48 {
		return false
	}
	if len(t.samples) == 0 {
		t.start, t.end = int64(at), int64(at)
		return true
	}
	last := &t.samples[len(t.samples)-1]
	longer := int64(last.duration) + int64(at) - t.end
	if longer < 0 || longer > 1<<32-1 {
		return longer < 0 // it overlaps: its samples follow as they come
	}
	last.duration, t.end = uint32(longer), int64(at)
	return true
}

// takeRun takes the samples of a trun, as far as their data is there.
func (f *fragmented) takeRun(t *mp4Track, b []byte, head trackFragment, next *int64) bool {
	r, ok := parseRun(b, head, *next)
	if !ok || r.from < 0 || r.from > f.size || int64(r.count) > f.size-r.from && r.size == 0 {
		return false
	}
	from, n := r.from, uint32(0)
	at := from
	whole := true
	for i := range r.count {
		s, ok := r.sample(i)
		if !ok || s.size == 0 && i > 1<<20 || len(t.samples) >= limit {
			return false
		}
		if at+int64(s.size) > f.size {
			whole = false
			break
		}
		at += int64(s.size)
		t.composed = t.composed || s.offset != 0
		t.end += int64(s.duration)
		t.samples = append(t.samples, s)
		n++
	}
	if n > 0 {
		t.chunkLens = append(t.chunkLens, n)
		f.runs = append(f.runs, run{t, span{from, at}})
	}
	*next = at
	return whole
}

// duration is how long the track is, from the movie's beginning on, in units of the movie.
func (t *mp4Track) duration(movie uint32) uint64 {
	return uint64(float64(t.end) / float64(t.scale) * float64(movie))
}

// write writes the file anew: what it is, the movie with all its tables, and the data.
func (f *fragmented) write(out io.Writer, in io.ReaderAt, info Info) error {
	length := int64(0)
	spans := make([]span, 0, len(f.runs))
	for _, r := range f.runs {
		r.track.chunks = append(r.track.chunks, length)
		length += r.len()
		spans = append(spans, r.span)
	}
	far := length > 1<<31 // whether places are told in 64 bits
	movie := f.movie(info, 0, far)
	const dataHead = 16
	movie = f.movie(info, int64(len(f.ftyp)+len(movie)+dataHead), far) // as long as before
	data := binary.BigEndian.AppendUint32(nil, 1)
	data = binary.BigEndian.AppendUint64(append(data, "mdat"...), uint64(length+dataHead))
	for _, b := range [][]byte{f.ftyp, movie, data} {
		if _, err := out.Write(b); err != nil {
			return fmt.Errorf("container: %w", err)
		}
	}
	return copySpans(out, in, spans)
}

// mp4Epoch is where its dates begin.
var mp4Epoch = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)

func mp4Date(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(t.Unix() - mp4Epoch.Unix())
}
