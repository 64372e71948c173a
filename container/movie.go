package container

import (
	"encoding/binary"
	"math"
)

// movie makes moov: the tracks with tables of all samples, whose data begins at a place of the file.
func (f *fragmented) movie(info Info, data int64, far bool) []byte {
	date := mp4Date(info.Created)
	whole := uint64(0)
	var traks [][]byte
	for _, t := range f.tracks {
		whole = max(whole, t.duration(f.mvhd.scale))
		traks = append(traks, t.trak(f.mvhd.scale, date, data, far))
	}
	parts := append([][]byte{f.mvhd.make("mvhd", date, whole)}, traks...)
	parts = append(parts, f.kept...)
	if user := f.userData(info); user != nil {
		parts = append(parts, user)
	}
	return makeBox("moov", parts...)
}

// userData says what the file is, as iTunes and most others do, and what else it said.
func (f *fragmented) userData(info Info) []byte {
	told := map[string]string{}
	var list, others [][]byte
	for _, tag := range []struct{ name, text string }{{"\xa9nam", info.Title}, {"\xa9ART", info.Device}} {
		if told[tag.name] = tag.text; tag.text != "" {
			list = append(list, makeBox(tag.name, makeBox("data", u32(1), u32(0), []byte(tag.text))))
		}
	}
	for _, tag := range f.said {
		if told[tag.kind] == "" {
			list = append(list, makeBox(tag.kind, tag.body))
		}
	}
	for _, c := range f.user {
		others = append(others, makeBox(c.kind, c.body))
	}
	if list != nil {
		handler := fullBox("hdlr", 0, u32(0), []byte("mdirappl"), make([]byte, 9))
		others = append(others, fullBox("meta", 0, handler, makeBox("ilst", list...)))
	}
	if others == nil {
		return nil
	}
	return makeBox("udta", others...)
}

func (t *mp4Track) trak(movie uint32, date uint64, data int64, far bool) []byte {
	long := t.duration(movie)
	var parts [][]byte
	for _, c := range t.box {
		switch c.kind {
		case "tkhd":
			parts = append(parts, parseTrackHead(c.body).make(date, long), t.edits(movie))
		case "edts":
		case "mdia":
			parts = append(parts, t.media(c.body, date, data, far))
		default:
			parts = append(parts, makeBox(c.kind, c.body))
		}
	}
	return makeBox("trak", parts...)
}

// edit is what an edit list comes to that a recorder writes: how long nothing is shown, in units of
// the movie, and with which time of the media it begins then.
type edit struct {
	empty uint64
	media int64
	there bool
}

func parseEdit(b []byte) (e edit) {
	for _, c := range boxes(b) {
		if c.kind != "elst" || len(c.body) < 8 {
			continue
		}
		count, rows := binary.BigEndian.Uint32(c.body[4:]), c.body[8:]
		for range count {
			duration, media, size := editRow(c.body[0], rows)
			if size == 0 {
				return e
			}
			e.there = true
			if rows = rows[size:]; media >= 0 {
				e.media = media
				return e
			}
			e.empty += duration
		}
	}
	return e
}

func editRow(version byte, b []byte) (duration uint64, media int64, size int) {
	switch {
	case version == 1 && len(b) >= 20:
		return binary.BigEndian.Uint64(b), int64(binary.BigEndian.Uint64(b[8:])), 20
	case version == 0 && len(b) >= 12:
		return uint64(binary.BigEndian.Uint32(b)), int64(int32(binary.BigEndian.Uint32(b[4:]))), 12
	}
	return 0, 0, 0
}

// edits tells when the track begins, and with which of its times: as the file had it, but that the media
// begins at 0 now. It is nil where there is nothing to tell.
func (t *mp4Track) edits(movie uint32) []byte {
	units := func(v int64) uint64 { return uint64(math.Round(float64(v) / float64(t.scale) * float64(movie))) }
	empty, media := min(t.edit.empty, 1<<48), min(t.edit.media, 1<<48)-t.start
	if media < 0 {
		empty, media = empty+units(-media), 0
	}
	if !t.edit.there && empty == 0 && media == 0 {
		return nil
	}
	entry := func(duration uint64, media int64) []byte {
		return append(append(u64(duration), u64(uint64(media))...), 0, 1, 0, 0)
	}
	var entries [][]byte
	if empty > 0 {
		entries = append(entries, entry(empty, -1))
	}
	entries = append(entries, entry(units(max(t.end-t.start-media, 0)), media))
	return makeBox("edts", fullBox("elst", 1, append([][]byte{u32(uint32(len(entries)))}, entries...)...))
}

