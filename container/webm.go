package container

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
)

// webm is what a scan finds in a Matroska file.
type webm struct {
	ebml     span // the file's first element
	info     []child
	tracks   []child
	tags     []child // each a Tag, without what is told anew
	extra    []span  // attachments and chapters, kept as they are
	hasCues  bool
	scale    uint64 // ns of one unit of time
	clusters []cluster
	keys     []cue
	of       map[uint64]*webmTrack
	video    uint64 // the first video track's number; 0 without one
	count    int
}

// cluster is a run of blocks that share a time.
type cluster struct {
	spans []span // its content, without what is true of the old file only
	time  uint64
}

func (c *cluster) len() (n int64) {
	for _, s := range c.spans {
		n += s.len()
	}
	return n
}

// cue is a picture that one can begin with.
type cue struct {
	time    uint64
	track   uint64
	cluster int
}

// webmTrack is what its blocks tell of a track. Times are in units of the file.
type webmTrack struct {
	blocks      int64
	first, last int64
	rateKnown   bool
}

func rewriteWebM(out io.Writer, in io.ReaderAt, size int64, info Info) error {
	w := &webm{scale: 1_000_000, of: map[uint64]*webmTrack{}}
	if err := w.scan(newEBMLReader(in, size)); err != nil {
		return err
	}
	if n := len(w.clusters); n > 0 && len(w.clusters[n-1].spans) == 0 {
		w.clusters = w.clusters[:n-1] // it was cut off before its time
	}
	switch {
	case w.tracks == nil || len(w.clusters) == 0 || w.count == 0:
		return asItIs("no tracks, or nothing in them")
	case w.hasCues && w.says(idDuration):
		return asItIs("it is whole")
	}
	return w.write(out, in, info)
}

func (w *webm) says(id uint32) bool {
	for _, c := range w.info {
		if c.id == id {
			return true
		}
	}
	return false
}

// scan reads the whole file; a tail that is cut off ends it.
func (w *webm) scan(e *ebmlReader) error {
	id, size, err := e.element()
	if err != nil || id != idEBML || size < 0 || size > 4096 {
		return asItIs("no head")
	}
	if err := e.skip(size); err != nil {
		return cutOr(err)
	}
	w.ebml = span{0, e.at}
	if id, _, err = e.element(); err != nil || id != idSegment {
		return asItIs("no segment")
	}
	err = w.scanSegment(e)
	if isCut(err) {
		return nil
	}
	return err
}

func cutOr(err error) error {
	if isCut(err) {
		return asItIs("it ends in its head")
	}
	return err
}

func (w *webm) scanSegment(e *ebmlReader) error {
	pending := next{}
	for {
		from := e.at
		id, size, err := pending.or(e)
		if pending.known {
			from = pending.from
			pending = next{}
		}
		if err != nil {
			return err
		}
		if id == idCluster {
			if pending, err = w.scanCluster(e, size); err != nil {
				return err
			}
			continue
		}
		if size == unknownSize {
			return errEBML
		}
		if err := w.scanTop(e, id, from, size); err != nil {
			return err
		}
	}
}

// next is an element whose head has been read already: the one that ended a cluster.
type next struct {
	id    uint32
	size  int64
	from  int64
	known bool
}

func (n next) or(e *ebmlReader) (uint32, int64, error) {
	if n.known {
		return n.id, n.size, nil
	}
	return e.element()
}

func (w *webm) scanTop(e *ebmlReader, id uint32, from, size int64) error {
	switch id {
	case idInfo, idTracks, idTags:
		b, err := e.read(size)
		if err != nil {
			return err
		}
		switch id {
		case idInfo:
			w.takeInfo(b)
		case idTracks:
			w.takeTracks(b)
		default:
			w.tags = append(w.tags, children(b)...)
		}
		return nil
	case idCues:
		w.hasCues = true
	case idAttachments, idChapters:
		if err := e.skip(size); err != nil {
			return err
		}
		w.extra = append(w.extra, span{from, e.at})
		return nil
	}
	return e.skip(size)
}

func (w *webm) takeInfo(b []byte) {
	w.info = children(b)
	for _, c := range w.info {
		if c.id == idScale && number(c.body) > 0 {
			w.scale = number(c.body)
		}
	}
}

