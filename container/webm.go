package container

import (
	"encoding/binary"
	"errors"
	"io"
	"math"
	"strings"
	"time"
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

// interval is the mean time between two blocks of a track, in units of the file; 0 while unknown.
func (t *webmTrack) interval() float64 {
	if t.blocks < 2 {
		return 0
	}
	return float64(t.last-t.first) / float64(t.blocks-1)
}

// duration is how long the file is: to the end of its last picture or sound, in units of the file.
func (w *webm) duration() (d float64) {
	for _, t := range w.of {
		if t.blocks > 0 {
			d = max(d, float64(t.last)+t.interval())
		}
	}
	return d
}

// write writes the file anew: what it is, where its pieces are, then the pieces.
func (w *webm) write(out io.Writer, in io.ReaderAt, info Info) error {
	inf, tracks, tags := w.newInfo(info), w.newTracks(), w.newTags(info)
	extra := int64(0)
	for _, s := range w.extra {
		extra += s.len()
	}
	seek := seekHead(0, 0, 0, 0, len(tags) > 0) // as long as with the right places
	cues := w.newCues(nil)
	infoAt := int64(len(seek))
	tracksAt := infoAt + int64(len(inf))
	tagsAt := tracksAt + int64(len(tracks))
	cuesAt := tagsAt + int64(len(tags)) + extra
	at := cuesAt + int64(len(cues))
	places := make([]int64, len(w.clusters))
	for i := range w.clusters {
		places[i] = at
		at += int64(len(elementHead(idCluster, 0))) + w.clusters[i].len()
	}
	first := [][]byte{elementHead(idSegment, at), seekHead(infoAt, tracksAt, tagsAt, cuesAt, len(tags) > 0), inf, tracks, tags}
	if err := copySpans(out, in, []span{w.ebml}); err != nil {
		return err
	}
	for _, b := range first {
		if _, err := out.Write(b); err != nil {
			return err
		}
	}
	if err := copySpans(out, in, w.extra); err != nil {
		return err
	}
	if _, err := out.Write(w.newCues(places)); err != nil {
		return err
	}
	for i := range w.clusters {
		if _, err := out.Write(elementHead(idCluster, w.clusters[i].len())); err != nil {
			return err
		}
		if err := copySpans(out, in, w.clusters[i].spans); err != nil {
			return err
		}
	}
	return nil
}

// seekHead tells where in the segment the others are.
func seekHead(info, tracks, tags, cues int64, tagged bool) []byte {
	seek := func(id uint32, at int64) []byte {
		return element(idSeek, element(idSeekID, binary.BigEndian.AppendUint32(nil, id)), uintElement(idSeekPos, uint64(at)))
	}
	all := [][]byte{seek(idInfo, info), seek(idTracks, tracks), seek(idCues, cues)}
	if tagged {
		all = append(all, seek(idTags, tags))
	}
	return element(idSeekHead, all...)
}

// matroskaEpoch is where its dates begin (RFC 9559, section 5.1.2.11).
var matroskaEpoch = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)

func (w *webm) newInfo(info Info) []byte {
	var body [][]byte
	title := info.Title
	for _, c := range w.info {
		switch c.id {
		case idDuration, idDateUTC, idWritingApp, idCRC, idVoid:
		case idTitle:
			if title == "" {
				title = string(c.body)
			}
		default:
			body = append(body, element(c.id, c.body))
		}
	}
	body = append(body, textElement(idWritingApp, "Downbeat"),
		element(idDuration, binary.BigEndian.AppendUint64(nil, math.Float64bits(w.duration()))))
	if !info.Created.IsZero() {
		body = append(body, element(idDateUTC, binary.BigEndian.AppendUint64(nil, uint64(info.Created.Sub(matroskaEpoch)))))
	}
	if title != "" {
		body = append(body, textElement(idTitle, title))
	}
	return element(idInfo, body...)
}

// newTracks adds how long a picture lasts where nobody said so.
func (w *webm) newTracks() []byte {
	var entries [][]byte
	for _, entry := range w.tracks {
		if entry.id != idTrackEntry {
			continue
		}
		var body [][]byte
		var n uint64
		for _, c := range children(entry.body) {
			if c.id == idTrackNumber {
				n = number(c.body)
			}
			body = append(body, element(c.id, c.body))
		}
		if t := w.of[n]; n == w.video && t != nil && !t.rateKnown && t.interval() > 0 {
			body = append(body, uintElement(idDefaultDuration, uint64(math.Round(t.interval()*float64(w.scale)))))
		}
		entries = append(entries, element(idTrackEntry, body...))
	}
	return element(idTracks, entries...)
}

// newTags says whose the recording is, and what else the file said.
func (w *webm) newTags(info Info) []byte {
	var tags [][]byte
	for _, tag := range w.tags {
		if kept := keptTag(tag, info); kept != nil {
			tags = append(tags, kept)
		}
	}
	if info.Device != "" {
		tags = append(tags, element(idTag, element(idTargets),
			element(idSimpleTag, textElement(idTagName, "ARTIST"), textElement(idTagString, info.Device))))
	}
	if tags == nil {
		return nil
	}
	return element(idTags, tags...)
}

// keptTag is a tag without what is told anew; nil when that was all.
func keptTag(tag child, info Info) []byte {
	var body [][]byte
	simple := 0
	for _, c := range children(tag.body) {
		name := ""
		for _, s := range children(c.body) {
			if s.id == idTagName {
				name = strings.ToUpper(string(s.body))
			}
		}
		if c.id == idSimpleTag && (name == "ARTIST" && info.Device != "" || name == "TITLE" && info.Title != "") {
			continue
		}
		if c.id == idSimpleTag {
			simple++
		}
		body = append(body, element(c.id, c.body))
	}
	if simple == 0 {
		return nil
	}
	return element(tag.id, body...)
}

// newCues tells where the pictures are that one can begin with.
func (w *webm) newCues(places []int64) []byte {
	points := make([][]byte, 0, len(w.keys))
	for _, k := range w.keys {
		at := int64(0)
		if places != nil {
			at = places[k.cluster]
		}
		points = append(points, element(idCuePoint, uintElement(idCueTime, k.time),
			element(idCuePositions, uintElement(idCueTrack, k.track), uintElement(idCueClusterPos, uint64(at)))))
	}
	return element(idCues, points...)
}