func (t *mp4Track) media(b []byte, date uint64, data int64, far bool) []byte {
	var parts [][]byte
	for _, c := range boxes(b) {
		switch c.kind {
		case "mdhd":
			parts = append(parts, parseHead(c.body).make("mdhd", date, uint64(t.end-t.start)))
		case "minf":
			var inner [][]byte
			for _, m := range boxes(c.body) {
				if m.kind == "stbl" {
					inner = append(inner, t.table(m.body, data, far))
				} else {
					inner = append(inner, makeBox(m.kind, m.body))
				}
			}
			parts = append(parts, makeBox("minf", inner...))
		default:
			parts = append(parts, makeBox(c.kind, c.body))
		}
	}
	return makeBox("mdia", parts...)
}

// table makes stbl: how long, how large and where each sample is.
func (t *mp4Track) table(b []byte, data int64, far bool) []byte {
	var parts [][]byte
	for _, c := range boxes(b) {
		if c.kind == "stsd" {
			parts = append(parts, makeBox(c.kind, c.body))
		}
	}
	parts = append(parts, t.durations(), t.sizes(), t.chunksOf(), t.places(data, far))
	if t.composed {
		parts = append(parts, t.compositions())
	}
	if t.video {
		parts = append(parts, t.syncs())
	}
	return makeBox("stbl", parts...)
}

// runLengths makes a table of values, each with how often it follows itself.
func runLengths(kind string, version byte, n int, value func(i int) uint32) []byte {
	var rows []byte
	count := uint32(0)
	for i := 0; i < n; {
		v, j := value(i), i+1
		for j < n && value(j) == v {
			j++
		}
		rows = append(append(rows, u32(uint32(j-i))...), u32(v)...)
		count++
		i = j
	}
	return fullBox(kind, version, u32(count), rows)
}

func (t *mp4Track) durations() []byte {
	return runLengths("stts", 0, len(t.samples), func(i int) uint32 { return t.samples[i].duration })
}

func (t *mp4Track) compositions() []byte {
	return runLengths("ctts", 1, len(t.samples), func(i int) uint32 { return uint32(t.samples[i].offset) })
}

func (t *mp4Track) sizes() []byte {
	rows := make([]byte, 0, 4*len(t.samples))
	for _, s := range t.samples {
		rows = binary.BigEndian.AppendUint32(rows, s.size)
	}
	return fullBox("stsz", 0, u32(0), u32(uint32(len(t.samples))), rows)
}

// syncs lists the samples that one can begin with.
func (t *mp4Track) syncs() []byte {
	var rows []byte
	n := uint32(0)
	for i, s := range t.samples {
		if s.sync {
			rows = binary.BigEndian.AppendUint32(rows, uint32(i+1))
			n++
		}
	}
	return fullBox("stss", 0, u32(n), rows)
}

// chunksOf tells how many samples each run of data has.
func (t *mp4Track) chunksOf() []byte {
	var rows []byte
	count := uint32(0)
	for i, n := range t.chunkLens {
		if i == 0 || n != t.chunkLens[i-1] {
			rows = append(append(append(rows, u32(uint32(i+1))...), u32(n)...), u32(1)...)
			count++
		}
	}
	return fullBox("stsc", 0, u32(count), rows)
}

// places tells where each run of data is.
func (t *mp4Track) places(data int64, far bool) []byte {
	var rows []byte
	for _, at := range t.chunks {
		if far {
			rows = append(rows, u64(uint64(data+at))...)
		} else {
			rows = append(rows, u32(uint32(data+at))...)
		}
	}
	kind := "stco"
	if far {
		kind = "co64"
	}
	return fullBox(kind, 0, u32(uint32(len(t.chunks))), rows)
}