func (w *webm) takeTracks(b []byte) {
	w.tracks = children(b)
	for _, entry := range w.tracks {
		var n, kind uint64
		t := &webmTrack{first: math.MaxInt64, last: math.MinInt64}
		for _, c := range children(entry.body) {
			switch c.id {
			case idTrackNumber:
				n = number(c.body)
			case idTrackType:
				kind = number(c.body)
			case idDefaultDuration:
				t.rateKnown = true
			}
		}
		w.of[n] = t
		if kind == 1 && w.video == 0 {
			w.video = n
		}
	}
}

// scanCluster notes where a cluster's blocks are. It returns the element that ended one of unknown size.
func (w *webm) scanCluster(e *ebmlReader, size int64) (next, error) {
	if len(w.clusters) >= limit {
		return next{}, asItIs("too many clusters")
	}
	w.clusters = append(w.clusters, cluster{})
	c := &w.clusters[len(w.clusters)-1]
	end := int64(math.MaxInt64)
	if size != unknownSize {
		end = e.at + size
	}
	for e.at < end {
		from := e.at
		id, size, err := e.element()
		if err != nil {
			return next{}, err
		}
		if end == math.MaxInt64 && topLevel[id] {
			return next{id, size, from, true}, nil
		}
		if size == unknownSize {
			return next{}, errEBML
		}
		if err := w.scanChild(e, c, id, from, size); err != nil {
			return next{}, err
		}
	}
	return next{}, nil
}

func (w *webm) scanChild(e *ebmlReader, c *cluster, id uint32, from, size int64) error {
	var err error
	switch id {
	case idTimestamp:
		var b []byte
		if b, err = e.read(min(size, 9)); err == nil {
			c.time = number(b)
			err = e.skip(size - int64(len(b)))
		}
	case idSimpleBlock:
		err = w.scanBlock(e, size, true)
	case idBlockGroup:
		err = w.scanGroup(e, size)
	default:
		err = e.skip(size)
	}
	if err != nil {
		return err
	}
	if id == idPosition || id == idPrevSize {
		return nil
	}
	if n := len(c.spans); n > 0 && c.spans[n-1].to == from {
		c.spans[n-1].to = e.at
		return nil
	}
	c.spans = append(c.spans, span{from, e.at})
	return nil
}

// scanBlock notes a block's time, once all of it is there.
func (w *webm) scanBlock(e *ebmlReader, size int64, simple bool) error {
	b, err := e.read(min(size, 12))
	if err != nil {
		return err
	}
	if err := e.skip(size - int64(len(b))); err != nil {
		return err
	}
	track, n := vintIn(b, false, 8)
	if n == 0 || len(b) < n+3 {
		return errEBML
	}
	w.note(track, int16(binary.BigEndian.Uint16(b[n:])), simple && b[n+2]&0x80 != 0)
	return nil
}

// scanGroup notes the block of a group, which is a key frame when it refers to no other.
func (w *webm) scanGroup(e *ebmlReader, size int64) error {
	end := e.at + size
	var block []byte
	key := true
	for e.at < end {
		id, size, err := e.element()
		if err != nil || size == unknownSize {
			return errors.Join(err, errEBML)
		}
		read := int64(0)
		if id == idBlock {
			if block, err = e.read(min(size, 12)); err != nil {
				return err
			}
			read = int64(len(block))
		}
		if err := e.skip(size - read); err != nil {
			return err
		}
		key = key && id != idReference
	}
	if track, n := vintIn(block, false, 8); n > 0 && len(block) >= n+3 {
		w.note(track, int16(binary.BigEndian.Uint16(block[n:])), key)
	}
	return nil
}

func (w *webm) note(track uint64, off int16, key bool) {
	t := w.of[track]
	if t == nil {
		return
	}
	last := len(w.clusters) - 1
	at := max(int64(w.clusters[last].time)+int64(off), 0)
	t.blocks++
	w.count++
	t.first, t.last = min(t.first, at), max(t.last, at)
	seekable := track == w.video && key || w.video == 0 && (len(w.keys) == 0 || w.keys[len(w.keys)-1].cluster != last)
	if seekable && len(w.keys) < limit {
		w.keys = append(w.keys, cue{uint64(at), track, last})
	}
}
