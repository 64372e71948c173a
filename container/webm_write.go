package container

import (
	"encoding/binary"
	"io"
	"math"
	"strings"
	"time"
)

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
